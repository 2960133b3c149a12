/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe watch: programs that are edited while they run, against calls that are counted. */
#include "support.h"
#include "unheld.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DONE = 0, WRONG_PROGRAM = 1, USAGE = 2, PATIENCE_S = 60 };

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"

/* Counts calls by their argument, and sends each with the number of the program that saw it. */
#define COUNTER(number)                                                                            \
	PT_REGS "struct ev { int pid; u32 by; };\n"                                                \
		"BPF_PERF_OUTPUT(events);\n"                                                       \
		"BPF_HASH(counts, int, u64);\n"                                                    \
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"                             \
		"{\n"                                                                              \
		"	struct ev e = {.pid = pid, .by = " number "};\n"                           \
		"	counts.increment(pid);\n"                                                        \
		"	events.perf_submit(ctx, &e, sizeof(e));\n"                                       \
		"	return 0;\n"                                                                     \
		"}\n"

/* ---- A watched file, and a command that makes calls when it is told to -------------------------
 */

struct watched {
	char *dir, *file, *fifo;
	int to; /* the command, -1 while it has not been let go */
	struct process process;
	size_t reloads;
};

static char *in_dir(const struct watched *w, const char *name)
{
	return format("%s/%s", w->dir, name);
}

static void save(const struct watched *w, const char *text)
{
	write_file(w->file, text, strlen(text));
}

static struct watched prepare(const char *text)
{
	struct watched w = {.dir = make_dir(), .to = -1};

	w.file = in_dir(&w, "probe.c");
	w.fifo = in_dir(&w, "fifo");
	ck_assert_int_eq(mkfifo(w.fifo, 0600), 0);
	if (text)
		save(&w, text);
	return w;
}

static bool has_printed(int fd, const char *wanted, size_t times)
{
	char *text = process_printed(fd, NULL);
	size_t found = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		found++;
	free(text);
	return found >= times;
}

static void wait_for(struct watched *w, int fd, const char *wanted, size_t times)
{
	siginfo_t info = {0};

	for (int i = 0; i < PATIENCE_S * 200; i++, usleep(5000)) {
		if (has_printed(fd, wanted, times))
			return;
		waitid(P_PID, (id_t)w->process.pid, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid)
			break;
	}
	ck_abort_msg("\"%s\" was not printed %zu times%s, but:\n%s%s", wanted, times,
		     info.si_pid ? " before it ended" : "",
		     process_printed(w->process.out_fd, NULL),
		     process_printed(w->process.err_fd, NULL));
}

static void wait_for_says(struct watched *w, const char *wanted)
{
	wait_for(w, w->process.err_fd, wanted, 1);
}

static void wait_for_line(struct watched *w, const char *wanted)
{
	wait_for(w, w->process.out_fd, wanted, 1);
}

static void wait_for_reload(struct watched *w)
{
	wait_for(w, w->process.err_fd, "reloaded in ", ++w->reloads);
}

/* Up to two options. The command listens when it has been let go. */
static void start(struct watched *w, const char *option, const char *other)
{
	const char *argv[11] = {build_path("hotprobe"), "watch", "--no-cache", w->file};
	size_t n = 4;

	if (option)
		argv[n++] = option;
	if (other)
		argv[n++] = other;
	argv[n++] = "--";
	argv[n++] = build_path("tests/child");
	argv[n++] = "listen";
	argv[n++] = w->fifo;
	w->process = process_start(argv, NULL, 0);
}

/* Opens once the command reads. */
static void connect_command(struct watched *w)
{
	for (int i = 0; w->to < 0 && i < PATIENCE_S * 200; i++, usleep(5000))
		w->to = open(w->fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_msg(w->to >= 0, "the command was not started:\n%s",
		      process_printed(w->process.err_fd, NULL));
	fcntl(w->to, F_SETFL, 0);
}

/* Has it call getpgid(number): count times, and once by a child. */
static void call(const struct watched *w, int number, int count)
{
	ck_assert_int_gt(dprintf(w->to, "%d %d\n", number, count), 0);
}

/* Its command, if there still is one, goes on until then. */
static struct result finish_by_itself(struct watched *w)
{
	struct result r = process_wait(w->process);

	if (w->to >= 0)
		close(w->to);
	remove_dir(w->dir);
	free(w->file);
	free(w->fifo);
	return r;
}

static struct result finish(struct watched *w)
{
	if (w->to >= 0)
		close(w->to);
	w->to = -1;
	return finish_by_itself(w);
}

static void check_status(const struct result *r, int wanted)
{
	ck_assert_msg(r->status == wanted, "status %d, not %d; it said:\n%.1000s%.2000s", r->status,
		      wanted, r->out, r->err);
}

static size_t count_of(const char *text, const char *wanted)
{
	size_t found = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		found++;
	return found;
}

static void check_says(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted), "\"%s\" is not in:\n%.2000s", wanted, text);
}

/* ---- Known numbers of calls --------------------------------------------------------------------
 */

enum { RELOADS = 8 };

static size_t lines_of_events(const struct result *r)
{
	return count_of(r->out, "{\"event\":\"events\"");
}

START_TEST(each_call_is_seen_once_over_many_reloads)
{
	struct watched w;
	struct result r;
	size_t calls = 0;
	char *text;

	NEED(no_bpf());
	w = prepare(COUNTER("0"));
	start(&w, "--json", NULL);
	connect_command(&w);
	for (int i = 1; i <= RELOADS; i++) {
		text = format(COUNTER("%d"), i);
		save(&w, text);
		free(text);
		w.reloads++;
		/* While it compiles and the moment it changes over. */
		while (!has_printed(w.process.err_fd, "reloaded in ", w.reloads)) {
			call(&w, 1000, 99);
			calls += 100;
			usleep(1000);
		}
		call(&w, i, 1);
		calls += 2;
		/* Each program sees some before the next comes. */
		text = format("\"data\":{\"pid\":%d,\"by\":%d}", i, i);
		wait_for(&w, w.process.out_fd, text, 2);
		free(text);
	}
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_uint_eq(lines_of_events(&r), calls);
	text = format("{\"key\":1000,\"value\":%zu}", calls - 2 * RELOADS);
	check_says(r.out, text);
	free(text);
	ck_assert_ptr_null(strstr(r.err, "lost"));
	result_free(&r);
}
END_TEST

START_TEST(tables_are_kept_unless_their_definition_changed)
{
	static const char first[] = PT_REGS
		"BPF_HASH(counts, u32, u64);\nBPF_HASH(others, u32, u64);\n"
		"BPF_HISTOGRAM(sizes);\n"
		"int syscall__getpgid(struct pt_regs *ctx, u32 pid)\n"
		"{ counts.increment(pid); others.increment(pid); sizes.increment(bpf_log2l(pid));\n"
		"  return 0; }\n";
	static const char second[] = PT_REGS
		"struct v { u64 n, first; };\n"
		"BPF_HASH(others, u32, u64);\nBPF_HASH(counts, u32, struct v);\n"
		"BPF_HISTOGRAM(sizes);\nBPF_HASH(fresh, u32);\n"
		"int syscall__getpgid(struct pt_regs *ctx, u32 pid)\n"
		"{ struct v zero = {}, *v = counts.lookup_or_try_init(&pid, &zero);\n"
		"  if (v) v->n++;\n"
		"  others.increment(pid); fresh.increment(pid); sizes.increment(bpf_log2l(pid));\n"
		"  return 0; }\n";
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(first);
	start(&w, "--json", NULL);
	connect_command(&w);
	call(&w, 5, 2);
	/* Until they are counted: what the command does next, it does in order. */
	call(&w, 6, 0);
	save(&w, second);
	wait_for_reload(&w);
	call(&w, 5, 3);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.err, ", 2 tables kept, counts starts anew: its value type changed\n");
	check_says(r.out, "{\"table\":\"others\",\"entries\":[{\"key\":5,\"value\":7},"
			  "{\"key\":6,\"value\":1}]}");
	check_says(r.out, "{\"table\":\"fresh\",\"entries\":[{\"key\":5,\"value\":4}]}");
	check_says(r.out, "{\"table\":\"counts\",\"entries\":[{\"key\":5,\"value\":{\"n\":4,");
	check_says(r.out, "\"low\":4,\"high\":7,\"count\":8}");
	result_free(&r);
}
END_TEST

START_TEST(what_was_shown_and_cleared_does_not_count_again_after_a_reload)
{
	static const char text[] = PT_REGS "BPF_HISTOGRAM(sizes);\n"
					   "int syscall__getpgid(struct pt_regs *ctx, u32 pid)\n"
					   "{ sizes.increment(bpf_log2l(pid)); return 0; }\n";
	const char *argv[16] = {build_path("hotprobe"), "watch", "--no-cache"};
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(text);
	memcpy(argv + 3,
	       (const char *const[]){"--json", "--interval", "0.1", "--clear", w.file, "--",
				     build_path("tests/child"), "listen", w.fifo},
	       9 * sizeof(*argv));
	w.process = process_start(argv, NULL, 0);
	connect_command(&w);
	call(&w, 5, 2);
	wait_for_line(&w, "\"count\":");
	save(&w, text);
	wait_for_reload(&w);
	/* Some intervals of the new one. */
	wait_for(&w, w.process.out_fd,
		 "{\"time\":", count_of(process_printed(w.process.out_fd, NULL), "{\"time\":") + 3);
	call(&w, 500, 0);
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_uint_eq(count_of(r.out, "\"low\":256,\"high\":511,\"count\":1}"), 1);
	/* All three in as many rows as they were read in, and never again. */
	ck_assert_uint_eq(count_of(r.out, "\"low\":4,\"high\":7,\"count\":3}") * 3 +
				  count_of(r.out, "\"low\":4,\"high\":7,\"count\":2}") * 2 +
				  count_of(r.out, "\"low\":4,\"high\":7,\"count\":1}"),
			  3);
	result_free(&r);
}
END_TEST

/* ---- Edits that fail ---------------------------------------------------------------------------
 */

struct bad {
	const char *text;
	const char *says[3];
};

static const struct bad edits[] = {
	{COUNTER("0") "int syscall__getsid(struct pt_regs *ctx)\n{\n	return 0\n}\n",
	 {"probe.c:14:", "return 0", "expected ';'"}},
	{COUNTER("0") "int syscall__getsid(struct pt_regs *ctx)\n{\n	int k = 0;\n"
		      "	u64 *v = counts.lookup(&k);\n	return *v;\n}\n",
	 {"probe.c:16:", "hint: ", "syscall__getsid"}},
	{COUNTER("0") "HOTPROBE(\"uprobe:c:no_such_function\")\n"
		      "int f(struct pt_regs *ctx) { return 0; }\n",
	 {"no_such_function", "probe.c:13", "f"}},
	{"", {"empty", "the program goes on as it was", "probe.c"}},
	{"int syscall__getpgid(struct pt_regs *ctx) { return 0; }\n"
	 "int not_placed(struct pt_regs *ctx)",
	 {"probe.c:2:", "expected", "error"}},
};

START_TEST(an_edit_that_fails_is_shown_and_changes_nothing)
{
	const struct bad *bad = &edits[_i];
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	save(&w, bad->text);
	call(&w, 5, 49);
	wait_for_says(&w, "the program goes on as it was");
	call(&w, 5, 49);
	save(&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 6, 0);
	r = finish(&w);
	check_status(&r, DONE);
	for (size_t i = 0; i < COUNT(bad->says); i++)
		check_says(r.err, bad->says[i]);
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":5,\"by\":1}"), 100);
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":6,\"by\":2}"), 1);
	check_says(r.out, "{\"key\":5,\"value\":100}");
	result_free(&r);
}
END_TEST

START_TEST(a_binary_file_is_an_edit_that_fails)
{
	static const char bytes[] = "\x7f"
				    "ELF\2\1\1\0\0\0\0\377\376\0\n\0";
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	write_file(w.file, bytes, sizeof(bytes));
	wait_for_says(&w, "the program goes on as it was");
	call(&w, 5, 9);
	save(&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 6, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.err, "error: ");
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":5,\"by\":1}"), 10);
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":6,\"by\":2}"), 1);
	result_free(&r);
}
END_TEST

START_TEST(a_file_that_is_wrong_to_begin_with_may_be_mended)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare("junk;\n");
	start(&w, "--json", NULL);
	wait_for_says(&w, "waiting for ");
	ck_assert_int_eq(open(w.fifo, O_WRONLY | O_NONBLOCK), -1);
	save(&w, COUNTER("1"));
	connect_command(&w);
	call(&w, 5, 0);
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_uint_eq(lines_of_events(&r), 1);
	result_free(&r);
}
END_TEST

/* ---- Ways to save ------------------------------------------------------------------------------
 */

static void in_place(const struct watched *w, const char *text)
{
	save(w, text);
}

static void by_rename(const struct watched *w, const char *text)
{
	char *temporary = in_dir(w, "probe.c.new");

	write_file(temporary, text, strlen(text));
	ck_assert_int_eq(rename(temporary, w->file), 0);
	free(temporary);
}

static void by_unlink(const struct watched *w, const char *text)
{
	unlink(w->file);
	save(w, text);
}

/* As vim does with backups. */
static void by_backup(const struct watched *w, const char *text)
{
	char *backup = in_dir(w, "probe.c~");

	ck_assert_int_eq(rename(w->file, backup), 0);
	save(w, text);
	unlink(backup);
	free(backup);
}

/* In two halves, of which the first alone is wrong. */
static void in_halves(const struct watched *w, const char *text)
{
	int fd = open(w->file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t half = strlen(text) / 2;

	ck_assert_int_eq(write(fd, text, half), half);
	usleep(300000);
	ck_assert_int_eq(write(fd, text + half, strlen(text) - half), strlen(text) - half);
	close(fd);
}

static void by_hard_link(const struct watched *w, const char *text)
{
	char *other = in_dir(w, "other");

	write_file(other, text, strlen(text));
	unlink(w->file);
	ck_assert_int_eq(link(other, w->file), 0);
	unlink(other);
	free(other);
}

/* The name becomes a link to a file of another directory. */
static void by_symbolic_link(const struct watched *w, const char *text)
{
	char *sub = in_dir(w, "sub"), *file = in_dir(w, "sub/new.c");

	ck_assert_int_eq(mkdir(sub, 0700), 0);
	write_file(file, text, strlen(text));
	unlink(w->file);
	ck_assert_int_eq(symlink("sub/new.c", w->file), 0);
	free(sub);
	free(file);
}

static void (*const ways[])(const struct watched *w, const char *text) = {
	in_place, by_rename, by_unlink, by_backup, in_halves, by_hard_link, by_symbolic_link,
};

START_TEST(a_save_is_seen_however_it_is_made)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	ways[_i](&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 5, 0);
	/* And the next one, too. */
	save(&w, COUNTER("3"));
	wait_for_reload(&w);
	call(&w, 6, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.out, "\"data\":{\"pid\":5,\"by\":2}");
	check_says(r.out, "\"data\":{\"pid\":6,\"by\":3}");
	ck_assert_ptr_null(strstr(r.err, "error"));
	ck_assert_ptr_null(strstr(r.err, "warning"));
	result_free(&r);
}
END_TEST

START_TEST(a_file_behind_a_link_is_watched_where_it_is)
{
	struct watched w;
	struct result r;
	char *other, *real;

	NEED(no_bpf());
	w = prepare(NULL);
	other = in_dir(&w, "other");
	real = in_dir(&w, "other/real.c");
	ck_assert_int_eq(mkdir(other, 0700), 0);
	write_file(real, COUNTER("1"), strlen(COUNTER("1")));
	ck_assert_int_eq(symlink("other/real.c", w.file), 0);
	start(&w, "--json", NULL);
	connect_command(&w);
	write_file(real, COUNTER("2"), strlen(COUNTER("2")));
	wait_for_reload(&w);
	call(&w, 5, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.out, "\"data\":{\"pid\":5,\"by\":2}");
	result_free(&r);
	free(other);
	free(real);
}
END_TEST

START_TEST(included_files_are_watched_and_one_that_is_missing_is_awaited)
{
	static const char main_text[] = "#include \"number.h\"\n" COUNTER("NUMBER");
	static const char more[] = "#include \"number.h\"\n#include \"more.h\"\n" COUNTER("MORE");
	struct watched w;
	struct result r;
	char *number, *header;

	NEED(no_bpf());
	w = prepare(main_text);
	number = in_dir(&w, "number.h");
	header = in_dir(&w, "more.h");
	write_file(number, "#define NUMBER 1\n", 17);
	start(&w, "--json", NULL);
	connect_command(&w);
	write_file(number, "#define NUMBER 2\n", 17);
	wait_for_reload(&w);
	call(&w, 5, 0);
	wait_for_line(&w, "\"data\":{\"pid\":5,\"by\":2}");
	save(&w, more);
	wait_for_says(&w, "the program goes on as it was");
	write_file(header, "#define MORE 3\n", 15);
	wait_for_reload(&w);
	call(&w, 6, 0);
	wait_for_line(&w, "\"data\":{\"pid\":6,\"by\":3}");
	write_file(header, "#define MORE 4\n", 15);
	wait_for_reload(&w);
	call(&w, 8, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.out, "\"data\":{\"pid\":8,\"by\":4}");
	result_free(&r);
	free(number);
	free(header);
}
END_TEST

START_TEST(a_file_that_is_gone_is_said_and_awaited)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	ck_assert_int_eq(unlink(w.file), 0);
	wait_for_says(&w, "probe.c: No such file or directory; the program goes on as it was");
	call(&w, 5, 9);
	ck_assert_int_eq(mkdir(w.file, 0700), 0);
	call(&w, 5, 9);
	ck_assert_int_eq(rmdir(w.file), 0);
	save(&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 6, 0);
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":5,\"by\":1}"), 20);
	ck_assert_uint_eq(count_of(r.out, "\"data\":{\"pid\":6,\"by\":2}"), 1);
	result_free(&r);
}
END_TEST

START_TEST(a_file_that_becomes_a_directory_is_said)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	ck_assert_int_eq(unlink(w.file), 0);
	ck_assert_int_eq(mkdir(w.file, 0700), 0);
	wait_for_says(&w, "it is a directory now");
	call(&w, 5, 0);
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_uint_eq(lines_of_events(&r), 1);
	result_free(&r);
}
END_TEST

START_TEST(a_directory_that_is_gone_is_awaited)
{
	char *sub, *aside, *file;
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(NULL);
	sub = in_dir(&w, "sub");
	aside = in_dir(&w, "aside");
	file = in_dir(&w, "sub/probe.c");
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	free(w.file);
	w.file = strdup(file);
	save(&w, COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	ck_assert_int_eq(rename(sub, aside), 0);
	wait_for_says(&w, "the program goes on as it was");
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	save(&w, COUNTER("2"));
	wait_for_reload(&w);
	save(&w, COUNTER("3"));
	wait_for_reload(&w);
	call(&w, 5, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.out, "\"data\":{\"pid\":5,\"by\":3}");
	result_free(&r);
	free(sub);
	free(aside);
	free(file);
}
END_TEST

static void refuse_inotify(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_inotify_init1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = COUNT(code), .filter = code};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

START_TEST(without_inotify_files_are_looked_at)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	refuse_inotify();
	start(&w, "--json", NULL);
	connect_command(&w);
	by_rename(&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 5, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.err, "inotify is refused");
	check_says(r.err, "max_user_instances");
	check_says(r.out, "\"data\":{\"pid\":5,\"by\":2}");
	result_free(&r);
}
END_TEST

/* ---- Output ------------------------------------------------------------------------------------
 */

static const char other_layout[] = PT_REGS "struct ev { u64 by; int pid; char comm[16]; };\n"
					   "BPF_PERF_OUTPUT(events);\n"
					   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
					   "{\n"
					   "	struct ev e = {.pid = pid, .by = 3};\n"
					   "	bpf_get_current_comm(e.comm, sizeof(e.comm));\n"
					   "	events.perf_submit(ctx, &e, sizeof(e));\n"
					   "	return 0;\n"
					   "}\n";

static struct result run_with_layouts(const char *option)
{
	struct watched w = prepare(COUNTER("1"));

	start(&w, "--tables=none", option);
	connect_command(&w);
	call(&w, 5, 0);
	save(&w, COUNTER("2"));
	wait_for_reload(&w);
	call(&w, 5, 0);
	save(&w, other_layout);
	wait_for_reload(&w);
	call(&w, 5, 0);
	return finish(&w);
}

START_TEST(columns_are_headed_again_where_the_layout_changed)
{
	struct result r;

	NEED(no_bpf());
	r = run_with_layouts(NULL);
	check_status(&r, DONE);
	ck_assert_str_eq(r.out, "    pid      by\n"
				"      5       1\n"
				"      5       2\n"
				"        by     pid comm\n"
				"         3       5 child\n");
	result_free(&r);
}
END_TEST

START_TEST(csv_is_named_again_where_the_layout_changed)
{
	struct result r;

	NEED(no_bpf());
	r = run_with_layouts("--csv");
	check_status(&r, DONE);
	check_says(r.out, "pid,by");
	ck_assert_uint_eq(count_of(r.out, "pid,by"), 1);
	ck_assert_uint_eq(count_of(r.out, "by,pid,comm"), 1);
	result_free(&r);
}
END_TEST

START_TEST(json_has_the_new_members)
{
	struct result r;

	NEED(no_bpf());
	r = run_with_layouts("--json");
	check_status(&r, DONE);
	check_says(r.out, "\"data\":{\"pid\":5,\"by\":2}");
	check_says(r.out, "\"data\":{\"by\":3,\"pid\":5,\"comm\":\"child\"}");
	result_free(&r);
}
END_TEST

START_TEST(a_format_that_the_new_program_has_no_field_for_is_an_edit_that_fails)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(other_layout);
	start(&w, "--format", "{comm} {pid}");
	connect_command(&w);
	call(&w, 5, 0);
	save(&w, COUNTER("1"));
	wait_for_says(&w, "the program goes on as it was");
	call(&w, 6, 0);
	r = finish(&w);
	check_status(&r, DONE);
	check_says(r.err, "no event of");
	check_says(r.out, "child 5\nchild 6\n");
	result_free(&r);
}
END_TEST

/* ---- Who is traced, and what is left -----------------------------------------------------------
 */

START_TEST(only_the_command_and_its_descendants_are_traced_after_a_reload)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	for (int i = 2; i < 4; i++) {
		save(&w, i == 2 ? COUNTER("2") : COUNTER("3"));
		wait_for_reload(&w);
		/* Our own, and that of a child of ours. */
		getpgid(99);
		r = RUN(build_path("tests/child"), "numbers", "99");
		result_free(&r);
		call(&w, 5, 4);
	}
	r = finish(&w);
	check_status(&r, DONE);
	ck_assert_ptr_null(strstr(r.out, "\"pid\":99"));
	ck_assert_uint_eq(lines_of_events(&r), 10);
	result_free(&r);
}
END_TEST

static size_t count_fds_of(pid_t pid)
{
	char *path = format("/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	free(path);
	return count;
}

/* Without tables, of which one that is kept keeps the BTF that it was made with. */
#define SENDER(number)                                                                             \
	PT_REGS "BPF_PERF_OUTPUT(events);\n"                                                       \
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"                             \
		"{\n"                                                                              \
		"	u32 by = " number ";\n"                                                    \
		"	events.perf_submit(ctx, &by, sizeof(by));\n"                                     \
		"	return 0;\n"                                                                     \
		"}\n"

static void save_and_wait(struct watched *w, int number)
{
	char *text = format(SENDER("%d"), number);

	save(w, text);
	free(text);
	wait_for_reload(w);
}

START_TEST(fifty_reloads_leave_nothing)
{
	struct unheld before;
	struct watched w;
	struct result r;
	const char *left;
	size_t fds;

	NEED(no_bpf());
	unheld_find(&before);
	w = prepare(SENDER("1"));
	start(&w, "--json", NULL);
	connect_command(&w);
	save_and_wait(&w, 2);
	fds = count_fds_of(w.process.pid);
	for (int i = 0; i < 50; i++)
		save_and_wait(&w, i % 2);
	ck_assert_uint_eq(count_fds_of(w.process.pid), fds);
	/* What each of them held is gone while the last runs on. */
	left = unheld_since(&before, 20);
	ck_assert_msg(!left, "left while it runs: %s", left);
	r = finish(&w);
	check_status(&r, DONE);
	left = unheld_since(&before, 20);
	ck_assert_msg(!left, "left: %s", left);
	unheld_free(&before);
	result_free(&r);
}
END_TEST

START_TEST(it_ends_with_the_commands_status_and_with_a_signal)
{
	struct watched w;
	struct result r;

	NEED(no_bpf());
	w = prepare(COUNTER("1"));
	r = RUN(build_path("hotprobe"), "watch", "--no-cache", w.file, "--", "sh", "-c", "exit 7");
	check_status(&r, 7);
	result_free(&r);
	/* While it compiles, too. */
	start(&w, "--json", NULL);
	connect_command(&w);
	save_and_wait(&w, 2);
	save(&w, COUNTER("3"));
	usleep(100000);
	ck_assert_int_eq(kill(w.process.pid, SIGTERM), 0);
	r = finish_by_itself(&w);
	check_status(&r, 128 + SIGTERM);
	result_free(&r);
}
END_TEST

START_TEST(what_cannot_be_watched_is_refused)
{
	struct result r = RUN(build_path("hotprobe"), "watch", "-");

	check_status(&r, USAGE);
	check_says(r.err, "standard input cannot be watched");
	result_free(&r);
	r = RUN(build_path("hotprobe"), "watch", "/nowhere/probe.c");
	check_status(&r, USAGE);
	check_says(r.err, "/nowhere/probe.c");
	result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_watch");

	add_test(suite, each_call_is_seen_once_over_many_reloads, 120);
	add_test(suite, tables_are_kept_unless_their_definition_changed, 90);
	add_test(suite, what_was_shown_and_cleared_does_not_count_again_after_a_reload, 90);
	add_loop_test(suite, an_edit_that_fails_is_shown_and_changes_nothing, 90, COUNT(edits));
	add_test(suite, a_binary_file_is_an_edit_that_fails, 90);
	add_test(suite, a_file_that_is_wrong_to_begin_with_may_be_mended, 90);
	add_loop_test(suite, a_save_is_seen_however_it_is_made, 90, COUNT(ways));
	add_test(suite, a_file_behind_a_link_is_watched_where_it_is, 90);
	add_test(suite, included_files_are_watched_and_one_that_is_missing_is_awaited, 120);
	add_test(suite, a_file_that_is_gone_is_said_and_awaited, 90);
	add_test(suite, a_file_that_becomes_a_directory_is_said, 90);
	add_test(suite, a_directory_that_is_gone_is_awaited, 90);
	add_test(suite, without_inotify_files_are_looked_at, 90);
	add_test(suite, columns_are_headed_again_where_the_layout_changed, 90);
	add_test(suite, csv_is_named_again_where_the_layout_changed, 90);
	add_test(suite, json_has_the_new_members, 90);
	add_test(suite, a_format_that_the_new_program_has_no_field_for_is_an_edit_that_fails, 90);
	add_test(suite, only_the_command_and_its_descendants_are_traced_after_a_reload, 90);
	add_test(suite, fifty_reloads_leave_nothing, 200);
	add_test(suite, it_ends_with_the_commands_status_and_with_a_signal, 90);
	add_test(suite, what_cannot_be_watched_is_refused, 30);
	return run_suite(suite);
}
