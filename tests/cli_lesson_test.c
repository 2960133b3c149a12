/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe lesson: each reference solution passes its check, each gap that is left open fails it
 * and is named, usual mistakes get their hint, and whatever a learner's program or file is, nothing
 * is lost and nothing hangs.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DONE = 0, NOT_YET = 1, USAGE = 2, REFUSED = 3, NOBODY = 65534 };

static const char *const names[] = {
	"hello",  "events",  "names",	   "filter",	"returns", "hash",
	"join",	  "latency", "tracepoint", "histogram", "uprobe",  "ip",
	"stacks", "usdt",    "verifier",   "ring",	"percpu",  "own",
};

/* A learner's directory, with the progress in it, too. */
static char *dir;

static void begin(void)
{
	char *state;

	dir = make_dir();
	state = format("%s/state", dir);
	setenv("XDG_STATE_HOME", state, 1);
	setenv("HOTPROBE_LESSONS", dir, 1);
	free(state);
}

static void end(void)
{
	remove_dir(dir);
}

static char *copy_path(size_t lesson)
{
	return format("%s/%02zu-%s.c", dir, lesson, names[lesson - 1]);
}

static char *lesson_file(size_t lesson, const char *file)
{
	char *name = format("programs/lessons/%02zu-%s/%s", lesson, names[lesson - 1], file);
	char *text = read_file(source_path(name), NULL);

	free(name);
	return text;
}

static void write_copy(size_t lesson, const char *text)
{
	char *path = copy_path(lesson);

	write_file(path, text, strlen(text));
	free(path);
}

/* The text with the first of one string replaced; fails the test if it is not there. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "'%s' is not in:\n%s", from, text);
	return format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static struct result lesson(const char *a, const char *b, const char *c)
{
	return run((const char *const[]){build_path("hotprobe"), "lesson", a, b, c, NULL}, NULL, 0);
}

static struct result check_lesson(size_t number)
{
	char *word = format("%zu", number);
	struct result r = lesson("check", word, NULL);

	free(word);
	return r;
}

static void expect(struct result r, int status, const char *says)
{
	ck_assert_msg(r.status == status, "status %d:\n%s%s", r.status, r.out, r.err);
	ck_assert_msg(!says || strstr(r.out, says) || strstr(r.err, says), "not '%s' in:\n%s%s",
		      says, r.out, r.err);
	result_free(&r);
}

static const char *no_lesson(size_t number)
{
	const char *why = no_bpf();

	if (!why && number == 14 && access("/usr/bin/python3", X_OK))
		why = "there is no python3";
	return why;
}

/* ---- Solutions, gaps, mistakes ----------------------------------------------------------------
 */

START_TEST(the_reference_solution_passes)
{
	size_t number = (size_t)_i + 1;
	char *text = lesson_file(number, "solution.c");
	struct result r;

	NEED(no_lesson(number));
	begin();
	write_copy(number, text);
	r = check_lesson(number);
	ck_assert_msg(!strstr(r.out, "missing:") && strstr(r.out, "ok:"), "%s", r.out);
	expect(r, DONE, " is solved.");
	end();
	free(text);
}
END_TEST

START_TEST(the_open_gap_is_named)
{
	static const char *const messages[COUNT(names)] = {
		"nothing was said: is bpf_trace_printk() called?",
		"no event came out of 'events'",
		"'on_remove' is attached to nothing",
		"are to be left out",
		"no event came out of 'events'",
		"counts is empty",
		"names still holds",
		"no event came out of 'events'",
		"no event came out of 'events'",
		"sizes is right for 0 of",
		"a line HOTPROBE(...) in front",
		"the key is PT_REGS_IP(ctx)",
		"is counts.increment(key) called?",
		"bpf_usdt_readarg(1, ctx, &address)",
		"the verifier has to accept the program",
		"it is to be a BPF_RINGBUF_OUTPUT",
		"it is to be a BPF_PERCPU_ARRAY",
		"has to compile",
	};
	size_t number = (size_t)_i + 1;
	char *word = format("%zu", number);

	NEED(no_lesson(number));
	begin();
	expect(lesson(word, NULL, NULL), DONE, "## Your task");
	expect(check_lesson(number), NOT_YET, messages[_i]);
	expect(check_lesson(number), NOT_YET, "is not solved yet");
	end();
	free(word);
}
END_TEST

static const struct mistake {
	size_t lesson;
	const char *right, *wrong, *hint;
} mistakes[] = {
	{1, "hello, world", "good day", "without hello in it"},
	{1, "bpf_trace_printk(\"hello, world\\n\");",
	 "bpf_trace_printk(\"hello\\n\"); bpf_trace_printk(\"hello\\n\");", "one for each"},
	{2, " >> 32", "", "is the upper half"},
	{2, "bpf_get_current_comm(&event.comm, sizeof(event.comm));", "",
	 "is bpf_get_current_comm(&event.comm, sizeof(event.comm)) called?"},
	{2, "sizeof(event));", "4);", "sizeof the whole struct"},
	{2, "events.perf_submit(ctx, &event, sizeof(event));",
	 "events.perf_submit(ctx, &event, sizeof(event));\n"
	 "	events.perf_submit(ctx, &event, sizeof(event));",
	 "one for each is enough"},
	{3, "syscall__unlinkat", "syscall__unlink", "has to be attached"},
	{3, "int dirfd, const char __user *pathname", "const char __user *pathname",
	 "second argument is the name"},
	{3, "bpf_probe_read_user_str(&event.name, sizeof(event.name), pathname);", "",
	 "yours is \"\""},
	{4, "(flags & O_ACCMODE) == O_RDONLY", "!(flags & O_WRONLY)", "O_RDWR both write"},
	{4, "(flags & O_ACCMODE) == O_RDONLY", "flags == O_RDONLY", "flags & O_ACCMODE"},
	{5, "	int ret;", "	u32 ret;", "make it int"},
	{5, "event.ret = PT_REGS_RC(ctx);", "", "is ret set from PT_REGS_RC(ctx)"},
	{5, "	int ret;", "	int result;\n", NULL}, /* does not compile: see below */
	{6, "*count += 1;", "*count = 1;", "add 1 to it"},
	{6, "first = 1;", "first = 0;", "put in a 1"},
	{6, "u32 pid = bpf_get_current_pid_tgid() >> 32;", "u32 pid = 1;", "none of the processes"},
	{7, "	names.delete(&id);\n", "", "names.delete(&id)"},
	{7, "event.ret = PT_REGS_RC(ctx);", "", "is ret set from PT_REGS_RC(ctx)?"},
	{7, "*name);", "(const char *)name);", "address has to come from the hash"},
	{8, "bpf_ktime_get_ns() - *start", "*start", "less that at the entry"},
	{8, "bpf_ktime_get_ns() - *start", "(bpf_ktime_get_ns() - *start) / 1000", "nanoseconds"},
	{8, "	starts.delete(&id);\n", "", "starts.delete(&id)"},
	{8, "	if (!start)\n		return 0;\n", "", "the verifier has to accept"},
	{9, "args->child_pid", "args->parent_pid", "args->child_pid"},
	{9, "event.parent = args->parent_pid;", "", "args->parent_pid"},
	{10, "bpf_log2l(count)", "count", "bpf_log2l(count)"},
	{10, "bpf_log2l(count)", "bpf_log2l(fd)", "bpf_log2l(count)"},
	{11, "PT_REGS_PARM1", "PT_REGS_PARM2", "address is PT_REGS_PARM1(ctx)"},
	{11, "libc.so.6:getenv", "libc.so.6:secure_getenv", "no event came out"},
	{11, "libc.so.6:getenv", "libc.so.6:getenvy", "has to be attached"},
	{12, "PT_REGS_IP(ctx)", "PT_REGS_PARM1(ctx)", "the key is PT_REGS_IP(ctx)"},
	{12, "HOTPROBE(\"uprobe:libc.so.6:unsetenv\")\n", "", "its own HOTPROBE line"},
	{13, "BPF_F_USER_STACK", "0", "BPF_F_USER_STACK"},
	{13, "	counts.increment(key);\n", "", "counts.increment(key)"},
	{14, "readarg(1,", "readarg(2,", NULL}, /* there is no second */
	{14, "	bpf_usdt_readarg(1, ctx, &address);\n", "", "bpf_usdt_readarg(1, ctx, &address)"},
	{15, "	if (!sum)\n		return 0;\n", "", "the verifier has to accept"},
	{15, "*sum += size;", "*sum += length;\n	*sum += 1;", "all of its bytes"},
	{15, "event.size = size;", "event.size = 31;", "before any limit"},
	{16, "event->size = count;", "event->size = fd;", "third argument of write"},
	{16, "	events.ringbuf_submit(event, 0);\n", "", "the verifier has to accept"},
	{16, "BPF_RINGBUF_OUTPUT(events", "BPF_RINGBUF_OUTPUT(ring", "has to compile"},
	{17, "*count += 1", "*count = 1", "add 1 to it at each call"},
	{17, "BPF_PERCPU_ARRAY", "BPF_ARRAY", "BPF_PERCPU_ARRAY"},
	{18, "failures: how often each system call failed, by its number and the error.", "TODO",
	 "still has to say what it shows"},
	{18, "failures.increment(key);", "", "it tells nothing"},
};

START_TEST(a_usual_mistake_gets_its_hint)
{
	const struct mistake *mistake = &mistakes[_i];
	char *solution = lesson_file(mistake->lesson, "solution.c");
	char *text = replaced(solution, mistake->right, mistake->wrong);

	NEED(no_lesson(mistake->lesson));
	begin();
	write_copy(mistake->lesson, text);
	expect(check_lesson(mistake->lesson), NOT_YET, mistake->hint);
	end();
	free(text);
	free(solution);
}
END_TEST

/* ---- Programs of all sorts --------------------------------------------------------------------
 */

static void check_text(size_t number, const char *text, const char *says)
{
	NEED(no_bpf());
	begin();
	write_copy(number, text);
	expect(check_lesson(number), NOT_YET, says);
	end();
}

#define OPENAT "int syscall__openat(struct pt_regs *ctx)\n{\n"

START_TEST(another_struct_is_told_by_its_members)
{
	check_text(2,
		   "struct other { u64 process; };\nBPF_PERF_OUTPUT(events);\n" OPENAT
		   "	struct other e = {};\n	events.perf_submit(ctx, &e, sizeof(e));\n	"
		   "return 0;\n}\n",
		   "no member 'pid'");
}
END_TEST

START_TEST(what_is_no_struct_is_told)
{
	check_text(2,
		   "BPF_PERF_OUTPUT(events);\n" OPENAT
		   "	u64 e = 7;\n	events.perf_submit(ctx, &e, sizeof(e));\n	return "
		   "0;\n}\n",
		   "is not a struct");
}
END_TEST

START_TEST(members_of_other_types_are_told)
{
	check_text(2,
		   "struct other { char pid[8]; u32 comm; };\nBPF_PERF_OUTPUT(events);\n" OPENAT
		   "	struct other e = {.comm = 5};\n	events.perf_submit(ctx, &e, sizeof(e));\n"
		   "	return 0;\n}\n",
		   "'pid' is right in 0 of");
}
END_TEST

START_TEST(tables_of_other_names_are_told)
{
	check_text(2,
		   "struct d { u32 pid; };\nBPF_PERF_OUTPUT(opens);\n" OPENAT
		   "	struct d d = {};\n	opens.perf_submit(ctx, &d, sizeof(d));\n	"
		   "return 0;\n}\n",
		   "no table of events that is called events");
	check_text(6, "BPF_HASH(calls, u32, u64);\n" OPENAT "	return 0;\n}\n",
		   "no table that is called counts");
}
END_TEST

START_TEST(tables_of_other_types_are_told)
{
	check_text(6,
		   "struct k { u32 a; u32 b; };\nBPF_HASH(counts, struct k, u64);\n"
		   "int syscall__getppid(struct pt_regs *ctx)\n{\n	struct k k = {};\n"
		   "	counts.increment(k);\n	return 0;\n}\n",
		   "one number as its key");
}
END_TEST

START_TEST(a_flood_of_events_ends)
{
	check_text(2,
		   "struct d { u32 pid; };\nBPF_PERF_OUTPUT(events);\n" OPENAT
		   "	struct d d = {.pid = 1};\n"
		   "	for (int i = 0; i < 3000; i++)\n"
		   "		events.perf_submit(ctx, &d, sizeof(d));\n	return 0;\n}\n",
		   "one for each is enough");
}
END_TEST

START_TEST(a_loop_without_end_is_refused)
{
	check_text(2,
		   OPENAT "	u32 i = 1;\n	while (i)\n		i = bpf_get_prandom_u32() "
			  "| 1;\n	return i;\n}\n",
		   "the verifier has to accept");
}
END_TEST

START_TEST(a_program_that_kills_is_told)
{
	check_text(2, OPENAT "	bpf_send_signal(9);\n	return 0;\n}\n",
		   "signal 9 ended the activity");
}
END_TEST

/* It would see packets of everyone. */
START_TEST(what_cannot_be_confined_is_not_attached)
{
	check_text(2,
		   "HOTPROBE(\"xdp:lo\")\nint on_packet(struct xdp_md *ctx)\n{\n	return "
		   "XDP_PASS;\n}\n",
		   "would see the whole machine");
}
END_TEST

START_TEST(what_is_no_program_is_told)
{
	check_text(2, "", NULL);
	check_text(2, "hello", "has to compile");
	check_text(2,
		   "\x7f"
		   "ELF\x01\x02\x03",
		   "has to compile");
}
END_TEST

START_TEST(a_file_that_is_none_is_told)
{
	char *path;

	NEED(no_bpf());
	begin();
	path = copy_path(2);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect(check_lesson(2), REFUSED, "is not a file");
	free(path);
	end();
}
END_TEST

/* ---- Files and progress -----------------------------------------------------------------------
 */

START_TEST(a_learners_file_is_never_overwritten)
{
	char *path, *text, *backup;

	begin();
	path = copy_path(3);
	write_copy(3, "/* mine */\n");
	expect(lesson("3", NULL, NULL), DONE, "as you left it");
	text = read_file(path, NULL);
	ck_assert_str_eq(text, "/* mine */\n");
	free(text);

	for (int i = 1; i <= 2; i++) {
		expect(lesson("names", "--reset", NULL), DONE, "What was in it: ");
		backup = format("%s.%d", path, i);
		text = read_file(backup, NULL);
		ck_assert(strstr(text, i == 1 ? "mine" : "on_remove"));
		free(text);
		free(backup);
	}
	text = read_file(path, NULL);
	ck_assert(strstr(text, "on_remove"));
	free(text);
	free(path);
	end();
}
END_TEST

START_TEST(a_link_to_nowhere_is_not_written_through)
{
	char *path, *target;

	begin();
	path = copy_path(3);
	target = format("%s/elsewhere", dir);
	ck_assert_int_eq(symlink(target, path), 0);
	expect(lesson("3", NULL, NULL), REFUSED, "File exists");
	ck_assert_int_ne(access(target, F_OK), 0);
	free(target);
	free(path);
	end();
}
END_TEST

START_TEST(progress_is_kept)
{
	char *solution = lesson_file(6, "solution.c");

	NEED(no_bpf());
	begin();
	expect(lesson(NULL, NULL, NULL), DONE, "The next is 'hotprobe lesson 1'");
	expect(lesson("5", NULL, NULL), DONE, NULL);
	write_copy(6, solution);
	expect(check_lesson(6), DONE, "Lesson 6 is solved");
	expect(lesson(NULL, NULL, NULL), DONE,
	       "  6  hash        Count in a hash                     done");
	expect(lesson(NULL, NULL, NULL), DONE,
	       "  5  returns     What a call returned                begun");
	expect(lesson(NULL, NULL, NULL), DONE,
	       "  7  join        From the entry to the return        open");
	/* What is broken later was solved all the same. */
	write_copy(6, "");
	expect(check_lesson(6), NOT_YET, NULL);
	expect(lesson(NULL, NULL, NULL), DONE, "Count in a hash                     done");
	end();
	free(solution);
}
END_TEST

START_TEST(a_damaged_progress_file_is_no_failure)
{
	char *solution = lesson_file(6, "solution.c"), *path, *text;

	NEED(no_bpf());
	begin();
	write_copy(6, solution);
	path = format("%s/state/hotprobe", dir);
	text = format("mkdir -p %s && head -c 5000 /dev/urandom > %s/lessons && "
		      "printf '\\nhello\\nnonsense\\n' >> %s/lessons",
		      path, path, path);
	expect(RUN("sh", "-c", text), DONE, NULL);
	expect(lesson(NULL, NULL, NULL), DONE, "The next is 'hotprobe lesson 2'");
	expect(check_lesson(6), DONE, NULL);
	expect(lesson(NULL, NULL, NULL), DONE, "The next is 'hotprobe lesson 2'");
	free(text);
	free(path);
	end();
	free(solution);
}
END_TEST

START_TEST(progress_that_cannot_be_kept_is_a_warning)
{
	char *solution = lesson_file(6, "solution.c"), *path;

	NEED(no_bpf());
	begin();
	write_copy(6, solution);
	path = format("%s/state", dir);
	write_file(path, "", 0); /* where a directory ought to be */
	expect(check_lesson(6), DONE, "the progress could not be kept");
	free(path);
	end();
	free(solution);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_told)
{
	begin();
	setenv("HOTPROBE_LESSONS", "/proc/lessons", 1);
	expect(lesson("2", NULL, NULL), REFUSED, "/proc/lessons/02-events.c");
	setenv("HOTPROBE_LESSONS", "/dev/null/lessons", 1);
	expect(lesson("2", NULL, NULL), REFUSED, "Not a directory");
	unsetenv("HOTPROBE_LESSONS");
	unsetenv("HOME");
	expect(lesson("2", NULL, NULL), REFUSED, "--dir DIR");
	end();
}
END_TEST

START_TEST(lessons_that_are_missing_are_told)
{
	char *command;

	if (!access("/usr/local/share/hotprobe/lessons", F_OK))
		SKIP("lessons are installed on this machine");
	begin();
	command = format("cp %s %s && %s/hotprobe lesson 2", build_path("hotprobe"), dir, dir);
	expect(RUN("sh", "-c", command), REFUSED, "not wholly installed");
	free(command);
	end();
}
END_TEST

START_TEST(installed_lessons_are_found)
{
	char *command;

	begin();
	command = format("mkdir -p %s/bin %s/share/hotprobe && cp %s %s/bin && "
			 "cp -r %s %s/share/hotprobe && %s/bin/hotprobe lesson 2",
			 dir, dir, build_path("hotprobe"), dir, source_path("programs/lessons"),
			 dir, dir);
	expect(RUN("sh", "-c", command), DONE, "# Lesson 2: Send what you see");
	free(command);
	end();
}
END_TEST

/* ---- The command line -------------------------------------------------------------------------
 */

START_TEST(wrong_command_lines_are_told)
{
	begin();
	expect(lesson("0", NULL, NULL), USAGE, "there is no lesson '0'");
	expect(lesson("19", NULL, NULL), USAGE, "they are 1 to 18");
	expect(lesson("-3", NULL, NULL), USAGE, NULL);
	expect(lesson("check", "nine", NULL), USAGE, "there is no lesson 'nine'");
	expect(lesson("check", "3", NULL), USAGE, "'hotprobe lesson 3' makes ");
	expect(lesson("check", NULL, NULL), USAGE, "no lesson is begun");
	expect(lesson("1", "2", NULL), USAGE, "one lesson is enough");
	expect(lesson("solution", NULL, NULL), USAGE, "of which lesson?");
	expect(lesson("check", "--reset", NULL), USAGE, "--reset");
	expect(lesson("3", "--json", NULL), USAGE, "--json");
	expect(lesson("3", "--", NULL), USAGE, "'--'");
	end();
}
END_TEST

START_TEST(a_solution_is_shown_when_asked_for)
{
	char *solution = lesson_file(4, "solution.c");
	struct result r;

	begin();
	expect(lesson("solution", "4", NULL), USAGE, "--yes");
	r = lesson("solution", "4", "--yes");
	ck_assert_str_eq(r.out, solution);
	result_free(&r);
	end();
	free(solution);
}
END_TEST

START_TEST(a_class_is_checked_as_json)
{
	char *solution = lesson_file(6, "solution.c"), *line;
	struct result r;
	size_t count = 0;

	NEED(no_bpf());
	begin();
	write_copy(6, solution);
	write_copy(2, "no program\n");
	r = lesson("check", "--json", NULL);
	ck_assert_int_eq(r.status, NOT_YET);
	for (char *rest = r.out; (line = strsep(&rest, "\n")) && *line; count++) {
		json_t *object = json_loads(line, 0, NULL);
		const char *status;

		ck_assert_msg(object != NULL, "%s", line);
		status = json_string_value(json_object_get(object, "status"));
		ck_assert_str_eq(status, count == 5   ? "solved"
					 : count == 1 ? "not yet"
						      : "not begun");
		ck_assert_int_eq(json_integer_value(json_object_get(object, "lesson")), count + 1);
		ck_assert_str_eq(json_string_value(json_object_get(object, "name")), names[count]);
		ck_assert_int_eq(json_array_size(json_object_get(object, "points")),
				 count == 5 || count == 1);
		json_decref(object);
	}
	ck_assert_uint_eq(count, COUNT(names));
	result_free(&r);
	end();
	free(solution);
}
END_TEST

START_TEST(output_that_cannot_be_written_is_told)
{
	begin();
	expect(RUN("sh", "-c", "exec \"$0\" lesson >/dev/full", build_path("hotprobe")), REFUSED,
	       "No space left");
	expect(RUN("sh", "-c", "exec \"$0\" lesson 2 >&-", build_path("hotprobe")), REFUSED,
	       "cannot write the output");
	end();
}
END_TEST

/* On a terminal the file is opened in an editor, and the text has colours. */
static char *on_terminal(const char *option)
{
	char *text = malloc(1 << 16);
	size_t size = 0;
	ssize_t n;
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	ck_assert(pid >= 0 && text);
	if (!pid) {
		setenv("TERM", "xterm", 1);
		setenv("EDITOR", "echo edited", 1);
		unsetenv("VISUAL");
		execl(build_path("hotprobe"), "hotprobe", "lesson", "2", option, NULL);
		_exit(127);
	}
	while ((n = read(fd, text + size, (1 << 16) - 1 - size)) > 0)
		size += (size_t)n;
	text[size] = '\0';
	close(fd);
	waitpid(pid, NULL, 0);
	return text;
}

START_TEST(a_terminal_gets_colours_and_an_editor)
{
	char *text, *edited;

	begin();
	unsetenv("NO_COLOR");
	edited = format("edited %s/02-events.c", dir);
	text = on_terminal(NULL);
	ck_assert_msg(strstr(text, edited) && strstr(text, "\033["), "%s", text);
	free(text);
	text = on_terminal("--no-edit");
	ck_assert_msg(!strstr(text, edited), "%s", text);
	free(text);
	setenv("NO_COLOR", "1", 1);
	text = on_terminal(NULL);
	ck_assert_msg(!strstr(text, "\033["), "%s", text);
	free(text);
	free(edited);
	end();
}
END_TEST

/* ---- Rights, and ends -------------------------------------------------------------------------
 */

START_TEST(without_privilege_it_says_what_is_missing)
{
	char *solution = lesson_file(6, "solution.c"), *command;

	NEED(no_bpf());
	if (getuid())
		SKIP("only root can become another user");
	begin();
	write_copy(6, solution);
	command =
		format("cp %s %s %s && cd %s && chmod -R a+rwX . && setpriv --reuid %d --regid %d "
		       "--clear-groups ./hotprobe lesson check 6",
		       build_path("hotprobe"), build_path("hotprobe-cc"), dir, dir, NOBODY, NOBODY);
	expect(RUN("sh", "-c", command), REFUSED, "run it as root");
	free(command);
	end();
	free(solution);
}
END_TEST

/* What is made under sudo belongs to the user who called it. */
START_TEST(files_under_sudo_are_the_users)
{
	char *command, *user, *path;
	struct stat st;

	if (getuid())
		SKIP("only root can give files away");
	begin();
	user = format("%d", NOBODY);
	command = format("SUDO_UID=%s HOTPROBE_LESSONS=%s/new/dir exec %s lesson 2", user, dir,
			 build_path("hotprobe"));
	expect(RUN("sh", "-c", command), DONE, NULL);
	path = format("%s/new/dir/02-events.c", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);
	free(path);
	path = format("%s/new", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);
	free(path);
	free(command);
	free(user);
	end();
}
END_TEST

/* Its child ends with it, at whatever stage that is. */
START_TEST(a_killed_check_leaves_nothing)
{
	static const int delays_us[] = {1000, 20000, 60000, 120000};
	char *solution = lesson_file(8, "solution.c"), *children;
	const char *const argv[] = {build_path("hotprobe"), "lesson", "check", "8", NULL};

	NEED(no_bpf());
	begin();
	write_copy(8, solution);
	for (size_t i = 0; i < COUNT(delays_us); i++) {
		struct process process = process_start(argv, NULL, 0);

		usleep((useconds_t)delays_us[i]);
		kill(process.pid, SIGKILL);
		struct result r = process_wait(process);
		result_free(&r);
	}
	/* All that are left would have the directory in their environment. */
	for (int tries = 0;; tries++) {
		struct result r =
			RUN("sh", "-c",
			    "grep -lsF \"HOTPROBE_LESSONS=$0\" /proc/[0-9]*/environ | "
			    "cut -d/ -f3 | while read -r pid; do "
			    "[ \"$(readlink /proc/$pid/exe)\" != \"$1\" ] || echo $pid; done",
			    dir, build_path("hotprobe"));
		bool clean = !*r.out;

		result_free(&r);
		if (clean)
			break;
		ck_assert_msg(tries < 100, "a process is left");
		usleep(50000);
	}
	/* And no file but the learner's. */
	children = format("ls -A %s | wc -l", dir);
	expect(RUN("sh", "-c", children), DONE, "1\n");
	free(children);
	expect(check_lesson(8), DONE, NULL);
	end();
	free(solution);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_lesson");

	add_loop_test(suite, the_reference_solution_passes, 120, COUNT(names));
	add_loop_test(suite, the_open_gap_is_named, 120, COUNT(names));
	add_loop_test(suite, a_usual_mistake_gets_its_hint, 120, COUNT(mistakes));
	add_test(suite, another_struct_is_told_by_its_members, 60);
	add_test(suite, what_is_no_struct_is_told, 60);
	add_test(suite, members_of_other_types_are_told, 60);
	add_test(suite, tables_of_other_names_are_told, 60);
	add_test(suite, tables_of_other_types_are_told, 60);
	add_test(suite, a_flood_of_events_ends, 60);
	add_test(suite, a_loop_without_end_is_refused, 60);
	add_test(suite, a_program_that_kills_is_told, 60);
	add_test(suite, what_cannot_be_confined_is_not_attached, 60);
	add_test(suite, what_is_no_program_is_told, 60);
	add_test(suite, a_file_that_is_none_is_told, 60);
	add_test(suite, a_learners_file_is_never_overwritten, 60);
	add_test(suite, a_link_to_nowhere_is_not_written_through, 60);
	add_test(suite, progress_is_kept, 60);
	add_test(suite, a_damaged_progress_file_is_no_failure, 60);
	add_test(suite, progress_that_cannot_be_kept_is_a_warning, 60);
	add_test(suite, a_directory_that_cannot_be_made_is_told, 60);
	add_test(suite, lessons_that_are_missing_are_told, 60);
	add_test(suite, installed_lessons_are_found, 60);
	add_test(suite, wrong_command_lines_are_told, 60);
	add_test(suite, a_solution_is_shown_when_asked_for, 60);
	add_test(suite, a_class_is_checked_as_json, 120);
	add_test(suite, output_that_cannot_be_written_is_told, 60);
	add_test(suite, a_terminal_gets_colours_and_an_editor, 60);
	add_test(suite, without_privilege_it_says_what_is_missing, 60);
	add_test(suite, files_under_sudo_are_the_users, 60);
	add_test(suite, a_killed_check_leaves_nothing, 120);
	return run_suite(suite);
}
