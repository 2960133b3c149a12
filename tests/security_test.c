/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom hotprobe trusts, as the README has it: untrusted sources, capabilities, the environment of a
 * privileged program, and foreign bytes on the way to a terminal. What a compiler that was taken
 * over can do is in cc_lockdown_test.c, a poisoned cache in saved_test.c.
 */
#include "support.h"

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#define SECRET "S3cretMarker"

static const char function[] = "int kprobe__vfs_read(void *ctx) { return 0; }\n";

/* ---- Files of untrusted sources ----------------------------------------------------------------
 */

/* DIR/secret.txt, and DIR/source for the source. */
struct place {
	char *dir, *source, *main;
};

static char *put(const char *dir, const char *name, const char *text)
{
	char *path = format("%s/%s", dir, name);

	write_file(path, text, strlen(text));
	return path;
}

static struct place make_place(void)
{
	struct place p = {.dir = make_dir()};

	ck_assert_int_eq(chmod(p.dir, 0755), 0);
	p.source = format("%s/source", p.dir);
	p.main = format("%s/main.c", p.source);
	ck_assert_int_eq(mkdir(p.source, 0755), 0);
	free(put(p.dir, "secret.txt", "#error " SECRET "\n"));
	return p;
}

static void free_place(struct place *p)
{
	free(p->main);
	free(p->source);
	remove_dir(p->dir);
}

static struct hotprobe *untrusting(void)
{
	struct hotprobe_opts opts = {.no_cache = true, .untrusted = true};

	return new_handle(&opts);
}

/* Opens the text as the place's source. */
static int open_main(struct hotprobe *hp, const struct place *p, const char *text)
{
	write_file(p->main, text, strlen(text));
	return hotprobe_open_file(hp, p->main);
}

static bool says(const struct hotprobe *hp, const char *wanted)
{
	for (size_t i = 0; i < hotprobe_diagnostic_count(hp); i++) {
		const struct hotprobe_diagnostic *d = hotprobe_diagnostic_at(hp, i);

		if (strstr(d->text, wanted) || strstr(d->source_line, wanted) ||
		    strstr(d->hint, wanted))
			return true;
	}
	return strstr(hotprobe_error(hp), wanted);
}

static void check_says(const struct hotprobe *hp, const char *wanted)
{
	ck_assert_msg(says(hp, wanted), "not said: \"%s\", but \"%s\"", wanted, hotprobe_error(hp));
}

START_TEST(an_untrusted_source_includes_what_is_in_its_directory_tree)
{
	struct place p = make_place();
	char *sub = format("%s/sub", p.source), *link = format("%s/link.txt", p.source);
	struct hotprobe *hp = untrusting();

	NEED(no_btf());
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	free(put(sub, "a.h", "#include \"../b.h\"\n"));
	free(put(p.source, "b.h", "#define B 1\n"));
	ck_assert_int_eq(symlink("sub/../b.h", link), 0);
	ck_hp(hp, open_main(hp, &p,
			    "#include \"sub/a.h\"\n#include \"link.txt\"\n"
			    "int kprobe__vfs_read(void *ctx) { return B - 1; }\n"));
	ck_assert_ptr_null(find_diagnostic(hp, HOTPROBE_WARNING));
	hotprobe_free(hp);
	free(link);
	free(sub);
	free_place(&p);
}
END_TEST

static const char *const ways_out[] = {
	"#include \"../secret.txt\"\n", "#include \"./sub/../../secret.txt\"\n",
	"#include \"link.txt\"\n",	"#include \"absolute.txt\"\n",
	"#include \"up/secret.txt\"\n", "#include \"sub/inner.h\"\n",
};

static void make_ways_out(const struct place *p)
{
	char *path = format("%s/sub", p->source), *secret = format("%s/secret.txt", p->dir);

	ck_assert_int_eq(mkdir(path, 0755), 0);
	free(put(path, "inner.h", "#include \"../../secret.txt\"\n"));
	free(path);
	path = format("%s/link.txt", p->source);
	ck_assert_int_eq(symlink("../secret.txt", path), 0);
	free(path);
	path = format("%s/absolute.txt", p->source);
	ck_assert_int_eq(symlink(secret, path), 0);
	free(path);
	path = format("%s/up", p->source);
	ck_assert_int_eq(symlink("..", path), 0);
	free(path);
	free(secret);
}

START_TEST(an_untrusted_source_includes_nothing_else)
{
	struct place p = make_place();
	struct hotprobe *hp = untrusting(), *trusting = new_handle(NULL);
	char *text = format("%s%s", ways_out[_i], function);
	const struct hotprobe_diagnostic *d;

	NEED(no_btf());
	make_ways_out(&p);
	ck_assert_int_eq(open_main(hp, &p, text), -EINVAL);
	ck_assert(!says(hp, SECRET));
	d = find_diagnostic(hp, HOTPROBE_WARNING);
	ck_assert_ptr_nonnull(d);
	ck_assert_ptr_nonnull(strstr(d->text, "outside the source's directory"));
	ck_assert_uint_eq(d->line, 1);
	/* What it would have shown. */
	ck_assert_int_eq(open_main(trusting, &p, text), -EINVAL);
	ck_assert(says(trusting, SECRET));
	hotprobe_free(trusting);
	hotprobe_free(hp);
	free(text);
	free_place(&p);
}
END_TEST

START_TEST(an_untrusted_source_cannot_ask_whether_a_file_exists)
{
	struct place p = make_place();
	struct hotprobe *hp = untrusting();

	NEED(no_btf());
	make_ways_out(&p);
	ck_hp(hp,
	      open_main(hp, &p,
			"#if __has_include(\"../secret.txt\") || __has_include(\"link.txt\") || "
			"__has_include(\"/etc/passwd\") || __has_include(<../secret.txt>)\n"
			"#error it is there\n#endif\n"
			"#if 0\n#include \"../secret.txt\"\n#include \"link.txt\"\n#endif\n"
			"int kprobe__vfs_read(void *ctx) { return 0; }\n"));
	hotprobe_free(hp);
	free_place(&p);
}
END_TEST

START_TEST(a_link_in_place_of_an_untrusted_source_is_not_followed_out)
{
	struct place p = make_place();
	struct hotprobe *hp = untrusting();
	char *fifo = format("%s/fifo.c", p.source);

	ck_assert_int_eq(symlink("../secret.txt", p.main), 0);
	ck_assert_int_eq(hotprobe_open_file(hp, p.main), -EACCES);
	check_says(hp, "leads out of its directory");
	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	ck_assert_int_eq(hotprobe_open_file(hp, fifo), -EINVAL); /* and does not wait */
	hotprobe_free(hp);
	free(fifo);
	free_place(&p);
}
END_TEST

START_TEST(an_untrusted_text_includes_nothing)
{
	static const char text[] =
		"#include \"b.h\"\nint kprobe__vfs_read(void *ctx) { return B; }\n";
	struct place p = make_place();
	char *name = format("%s/text.c", p.source);
	struct hotprobe *hp = untrusting(), *trusting = new_handle(NULL);

	NEED(no_btf());
	free(put(p.source, "b.h", "#define B 1\n"));
	ck_assert_int_eq(hotprobe_open_string(hp, name, text, strlen(text)), -EINVAL);
	check_says(hp, "b.h is not read");
	ck_hp(trusting, hotprobe_open_string(trusting, name, text, strlen(text)));
	hotprobe_free(trusting);
	hotprobe_free(hp);
	free(name);
	free_place(&p);
}
END_TEST

START_TEST(flags_that_name_files_are_refused_for_an_untrusted_source)
{
	static const char *const flags[][3] = {
		{"-I/etc"},	  {"-I", "/etc"},	  {"-include", "/etc/passwd"},
		{"-isystem/etc"}, {"-iquote/etc"},	  {"-Wp,-include,/etc/passwd"},
		{"@/etc/passwd"}, {"-fplugin=/tmp/x.so"}, {"-imacros", "/etc/passwd"},
		{"/etc/passwd"},  {"-Xclang", "-load"},
	};
	static const char *const allowed[] = {"-DX=1", "-UY", "-Wextra", NULL};
	struct hotprobe_opts opts = {.no_cache = true, .untrusted = true};
	struct hotprobe *hp;

	for (size_t i = 0; i < COUNT(flags); i++) {
		opts.cflags = flags[i];
		hp = new_handle(&opts);
		ck_assert_int_eq(hotprobe_open_string(hp, "a.c", function, strlen(function)),
				 -EINVAL);
		check_says(hp, flags[i][0]);
		hotprobe_free(hp);
	}
	NEED(no_btf());
	opts.cflags = allowed;
	hp = new_handle(&opts);
	ck_hp(hp, hotprobe_open_string(hp, "a.c", function, strlen(function)));
	hotprobe_free(hp);
}
END_TEST

/* ---- The compiler's own ways to files ----------------------------------------------------------
 */

/* %s is a file that everyone may read. None of them is refused because it is no C. */
static const char *const escapes[] = {
	"#include \"%s\"\n",
	"#include <%s>\n",
	"#include_next \"%s\"\n",
	"#import \"%s\"\n",
	"#embed \"%s\"\n",
	"#pragma GCC dependency \"%s\"\n",
	"#pragma include_alias(\"a.h\", \"%s\")\n#include \"a.h\"\n",
	"__asm__(\".incbin \\\"%s\\\"\");\n",
	"__asm__(\".include \\\"%s\\\"\");\n",
	"#line 1 \"%s\"\n",
	"#line 2 \"%s\"\nint error = ;\n",
	"#define F \"%s\"\n#include F\n",
	"#pragma clang module load \"%s\"\n",
	"int x[__has_include(\"%s\") ? -1 : 1];\n",
};

static void check_hidden(const char *path, const char *secret)
{
	size_t size;
	char *image = read_file(path, &size);

	ck_assert_ptr_null(memmem(image, size, secret, strlen(secret)));
	free(image);
}

/* Trusted or not: what the library was not asked to take in does not exist for the compiler. */
START_TEST(no_word_of_the_language_reads_another_file)
{
	struct place p = make_place();
	char *secret = format("%s/secret.txt", p.dir), *image = format("%s/image", p.dir), *text,
	     *begin;
	struct hotprobe *hp = new_handle(NULL);
	int err;

	NEED(no_btf());
	begin = format(escapes[_i], secret);
	text = format("%s%s", begin, function);
	err = open_main(hp, &p, text);
	ck_assert(!says(hp, SECRET));
	ck_assert(err == 0 || err == -EINVAL);
	if (!err) {
		ck_hp(hp, hotprobe_save(hp, image));
		check_hidden(image, SECRET);
	}
	hotprobe_free(hp);
	free(begin);
	free(text);
	free(image);
	free(secret);
	free_place(&p);
}
END_TEST

/* ---- What untrusted sources do -----------------------------------------------------------------
 */

static int open_untrusted(struct hotprobe *hp, const char *text)
{
	return hotprobe_open_string(hp, "text.c", text, strlen(text));
}

static const struct {
	const char *text, *wanted;
	unsigned line;
} acts[] = {
	{"int kprobe__vfs_read(struct pt_regs *ctx)\n{\n\tu64 x = 0;\n"
	 "\tbpf_probe_write_user((void *)ctx->di, &x, sizeof(x));\n\treturn 0;\n}\n",
	 "bpf_probe_write_user()", 4},
	{"int kprobe__vfs_read(struct pt_regs *ctx)\n{\n\tbpf_send_signal(9);\n\treturn 0;\n}\n",
	 "bpf_send_signal()", 3},
	{"int kprobe__vfs_read(struct pt_regs *ctx)\n{\n\tbpf_override_return(ctx, -1);\n"
	 "\treturn 0;\n}\n",
	 "bpf_override_return()", 3},
	{"BPF_TABLE_PINNED(\"hash\", u32, u64, counts, 10, \"/sys/fs/bpf/of_others\");\n"
	 "int kprobe__vfs_read(void *ctx) { counts.increment(1); return 0; }\n",
	 "counts may not be pinned", 1},
	{"BPF_TABLE(\"extern\", u32, u64, counts, 10);\n"
	 "int kprobe__vfs_read(void *ctx) { counts.increment(1); return 0; }\n",
	 "counts may not be another program's", 1},
	{"HOTPROBE(\"uprobe:/bin/sh:main\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	 "uprobe:/bin/sh", 2},
	{"HOTPROBE(\"uretprobe:/bin/sh:main\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	 "uretprobe:/bin/sh", 2},
	{"HOTPROBE(\"usdt:/bin/sh:a:b\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	 "may not be attached to usdt:", 2},
	{"HOTPROBE(\"xdp:lo\")\nint f(struct xdp_md *ctx) { return 2; }\n", "xdp:lo", 2},
	{"HOTPROBE(\"tc:lo:ingress\")\nint f(struct __sk_buff *skb) { return 0; }\n", "tc:lo", 2},
	{"HOTPROBE(\"socket:lo\")\nint f(struct __sk_buff *skb) { return 0; }\n", "socket:lo", 2},
	{"LSM_PROBE(file_open, struct file *file) { return -1; }\n", "lsm:file_open", 1},
	{"KMOD_RET(vfs_read, struct file *file, int ret) { return -1; }\n", "fmod_ret:vfs_read", 1},
};

START_TEST(an_untrusted_source_may_observe_but_not_act)
{
	struct hotprobe *hp = untrusting();
	const struct hotprobe_diagnostic *d;

	NEED(no_btf());
	ck_assert_msg(open_untrusted(hp, acts[_i].text) == -EACCES, "%s", hotprobe_error(hp));
	check_says(hp, "the source is untrusted");
	check_says(hp, acts[_i].wanted);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, acts[_i].line);
	ck_assert_int_eq(hotprobe_load(hp), -EBUSY);
	hotprobe_free(hp);
}
END_TEST

START_TEST(an_untrusted_image_is_looked_at_like_a_source)
{
	char *dir = make_dir(), *path = format("%s/image", dir), *link = format("%s/link", dir);
	struct hotprobe *hp = new_handle(NULL);

	NEED(no_btf());
	ck_hp(hp, hotprobe_open_string(hp, "text.c", acts[_i].text, strlen(acts[_i].text)));
	ck_hp(hp, hotprobe_save(hp, path));
	hotprobe_free(hp);
	hp = untrusting();
	ck_assert_msg(hotprobe_open_file(hp, path) == -EACCES, "%s", hotprobe_error(hp));
	check_says(hp, acts[_i].wanted);
	hotprobe_free(hp);
	free(link);
	free(path);
	remove_dir(dir);
}
END_TEST

/* The caller chooses places in programs, and still none where packets and calls are decided on. */
START_TEST(the_caller_attaches_untrusted_functions_to_programs)
{
	static const char text[] = "int f(struct pt_regs *ctx) { return 0; }\n"
				   "int g(struct xdp_md *ctx) { return 2; }\n";
	struct hotprobe *hp = untrusting();

	NEED(no_btf());
	ck_hp(hp, open_untrusted(hp, text));
	ck_hp(hp, hotprobe_attach_spec(hp, "f", "uprobe:/bin/sh:main", NULL));
	ck_assert_int_eq(hotprobe_attach_spec(hp, "g", "xdp:lo", NULL), -EACCES);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "f", "lsm:file_open", NULL), -EACCES);
	hotprobe_free(hp);
}
END_TEST

/* Those that people use: each observes. */
START_TEST(programs_that_observe_are_taken_from_untrusted_sources)
{
	static const char *const programs[] = {"programs/opensnoop.c", "programs/hello.c"};
	struct hotprobe *hp;

	NEED(no_btf());
	for (size_t i = 0; i < COUNT(programs); i++) {
		hp = untrusting();
		ck_hp(hp, hotprobe_open_file(hp, source_path(programs[i])));
		if (!no_bpf())
			ck_hp(hp, hotprobe_load(hp));
		hotprobe_free(hp);
	}
}
END_TEST

static const char *hotprobe(void)
{
	return build_path("hotprobe");
}

START_TEST(the_command_has_it_as_an_option)
{
	struct place p = make_place();
	char *text = format("%s%s", ways_out[0], function);
	struct result r;

	NEED(no_btf());
	write_file(p.main, text, strlen(text));
	r = RUN(hotprobe(), "build", "--no-cache", "--untrusted", p.main, "-o", "/dev/null");
	ck_assert_int_eq(r.status, 1);
	ck_assert_ptr_nonnull(strstr(r.err, "outside the source's directory"));
	ck_assert_ptr_null(strstr(r.err, SECRET));
	result_free(&r);
	r = RUN(hotprobe(), "build", "--untrusted", "-I", "/etc", p.main);
	ck_assert_int_eq(r.status, 2);
	result_free(&r);
	free(text);
	free_place(&p);
}
END_TEST

/* ---- Privileges --------------------------------------------------------------------------------
 */

/* Copies of command and compiler in a directory that every user can read. */
static char *copy_of_hotprobe(void)
{
	char *dir = make_dir(), *command;
	struct result r;

	ck_assert_int_eq(chmod(dir, 0755), 0);
	command = format("cp %s %s %s && cd %s && chmod 755 *", hotprobe(),
			 build_path("hotprobe-cc"), dir, dir);
	r = RUN("sh", "-c", command);
	ck_assert_int_eq(r.status, 0);
	result_free(&r);
	free(command);
	return dir;
}

/* As user nobody with those capabilities ("+bpf,+perfmon"), in namespaces of mounts and networks of
   its own where tracefs is mounted. */
static struct result run_with(const char *capabilities, const char *dir, const char *arguments)
{
	char *command = format("mount -t tracefs tracefs /sys/kernel/tracing && cd %s && "
			       "exec setpriv --reuid 65534 --regid 65534 --clear-groups "
			       "--inh-caps '-all%s%s' --ambient-caps '-all%s%s' ./hotprobe %s",
			       dir, *capabilities ? "," : "", capabilities,
			       *capabilities ? "," : "", capabilities, arguments);
	struct result r = RUN("unshare", "--mount", "--net", "sh", "-c", command);

	free(command);
	return r;
}

#define BOTH "+bpf,+perfmon"

static const struct {
	const char *name, *text, *arguments, *capabilities, *missing;
	bool older_without; /* kernels do not want it */
} needs[] = {
	{"tables",
	 "BPF_HASH(t, u32, u64);\nRAW_TRACEPOINT_PROBE(sys_enter) { t.increment(1); return "
	 "0; }\n",
	 "-- true", BOTH, "CAP_BPF", false},
	{"raw tracepoints", "RAW_TRACEPOINT_PROBE(sys_enter) { return 0; }\n", "-- true", BOTH,
	 "CAP_PERFMON", false},
	{"iterators", "BPF_ITER(task) { return 0; }\n", "--duration 0.1", BOTH, "CAP_PERFMON",
	 false},
	{"perf events",
	 "HOTPROBE(\"perf_event:cpu-clock:freq=99\")\nint f(struct bpf_perf_event_data *ctx) { "
	 "return "
	 "0; }\n",
	 "-- true", BOTH, "CAP_PERFMON", false},
	{"uprobes", "HOTPROBE(\"uprobe:c:getpid\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	 "-- true", BOTH ",+sys_admin", "CAP_SYS_ADMIN", true},
	{"tracepoints", "int tracepoint__syscalls__sys_enter_getpgid(void *ctx) { return 0; }\n",
	 "-- true", BOTH ",+dac_read_search", "CAP_DAC_READ_SEARCH", false},
	{"XDP", "HOTPROBE(\"xdp:lo\")\nint f(struct xdp_md *ctx) { return 2; }\n", "--duration 0.1",
	 "+bpf,+net_admin", "CAP_NET_ADMIN", false},
	{"sockets", "HOTPROBE(\"socket:lo\")\nint f(struct __sk_buff *skb) { return 0; }\n",
	 "--duration 0.1", "+bpf,+net_raw", "CAP_NET_RAW", false},
};

/* capabilities without the one that is "CAP_..." in another list. */
static char *without(const char *capabilities, const char *name)
{
	char *left = format("%s", ""), *copy = format("%s", capabilities), *save, *more;

	for (char *c = strtok_r(copy, ",", &save); c; c = strtok_r(NULL, ",", &save))
		if (strcasecmp(c + 1, name + strlen("CAP_"))) {
			more = format("%s%s%s", left, *left ? "," : "", c);
			free(left);
			left = more;
		}
	free(copy);
	return left;
}

START_TEST(a_kind_of_probe_takes_these_capabilities_and_the_missing_one_is_named)
{
	char *dir, *file, *arguments, *less;
	struct result r;

	NEED(no_bpf());
	NEED(no_btf());
	if (getuid())
		SKIP("only root can choose capabilities");
	dir = copy_of_hotprobe();
	file = put(dir, "probe.c", needs[_i].text);
	chmod(file, 0644);
	arguments = format("run --no-cache probe.c %s", needs[_i].arguments);

	r = run_with(needs[_i].capabilities, dir, arguments);
	ck_assert_msg(!r.status, "%s: %s", needs[_i].name, r.err);
	result_free(&r);

	less = without(needs[_i].capabilities, needs[_i].missing);
	r = run_with(less, dir, arguments);
	if (!r.status && needs[_i].older_without)
		goto out;
	ck_assert_msg(r.status == 3, "%s with %s: %d %s", needs[_i].name, less, r.status, r.err);
	ck_assert_msg(strstr(r.err, needs[_i].missing) && strstr(r.err, "missing"), "%s: %s",
		      needs[_i].name, r.err);
out:
	result_free(&r);
	free(less);
	free(arguments);
	free(file);
	remove_dir(dir);
}
END_TEST

/* ---- The environment ---------------------------------------------------------------------------
 */

/* Runs the copy with more rights than its caller has, or with the caller's, in an environment that
   someone else has made. */
static struct result run_setuid(const char *dir, bool with_rights, const char *arguments)
{
	char *command = format("cd %s && chown 65533:65533 hotprobe && chmod %s hotprobe && "
			       "exec setpriv --reuid 65534 --regid 65534 --clear-groups env -i "
			       "HOME=%s/evil XDG_CACHE_HOME=%s/evil TMPDIR=%s/evil PATH=%s/evil "
			       "TERM=xterm ./hotprobe %s",
			       dir, with_rights ? "6755" : "755", dir, dir, dir, dir, arguments);
	struct result r = RUN("sh", "-c", command);

	free(command);
	return r;
}

static const char *no_setuid(void)
{
	struct result r;
	bool refused;

	if (getuid())
		return "only root can make a setuid program of another user";
	r = RUN("sh", "-c", "findmnt -n -o OPTIONS -T ${TMPDIR:-/tmp} | grep -qw nosuid");
	refused = !r.status;
	result_free(&r);
	return refused ? "temporary files are on a file system without setuid" : NULL;
}

START_TEST(the_environment_is_ignored_by_a_program_with_more_rights_than_its_caller)
{
	char *dir, *evil;
	struct result r;

	NEED(no_setuid());
	dir = copy_of_hotprobe();
	evil = format("%s/evil", dir);
	ck_assert_int_eq(mkdir(evil, 0777), 0);
	/* Where is its cache? */
	r = run_setuid(dir, false, "cache");
	ck_assert_msg(strstr(r.out, "/evil/hotprobe"), "%s%s", r.out, r.err);
	result_free(&r);
	r = run_setuid(dir, true, "cache");
	ck_assert_msg(!strstr(r.out, "evil") && !strstr(r.err, "evil"), "%s%s", r.out, r.err);
	result_free(&r);
	free(evil);
	remove_dir(dir);
}
END_TEST

/* Beside it could be anyone's, by a hard link to it. */
START_TEST(neither_is_a_compiler_beside_it_believed)
{
	char *dir, *cc, *file;
	struct result r;

	NEED(no_setuid());
	if (!access("/usr/local/libexec/hotprobe/hotprobe-cc", F_OK))
		SKIP("hotprobe is installed");
	dir = copy_of_hotprobe();
	cc = put(dir, "hotprobe-cc", "#!/bin/sh\necho from beside >&2\nexit 3\n");
	file = put(dir, "probe.c", function);
	chmod(file, 0644);
	r = run_setuid(dir, false, "build --no-cache probe.c -o /dev/null");
	ck_assert_msg(strstr(r.err, "from beside"), "%s", r.err);
	result_free(&r);
	r = run_setuid(dir, true, "build --no-cache probe.c -o /dev/null");
	ck_assert_msg(!strstr(r.err, "from beside") && strstr(r.err, "there is no compiler"), "%s",
		      r.err);
	result_free(&r);
	free(file);
	free(cc);
	remove_dir(dir);
}
END_TEST

/* ---- Foreign bytes on the way to a terminal ----------------------------------------------------
 */

/* A title, a colour, a return, C1 controls as a byte and as UTF-8, a change of direction, DEL, and
   what is no UTF-8: as they are, and as a source writes them in a string. */
#define HOSTILE                                                                                    \
	"\033]0;t\007\033[31m\r\x9b"                                                               \
	"31m\xc2\x9b"                                                                              \
	"32m\xe2\x80\xae\177\b\xff"
#define HOSTILE_C                                                                                  \
	"\\033]0;t\\007\\033[31m\\r\\233"                                                          \
	"31m\\302\\233"                                                                            \
	"32m\\342\\200\\256\\177\\b\\377"
/* The same as a file may be called, and a process by it: comm has 15 bytes. */
#define HOSTILE_NAME "\033[31m\x9b\xc2\x9b\xe2\x80\xae\r"

static const char *line_at(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	return at;
}

/* Only what is printed, and it is UTF-8. */
static void check_clean(const char *what, const char *text)
{
	static const char *const codes[] = {"\xc2\x9b", "\xe2\x80\xae"};
	const char *at = text;
	mbstate_t state = {0};

	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		ck_assert_msg(*c == '\n' || (*c >= ' ' && *c != 0x7f), "%s: byte 0x%02x in: %.200s",
			      what, *c, line_at(text, (const char *)c));
	for (size_t i = 0; i < COUNT(codes); i++)
		ck_assert_msg(!strstr(text, codes[i]), "%s: a control code: %.200s", what,
			      line_at(text, strstr(text, codes[i])));
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	ck_assert_msg(mbsrtowcs(NULL, &at, 0, &state) != (size_t)-1, "%s: no UTF-8: %.200s", what,
		      at);
}

static void check_both(const char *what, const struct result *r)
{
	check_clean(what, r->out);
	check_clean(what, r->err);
}

/* Such a source at DIR/source/NAME. */
static char *put_hostile(const struct place *p, const char *text)
{
	char *dir = format("%s/" HOSTILE_NAME, p->source), *path;

	mkdir(dir, 0755);
	path = put(dir, HOSTILE_NAME ".c", text);
	free(dir);
	return path;
}

static const char hostile_events[] =
	"struct event { char comm[16]; char name[64]; char array[3]; };\n"
	"struct key { char name[64]; };\n"
	"BPF_PERF_OUTPUT(events);\nBPF_HASH(names, struct key, u64);\nBPF_HISTOGRAM(sizes, struct "
	"key);\n"
	"BPF_STACK_TRACE(stacks, 64);\n"
	"struct call { char comm[16]; int user_stack_id; };\nBPF_HASH(calls, struct call, u64);\n"
	"TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n"
	"	struct event event = {.name = \"" HOSTILE_C "\", .array = {27, 91, 50}};\n"
	"	struct key key = {\"" HOSTILE_C "\"};\n"
	"	struct call call = {};\n"
	"	bpf_get_current_comm(event.comm, sizeof(event.comm));\n"
	"	bpf_get_current_comm(call.comm, sizeof(call.comm));\n"
	"	call.user_stack_id = stacks.get_stackid(args, BPF_F_USER_STACK);\n"
	"	calls.increment(call);\n"
	"	names.increment(key);\n	sizes.increment(key);\n"
	"	events.perf_submit(args, &event, sizeof(event));\n"
	"	bpf_trace_printk(\"%s %s\\n\", key.name, event.comm);\n"
	"	return 0;\n}\n";

static const char *const outputs[] = {
	"--raw",    "--json",	    "--csv",	     "--format={name} {comm:20} {array}|{name!raw}",
	"--folded", "--interval=1", "--verifier-log"};

START_TEST(traced_bytes_reach_no_terminal)
{
	struct place p = make_place();
	char *path, *link = format("%s/" HOSTILE_NAME, p.dir);
	struct result r;

	NEED(no_bpf());
	path = put_hostile(&p, hostile_events);
	ck_assert_int_eq(symlink(build_path("tests/child"), link), 0);
	r = RUN(hotprobe(), "run", "-v", "--no-cache", outputs[_i], path, "--", link, "numbers",
		"7000001");
	ck_assert_msg(!r.status, "%s", r.err);
	ck_assert_ptr_nonnull(strstr(r.out, "[31m"));
	check_both(outputs[_i], &r);
	result_free(&r);
	free(link);
	free(path);
	free_place(&p);
}
END_TEST

static const char hostile_iterator[] =
	"BPF_ITER(task)\n{\n"
	"	char name[] = \"" HOSTILE_C "\";\n"
	"	if (ctx->meta->seq_num == 0)\n"
	"		bpf_seq_write(ctx->meta->seq, name, sizeof(name) - 1);\n"
	"	return 0;\n}\n";

START_TEST(what_iterators_write_reaches_no_terminal)
{
	static const char *const formats[] = {"--json", "--csv"};
	struct place p = make_place();
	char *path;
	struct result r;

	NEED(no_bpf());
	path = put_hostile(&p, hostile_iterator);
	r = RUN(hotprobe(), "run", "--no-cache", formats[_i], "--duration", "0.1", path);
	ck_assert_msg(!r.status && strstr(r.out, "[31m"), "%s%s", r.out, r.err);
	check_both(formats[_i], &r);
	result_free(&r);
	free(path);
	free_place(&p);
}
END_TEST

/* Into a file or a pipe they write what they write; a terminal is spared. */
START_TEST(what_iterators_write_is_escaped_on_a_terminal)
{
	struct place p = make_place();
	char *path, shown[4096] = "", *cr;
	size_t size = 0;
	ssize_t n = 1;
	pid_t pid;
	int fd;

	NEED(no_bpf());
	path = put_hostile(&p, hostile_iterator);
	pid = forkpty(&fd, NULL, NULL, NULL);
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		execl(hotprobe(), "hotprobe", "run", "--no-cache", "--color", "never", "--duration",
		      "0.1", path, NULL);
		_exit(126);
	}
	while (n > 0 && size < sizeof(shown) - 1) {
		n = read(fd, shown + size, sizeof(shown) - 1 - size);
		size += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	waitpid(pid, NULL, 0);
	while ((cr = strstr(shown, "\r\n"))) /* of the terminal */
		*cr = ' ';
	ck_assert_msg(strstr(shown, "[31m"), "%.200s", shown);
	check_clean("terminal", shown);
	free(path);
	free_place(&p);
}
END_TEST

/* A browser shows it, and editors do. */
START_TEST(a_flame_graph_holds_no_control_characters)
{
	struct place p = make_place();
	char *path, *link = format("%s/" HOSTILE_NAME, p.dir), *svg = format("%s/flame.svg", p.dir);
	char *text, *tab;
	struct result r;

	NEED(no_bpf());
	path = put_hostile(&p, hostile_events);
	ck_assert_int_eq(symlink(build_path("tests/child"), link), 0);
	r = RUN(hotprobe(), "run", "--no-cache", "--flame", svg, path, "--", link, "numbers",
		"7000001");
	ck_assert_msg(!r.status, "%s", r.err);
	text = read_file(svg, NULL);
	ck_assert_ptr_nonnull(strstr(text, "[31m"));
	while ((tab = strchr(text, '\t'))) /* of its script */
		*tab = ' ';
	check_clean(svg, text);
	result_free(&r);
	free(text);
	free(svg);
	free(link);
	free(path);
	free_place(&p);
}
END_TEST

/* Each line is an object with its text, of which what is no UTF-8 is U+FFFD. */
START_TEST(traced_bytes_are_valid_json)
{
	struct place p = make_place();
	char *path, *line, *save;
	size_t events = 0;
	struct result r;

	NEED(no_bpf());
	path = put_hostile(&p, hostile_events);
	r = RUN(hotprobe(), "run", "--no-cache", "--json", path, "--", build_path("tests/child"),
		"numbers", "7000001");
	ck_assert_msg(!r.status, "%s", r.err);
	for (line = strtok_r(r.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *object = json_loads(line, 0, NULL), *data = json_object_get(object, "data");
		const char *name = json_string_value(json_object_get(data, "name"));

		ck_assert_msg(json_is_object(object), "%s", line);
		if (name) {
			ck_assert_str_eq(name, "\033]0;t\007\033[31m\r\xef\xbf\xbd"
					       "31m\xc2\x9b"
					       "32m\xe2\x80\xae\177\b\xef\xbf\xbd");
			events++;
		}
		json_decref(object);
	}
	ck_assert_uint_eq(events, 1);
	result_free(&r);
	free(path);
	free_place(&p);
}
END_TEST

/* What compiler, verifier and library say about a source quotes it. */
static const char *const wrong_sources[] = {
	"#error " HOSTILE "\n",
	"#warning " HOSTILE "\nint x = ; // " HOSTILE "\n",
	"int kprobe__vfs_read(void *ctx) { return " HOSTILE "; }\n",
	"int kprobe__vfs_read(void *ctx) { return \"" HOSTILE "\" + }\n",
	"#include \"" HOSTILE_NAME "\"\n",
	"#line 7 \"" HOSTILE_C "\"\nint x = ;\n",
	"__asm__(\"" HOSTILE_C "\");\nint kprobe__vfs_read(void *ctx) { return 0; }\n",
	"HOTPROBE(\"" HOSTILE_C ":x\")\nint f(void *ctx) { return 0; }\n",
	"HOTPROBE(\"uprobe:" HOSTILE_C ":x\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	"HOTPROBE(\"uprobe:c:" HOSTILE_C "\")\nint f(struct pt_regs *ctx) { return 0; }\n",
	"BPF_HASH(t, u32, u64);\nint kprobe__vfs_read(void *ctx)\n{\n"
	"	u32 k = 0;\n	return *t.lookup(&k); // " HOSTILE "\n}\n",
	"BPF_TABLE_PINNED(\"hash\", u32, u64, t, 10, \"/" HOSTILE_C "\");\n"
	"int kprobe__vfs_read(void *ctx) { t.increment(1); return 0; }\n",
};

START_TEST(messages_about_a_source_reach_no_terminal)
{
	struct place p = make_place();
	char *path;
	struct result r;

	NEED(no_bpf());
	path = put_hostile(&p, wrong_sources[_i]);
	r = RUN(hotprobe(), "run", "-v", "--verifier-log", "--no-cache", path, "--", "true");
	ck_assert_uint_gt(strlen(r.err), 0);
	check_both(wrong_sources[_i], &r);
	result_free(&r);
	r = RUN(hotprobe(), "run", "--untrusted", "--no-cache", path, "--", "true");
	check_both(wrong_sources[_i], &r);
	result_free(&r);
	free(path);
	free_place(&p);
}
END_TEST

START_TEST(messages_about_the_command_line_reach_no_terminal)
{
	static const char *const lines[][6] = {
		{HOSTILE},
		{"--" HOSTILE},
		{"run", "--" HOSTILE},
		{"run", HOSTILE},
		{"run", "--attach", HOSTILE, "x.c"},
		{"run", "--attach", "kprobe:" HOSTILE "=f", "/dev/null"},
		{"run", "-D", HOSTILE, "x.c"},
		{"run", "--format", "{" HOSTILE "}", "x.c"},
		{"run", "--tables", HOSTILE, "x.c"},
		{"check", HOSTILE},
		{"build", "/dev/null", "-o", "/nonexistent/" HOSTILE},
		{"headers", "/nonexistent/" HOSTILE},
		{"help", HOSTILE},
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		const char *argv[8] = {hotprobe()};
		struct result r;

		memcpy(argv + 1, lines[i], sizeof(lines[i]));
		r = run(argv, NULL, 0);
		ck_assert_int_ne(r.status, 0);
		check_both(lines[i][0], &r);
		result_free(&r);
	}
}
END_TEST

START_TEST(names_of_sources_reach_no_terminal)
{
	struct place p = make_place();
	char *path = put_hostile(&p, function), *image = format("%s/i" HOSTILE_NAME, p.dir),
	     *command;
	struct result r;

	NEED(no_bpf());
	r = RUN(hotprobe(), "check", "-v", "--no-cache", path);
	ck_assert_msg(!r.status, "%s", r.err);
	check_both("check", &r);
	result_free(&r);
	r = RUN(hotprobe(), "build", "-v", "--no-cache", path, "-o", image);
	ck_assert_msg(!r.status, "%s", r.err);
	check_both("build", &r);
	result_free(&r);
	r = RUN(hotprobe(), "check", "-v", image);
	check_both("image", &r);
	result_free(&r);
	/* In a cache of its own. */
	command = format("mount -t tmpfs tmpfs /var/cache && %s check \"$0\" && %s cache --list",
			 hotprobe(), hotprobe());
	if (!getuid()) {
		r = RUN("unshare", "--mount", "sh", "-c", command, path);
		ck_assert_msg(!r.status && strstr(r.out, ".c"), "%s%s", r.out, r.err);
		check_both("cache", &r);
		result_free(&r);
	}
	free(command);
	free(image);
	free(path);
	free_place(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security");

	add_test(suite, an_untrusted_source_includes_what_is_in_its_directory_tree, 30);
	add_loop_test(suite, an_untrusted_source_includes_nothing_else, 60, COUNT(ways_out));
	add_test(suite, an_untrusted_source_cannot_ask_whether_a_file_exists, 30);
	add_test(suite, a_link_in_place_of_an_untrusted_source_is_not_followed_out, 30);
	add_test(suite, an_untrusted_text_includes_nothing, 30);
	add_test(suite, flags_that_name_files_are_refused_for_an_untrusted_source, 30);
	add_loop_test(suite, no_word_of_the_language_reads_another_file, 30, COUNT(escapes));
	add_loop_test(suite, an_untrusted_source_may_observe_but_not_act, 30, COUNT(acts));
	add_loop_test(suite, an_untrusted_image_is_looked_at_like_a_source, 30, COUNT(acts));
	add_test(suite, the_caller_attaches_untrusted_functions_to_programs, 30);
	add_test(suite, programs_that_observe_are_taken_from_untrusted_sources, 60);
	add_test(suite, the_command_has_it_as_an_option, 30);
	add_loop_test(suite, a_kind_of_probe_takes_these_capabilities_and_the_missing_one_is_named,
		      60, COUNT(needs));
	add_test(suite, the_environment_is_ignored_by_a_program_with_more_rights_than_its_caller,
		 30);
	add_test(suite, neither_is_a_compiler_beside_it_believed, 30);
	add_loop_test(suite, traced_bytes_reach_no_terminal, 60, COUNT(outputs));
	add_loop_test(suite, what_iterators_write_reaches_no_terminal, 60, 2);
	add_test(suite, what_iterators_write_is_escaped_on_a_terminal, 60);
	add_test(suite, a_flame_graph_holds_no_control_characters, 60);
	add_test(suite, traced_bytes_are_valid_json, 60);
	add_loop_test(suite, messages_about_a_source_reach_no_terminal, 60, COUNT(wrong_sources));
	add_test(suite, messages_about_the_command_line_reach_no_terminal, 60);
	add_test(suite, names_of_sources_reach_no_terminal, 60);
	return run_suite(suite);
}
