/* SPDX-License-Identifier: Apache-2.0 */
/* Flame graphs: folded lines, the picture, and what a browser makes of it. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cli/flame.h"

#define BROWSER "/usr/bin/chromium-headless-shell"

/* ---- The picture -------------------------------------------------------------------------------
 */

static int draw(struct text *svg, const char *folded)
{
	struct text lines = {0};
	int err;

	text_string(&lines, folded);
	err = flame_draw(svg, &lines, "a <title> & more");
	text_free(&lines);
	return err;
}

static void check_has(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted), "\"%s\" is not in:\n%s", wanted, text);
}

static size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

START_TEST(frames_are_as_wide_as_their_share)
{
	struct text svg = {0};
	const char *text;

	ck_assert_int_eq(draw(&svg, "a;b 3\na;c;d 1\na;b 2\ne 2\na 2\n"), 0);
	text = text_cstr(&svg);
	/* all, a, b, c, d, e */
	ck_assert_uint_eq(count_of(text, "class=\"f\""), 6);
	check_has(text, "<title>all: 10 (100.00 %)</title>");
	check_has(text, "<title>a: 8 (80.00 %)</title>");
	check_has(text, "<title>b: 5 (50.00 %)</title>");
	check_has(text, "<title>d: 1 (10.00 %)</title>");
	/* b lies on a, c beside b, e beside a. */
	check_has(text, "data-x=\"0.000000000\" data-w=\"50.000000000\" data-d=\"2\"");
	check_has(text, "data-x=\"50.000000000\" data-w=\"10.000000000\" data-d=\"2\"");
	check_has(text, "data-x=\"80.000000000\" data-w=\"20.000000000\" data-d=\"1\"");
	text_free(&svg);
}
END_TEST

START_TEST(names_cannot_become_markup)
{
	struct text svg = {0};

	ck_assert_int_eq(draw(&svg, "std::map<int>&;\"quoted\" 1\n</svg><script> 1\n"), 0);
	check_has(text_cstr(&svg), "std::map&lt;int&gt;&amp;: 1");
	check_has(text_cstr(&svg), "&lt;/svg&gt;&lt;script&gt;: 1");
	check_has(text_cstr(&svg), ">a &lt;title&gt; &amp; more<");
	ck_assert_uint_eq(count_of(text_cstr(&svg), "<script>"), 1);
	text_free(&svg);
}
END_TEST

START_TEST(nothing_is_no_picture)
{
	struct text svg = {0};

	ck_assert_int_eq(draw(&svg, ""), -ENODATA);
	ck_assert_int_eq(draw(&svg, "a;b 0\nno number\n"), -ENODATA);
	ck_assert_uint_eq(svg.length, 0);
	text_free(&svg);
}
END_TEST

/* ---- From a program to a browser ---------------------------------------------------------------
 */

#define PROGRAM                                                                                    \
	"BPF_STACK_TRACE(stacks, 64);\nstruct key { u32 pid; char comm[16]; int stack; };\n"       \
	"BPF_HASH(calls, struct key);\n"                                                           \
	"HOTPROBE(\"uprobe:%s:_ZN4user6middleEi\")\nint on_middle(struct pt_regs *ctx)\n{\n"       \
	"	struct key key = {.pid = bpf_get_current_pid_tgid() >> 32};\n"                           \
	"	bpf_get_current_comm(key.comm, sizeof(key.comm));\n"                                     \
	"	key.stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"                                \
	"	calls.increment(key);\n	return 0;\n}\n"

/* The same, a record for each call. */
#define EVENTS                                                                                     \
	"BPF_STACK_TRACE(stacks, 64);\n"                                                           \
	"struct event { u32 pid; char comm[16]; int user_stack_id; };\n"                           \
	"BPF_PERF_OUTPUT(events);\n"                                                               \
	"HOTPROBE(\"uprobe:%s:_ZN4user6middleEi\")\nint on_middle(struct pt_regs *ctx)\n{\n"       \
	"	struct event event = {.pid = bpf_get_current_pid_tgid() >> 32};\n"                       \
	"	bpf_get_current_comm(event.comm, sizeof(event.comm));\n"                                 \
	"	event.user_stack_id = stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"                      \
	"	events.perf_submit(ctx, &event, sizeof(event));\n	return 0;\n}\n"

static struct result run_text(char *text, const char *option, const char *value)
{
	struct result r =
		run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", "-", option,
					  value, "--", build_path("tests/user_child"), "stack", "7",
					  NULL},
		    text, strlen(text));

	free(text);
	return r;
}

static struct result run_program(const char *option, const char *value)
{
	return run_text(format(PROGRAM, build_path("tests/user_child")), option, value);
}

START_TEST(folded_lines_begin_outermost)
{
	struct result r;
	char *line;

	NEED(no_bpf());
	r = run_program("--folded", "--top=9");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	line = strstr(r.out, "user_child;");
	ck_assert_msg(line != NULL, "%s", r.out);
	check_has(line, ";main;work;outer;user::middle(int) 7\n");
	ck_assert_uint_eq(count_of(line, "\n"), 1);
	result_free(&r);
}
END_TEST

/* Each event is a line in --folded, and counts once in the picture. */
START_TEST(events_have_stacks_too)
{
	char *dir = make_dir(), *file = format("%s/flame.svg", dir), *svg;
	struct result r;
	size_t size;

	NEED(no_bpf());
	r = run_text(format(EVENTS, build_path("tests/user_child")), "--folded", "--raw");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_uint_eq(count_of(r.out, ";main;work;outer;user::middle(int) 1\n"), 7);
	result_free(&r);
	r = run_text(format(EVENTS, build_path("tests/user_child")), "--format",
		     "<{user_stack_id:.29}> {user_stack_id!raw}");
	ck_assert_uint_eq(count_of(r.out, "<user::middle(int);outer;work;>"), 7);
	ck_assert_msg(!strstr(r.out, "> user"), "%s", r.out);
	result_free(&r);
	r = run_text(format(EVENTS, build_path("tests/user_child")), "--flame", file);
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	svg = read_file(file, &size);
	check_has(svg, "user::middle(int)");
	result_free(&r);
	free(svg);
	free(file);
	remove_dir(dir);
}
END_TEST

START_TEST(no_stacks_are_an_error)
{
	const char *text = "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n	return 0;\n}\n";
	char *dir = make_dir(), *file = format("%s/flame.svg", dir);
	struct result r;

	NEED(no_bpf());
	r = run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", "-", "--flame",
				      file, "--", "true", NULL},
		text, strlen(text));
	ck_assert_int_eq(r.status, 1);
	check_has(r.err, "there are no stacks to draw");
	check_has(r.err, "hint: ");
	ck_assert(access(file, F_OK));
	result_free(&r);
	r = run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", "-", "--folded",
				      "--", "true", NULL},
		text, strlen(text));
	check_has(r.err, "the program has no BPF_STACK_TRACE");
	ck_assert_str_eq(r.out, "");
	result_free(&r);
	free(file);
	remove_dir(dir);
}
END_TEST

/* Looks at the picture through its script, as a reader would with the mouse. */
static const char page[] =
	"<body><iframe id=\"f\" src=\"flame.svg\"></iframe><script>\n"
	"onload = () => {\n"
	"	const view = document.getElementById('f').contentWindow, said = [];\n"
	"	const flame = view.hotprobeFlame, by = name => flame.frames.find(f =>\n"
	"		f.querySelector('text').textContent === name);\n"
	"	const middle = by('user::middle(int)'), work = by('work');\n"
	"	said.push('frames ' + (flame.frames.length > 5));\n"
	"	said.push('above ' + (middle.getBoundingClientRect().bottom <=\n"
	"			      work.getBoundingClientRect().top));\n"
	"	middle.dispatchEvent(new view.MouseEvent('mouseover', {bubbles: true}));\n"
	"	said.push(view.document.getElementById('detail').textContent);\n"
	"	flame.search('mid+le');\n"
	"	said.push(view.document.getElementById('matched').textContent);\n"
	"	middle.dispatchEvent(new view.MouseEvent('click', {bubbles: true}));\n"
	"	said.push('zoom ' + middle.getAttribute('width') + ' ' +\n"
	"		  work.classList.contains('caller'));\n"
	"	document.body.textContent = said.join('|');\n"
	"};\n"
	"</script></body>\n";

START_TEST(a_browser_shows_it)
{
	char *dir, *svg, *html, *url, *profile;
	struct result r;

	NEED(no_bpf());
	NEED(access(BROWSER, X_OK) ? "there is no " BROWSER : NULL);
	dir = make_dir();
	svg = format("%s/flame.svg", dir);
	html = format("%s/page.html", dir);
	url = format("file://%s", html);
	profile = format("--user-data-dir=%s/profile", dir);
	r = run_program("--flame", svg);
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	result_free(&r);
	write_file(html, page, strlen(page));
	r = RUN("timeout", "60", BROWSER, "--no-sandbox", "--disable-gpu", profile,
		"--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom", url);
	check_has(r.out, "frames true|above true|user::middle(int): 7 (100.00 %)|"
			 "matched: 100.0 %|zoom 100% true");
	result_free(&r);
	free(profile);
	free(url);
	free(html);
	free(svg);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_flame");

	add_test(suite, frames_are_as_wide_as_their_share, 20);
	add_test(suite, names_cannot_become_markup, 20);
	add_test(suite, nothing_is_no_picture, 20);
	add_test(suite, folded_lines_begin_outermost, 30);
	add_test(suite, events_have_stacks_too, 60);
	add_test(suite, no_stacks_are_an_error, 30);
	add_test(suite, a_browser_shows_it, 120);
	return run_suite(suite);
}
