/* SPDX-License-Identifier: Apache-2.0 */
/* The command, run as users run it: what it prints, how it ends, and that it leaves nothing. */
#include "support.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Exit statuses of the command. */
enum {
	DONE = 0,
	WRONG_PROGRAM = 1,
	USAGE = 2,
	REFUSED = 3,
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127,
};

static const char *hotprobe(void)
{
	return build_path("hotprobe");
}

static const char *child(void)
{
	return build_path("tests/child");
}

static void check_status(const struct result *r, int wanted)
{
	ck_assert_msg(r->status == wanted, "status %d, not %d; it said:\n%s", r->status, wanted,
		      r->err);
}

static void check_says(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted), "\"%s\" is not in:\n%s", wanted, text);
}

/* Runs a source from standard input with one more argument (may be NULL) against `child open`. */
static struct result run_source(const char *command, const char *text, const char *option)
{
	const char *run_argv[] = {hotprobe(), "run", "--no-cache", "-", "--", "true", NULL, NULL};
	const char *check_argv[] = {hotprobe(), "check", "--no-cache", "-", NULL, NULL};
	const char *with_option[] = {hotprobe(), "run", "--no-cache", option,
				     "-",	 "--",	"true",	      NULL};

	if (!strcmp(command, "check"))
		return run(check_argv, text, strlen(text));
	return run(option ? with_option : run_argv, text, strlen(text));
}

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"
#define GETPGID PT_REGS "int syscall__getpgid(struct pt_regs *ctx)\n{\n"

/* ---- Bad input ---------------------------------------------------------------------------------
 */

struct bad {
	const char *text;
	int status;
	const char *place, *message;
};

static void check_bad(const char *command, const struct bad *bad)
{
	struct result r = run_source(command, bad->text, NULL);

	check_status(&r, bad->status);
	check_says(r.err, bad->place);
	check_says(r.err, bad->message);
	ck_assert_str_eq(r.out, "");
	result_free(&r);
}

START_TEST(a_source_that_is_wrong_ends_with_1_and_its_line)
{
	NEED(no_btf());

	static const struct bad cases[] = {
		{GETPGID "	return 0\n}\n", WRONG_PROGRAM, "<stdin>:4:", "expected ';'"},
		{GETPGID "	struct nothing n = {};\n	return n.x;\n}\n", WRONG_PROGRAM,
		 "<stdin>:4:", "nothing"},
		{GETPGID "	return NO_SUCH_MACRO;\n}\n", WRONG_PROGRAM,
		 "<stdin>:4:", "NO_SUCH_MACRO"},
		{PT_REGS "int kprobe__(struct pt_regs *ctx)\n{\n	return 0;\n}\n",
		 WRONG_PROGRAM, "<stdin>:2:", "kprobe__"},
		{"", WRONG_PROGRAM, "<stdin>", "empty"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		check_bad("run", &cases[i]);
		check_bad("check", &cases[i]);
	}
}
END_TEST

START_TEST(a_program_the_kernel_has_no_place_for_ends_with_1_and_its_line)
{
	NEED(no_bpf());

	static const struct bad cases[] = {
		{PT_REGS "\nint syscall__no_such_call(struct pt_regs *ctx)\n{\n	return 0;\n}\n",
		 WRONG_PROGRAM, "<stdin>:3:", "no_such_call"},
		{PT_REGS "BPF_HASH(h, u32, u64);\n"
			 "int syscall__getpgid(struct pt_regs *ctx)\n{\n	u32 k = 0;\n"
			 "	u64 *v = h.lookup(&k);\n\n	return *v;\n}\n",
		 WRONG_PROGRAM, "<stdin>:8:", "syscall__getpgid"},
		{PT_REGS "int some_function(struct pt_regs *ctx)\n{\n	return 0;\n}\n",
		 WRONG_PROGRAM, "<stdin>:2", "some_function"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_bad("run", &cases[i]);
}
END_TEST

START_TEST(a_kernel_without_kprobes_ends_with_3_and_a_remedy)
{
	NEED(no_bpf());

	static const struct bad bad = {
		PT_REGS "int kprobe__vfs_read(struct pt_regs *ctx)\n{\n	return 0;\n}\n", REFUSED,
		"<stdin>:2:", "CONFIG_KPROBES"};

	if (!access("/sys/bus/event_source/devices/kprobe", F_OK))
		SKIP("this kernel has kprobes");
	check_bad("run", &bad);
}
END_TEST

START_TEST(files_that_are_no_source_end_with_1)
{
	NEED(no_btf());

	char *dir = make_dir(), *big = format("%s/big.c", dir);
	const char *files[] = {child(), big};
	char *text;

	text = malloc(10u << 20);
	memset(text, '\n', 10u << 20);
	write_file(big, text, 10u << 20);
	free(text);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct result r = RUN(hotprobe(), "run", "--no-cache", files[i], "--", "true");

		check_status(&r, WRONG_PROGRAM);
		check_says(r.err, files[i]);
		result_free(&r);
	}
	free(big);
	remove_dir(dir);
}
END_TEST

START_TEST(command_lines_that_are_wrong_end_with_2)
{
	const char *const cases[][8] = {
		{hotprobe()},
		{hotprobe(), "nothing"},
		{hotprobe(), "run"},
		{hotprobe(), "run", "--nothing", "a.c"},
		{hotprobe(), "run", "a.c", "b.c"},
		{hotprobe(), "run", "a.c", "--pid", "x"},
		{hotprobe(), "run", "a.c", "--pid", "1", "--", "true"},
		{hotprobe(), "run", "a.c", "--duration", "x"},
		{hotprobe(), "run", "a.c", "--duration", "-1"},
		{hotprobe(), "run", "a.c", "--attach", "kprobe:f"},
		{hotprobe(), "run", "a.c", "--attach", "nothing:f=g"},
		{hotprobe(), "run", "a.c", "--perf-pages", "3"},
		{hotprobe(), "run", "a.c", "-D", "1X"},
		{hotprobe(), "run", "a.c", "--"},
		{hotprobe(), "run", "/nonexistent/a.c", "--", "true"},
		{hotprobe(), "check"},
		{hotprobe(), "check", "a.c", "--json"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result r = run(cases[i], NULL, 0);

		ck_assert_msg(r.status == USAGE, "case %zu: status %d: %s", i, r.status, r.err);
		ck_assert_str_ne(r.err, "");
		ck_assert_str_eq(r.out, "");
		result_free(&r);
	}
}
END_TEST

START_TEST(help_and_version_are_printed)
{
	const char *const words[] = {"help", "--help", "version", "--version"};

	for (size_t i = 0; i < COUNT(words); i++) {
		struct result r = RUN(hotprobe(), words[i]);

		check_status(&r, DONE);
		check_says(r.out, i < 2 ? "run" : HOTPROBE_VERSION);
		result_free(&r);
	}
}
END_TEST

/* ---- Runs --------------------------------------------------------------------------------------
 */

static const char opensnoop[] = "programs/opensnoop.c";

START_TEST(check_takes_every_function_through_the_verifier)
{
	NEED(no_bpf());

	struct result r;

	r = RUN(hotprobe(), "check", "--no-cache", source_path(opensnoop));
	check_status(&r, DONE);
	check_says(r.out, "OK");
	ck_assert_str_eq(r.err, "");
	result_free(&r);
}
END_TEST

START_TEST(columns_have_a_head_and_a_line_for_each_event)
{
	NEED(no_bpf());

	struct result r;

	r = RUN(hotprobe(), "run", "--no-cache", source_path(opensnoop), "--", child(), "open",
		"/dev/null");
	check_status(&r, DONE);
	ck_assert_ptr_nonnull(strstr(r.out, "pid"));
	ck_assert(strstr(r.out, "fname") < strchr(r.out, '\n'));
	check_says(r.out, "/dev/null");
	result_free(&r);
}
END_TEST

/* The lines as JSON values; each must be one. */
static json_t *parse_lines(const char *text)
{
	json_t *lines = json_array();

	while (*text) {
		size_t length = strcspn(text, "\n");
		json_error_t error;
		json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

		ck_assert_msg(line, "%s: %.*s", error.text, (int)length, text);
		ck_assert(json_is_object(line));
		json_array_append_new(lines, line);
		ck_assert_int_eq(text[length], '\n');
		text += length + 1;
	}
	return lines;
}

static json_t *find_open(json_t *lines, const char *name)
{
	json_t *line;
	size_t i;

	json_array_foreach(lines, i, line)
	{
		json_t *data = json_object_get(line, "data");
		const char *fname = json_string_value(json_object_get(data, "fname"));

		if (fname && !strcmp(fname, name))
			return line;
	}
	ck_abort_msg("%s was not opened", name);
	return NULL;
}

START_TEST(json_has_an_object_for_each_event)
{
	NEED(no_bpf());

	struct result r;
	json_t *lines, *line, *data;

	r = RUN(hotprobe(), "run", "--no-cache", "--json", source_path(opensnoop), "--", child(),
		"open", "/dev/null");
	check_status(&r, DONE);
	lines = parse_lines(r.out);
	line = find_open(lines, "/dev/null");
	ck_assert_str_eq(json_string_value(json_object_get(line, "event")), "open_events");
	ck_assert(json_is_integer(json_object_get(line, "cpu")));
	data = json_object_get(line, "data");
	ck_assert(json_is_integer(json_object_get(data, "pid")));
	ck_assert_int_ge(json_integer_value(json_object_get(data, "ret")), 0);
	ck_assert_str_eq(json_string_value(json_object_get(data, "comm")), "child");
	ck_assert_uint_eq(json_object_size(data), 7);
	json_decref(lines);
	result_free(&r);
}
END_TEST

START_TEST(json_stays_valid_for_any_file_name)
{
	NEED(no_bpf());

	static const char *const names[] = {
		"/nonexistent/\xff\xfe", "/nonexistent/\"quoted\"\\", "/nonexistent/\x01\n\t",
		"/nonexistent/\xc3\xa4", "/nonexistent/\xed\xa0\x80", "/nonexistent/\xf0\x9f",
	};
	struct result r;

	for (size_t i = 0; i < COUNT(names); i++) {
		r = RUN(hotprobe(), "run", "--no-cache", "--json", source_path(opensnoop), "--",
			child(), "open", names[i]);
		check_status(&r, 1); /* the child's own */
		json_decref(parse_lines(r.out));
		check_says(r.out, "/nonexistent/");
		result_free(&r);
	}
}
END_TEST

START_TEST(columns_never_let_a_control_character_through)
{
	NEED(no_bpf());

	struct result r;

	r = RUN(hotprobe(), "run", "--no-cache", source_path(opensnoop), "--", child(), "open",
		"/nonexistent/\033[31mred\x07\n");
	for (const char *c = r.out; *c; c++)
		ck_assert_msg(*c == '\n' || (unsigned char)*c >= ' ', "byte 0x%02x", *c);
	check_says(r.out, "red");
	result_free(&r);
}
END_TEST

START_TEST(the_status_of_the_command_is_passed_on)
{
	NEED(no_bpf());

	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{"exit 0", 0},
		{"exit 7", 7},
		{"exit 255", 255},
		{"exit 3", 3},
		{"kill -KILL $$", 128 + 9},
		{"kill -TERM $$", 128 + 15},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result r = RUN(hotprobe(), "run", source_path("programs/hello.c"),
				      "--no-cache", "--", "sh", "-c", cases[i].script);

		check_status(&r, cases[i].status);
		result_free(&r);
	}
}
END_TEST

START_TEST(a_command_that_cannot_run_ends_with_127_or_126)
{
	NEED(no_bpf());

	char *dir = make_dir(), *text = format("%s/text", dir);
	struct result r;

	write_file(text, "no program", 10);
	r = RUN(hotprobe(), "run", "--no-cache", source_path(opensnoop), "--",
		"no-such-command-at-all");
	check_status(&r, NOT_FOUND);
	check_says(r.err, "no-such-command-at-all");
	result_free(&r);
	r = RUN(hotprobe(), "run", "--no-cache", source_path(opensnoop), "--", text);
	check_status(&r, NOT_EXECUTABLE);
	check_says(r.err, text);
	result_free(&r);
	free(text);
	remove_dir(dir);
	r = RUN(hotprobe(), "run", "--no-cache", source_path(opensnoop), "--pid", "4194303");
	check_status(&r, USAGE);
	check_says(r.err, "4194303");
	result_free(&r);
}
END_TEST

START_TEST(verbose_says_what_each_function_is_attached_to)
{
	NEED(no_bpf());

	struct result r;

	r = RUN(hotprobe(), "run", "--no-cache", "-v", source_path(opensnoop), "--", "true");
	check_status(&r, DONE);
	check_says(r.err, "syscall__openat: syscall:openat -> ");
	check_says(r.err, "kretprobe__sys_open: syscall_ret:open -> ");
	result_free(&r);
}
END_TEST

START_TEST(the_buffer_of_a_table_can_be_chosen)
{
	NEED(no_bpf());

	struct result r;

	r = RUN(hotprobe(), "run", "-v", source_path(opensnoop), "--", "cat", "/etc/hostname");
	check_status(&r, DONE);
	check_says(r.err, "open_events: ring buffer\n");
	check_says(r.out, " /etc/hostname");
	result_free(&r);
	r = RUN(hotprobe(), "run", "-v", "--perf-buffer", source_path(opensnoop), "--", "cat",
		"/etc/hostname");
	check_status(&r, DONE);
	check_says(r.err, "open_events: perf buffers\n");
	check_says(r.out, " /etc/hostname");
	result_free(&r);
}
END_TEST

/* In BCC's style: functions that something else says where to attach. */
static const char explicit_program[] =
	PT_REGS "BPF_PERF_OUTPUT(events);\n"
		"int trace_syscall_open_return(struct pt_regs *ctx)\n"
		"{\n"
		"	u32 ret = PT_REGS_RC(ctx);\n"
		"	events.perf_submit(ctx, &ret, sizeof(ret));\n"
		"	return 0;\n"
		"}\n";

START_TEST(attach_places_a_function_by_hand)
{
	NEED(no_bpf());

	const char *argv[] = {
		hotprobe(), "run",	 "--no-cache",
		"--json",   "--attach",	 "kretprobe:sys_openat=trace_syscall_open_return",
		"-",	    "--",	 child(),
		"open",	    "/dev/null", NULL};
	struct result r;
	json_t *lines;

	r = run(argv, explicit_program, strlen(explicit_program));
	check_status(&r, DONE);
	lines = parse_lines(r.out);
	ck_assert_uint_gt(json_array_size(lines), 0);
	ck_assert(json_is_integer(json_object_get(json_array_get(lines, 0), "data")));
	json_decref(lines);
	ck_assert_str_eq(r.err, "");
	result_free(&r);

	r = run_source("run", explicit_program, "--attach=kretprobe:sys_open=nothing");
	check_status(&r, WRONG_PROGRAM);
	check_says(r.err, "nothing");
	result_free(&r);
	/* Twice the same is once. */
	r = run_source("run", explicit_program, NULL);
	check_status(&r, WRONG_PROGRAM);
	check_says(r.err, "trace_syscall_open_return");
	result_free(&r);
}
END_TEST

/* One that opens counts whole CPUs, which only system_test may. */
START_TEST(a_counter_that_cannot_be_opened_is_named)
{
	static const char text[] = "BPF_PERF_ARRAY(clock, 256); BPF_HASH(plain);\n"
				   "int syscall__getpgid(struct pt_regs *ctx)\n"
				   "{ return clock.perf_read(0) != 0; }\n";
	static const struct {
		const char *option, *message;
		int status;
	} cases[] = {
		{"--counter=nosuch=cycles", "'nosuch' is no table", USAGE},
		{"--counter=clock", "not TABLE=EVENT", USAGE},
		{"--counter==cycles", "not TABLE=EVENT", USAGE},
		{"--counter=clock=", "not TABLE=EVENT", USAGE},
		{"--counter=clock=bogus", "there is no event bogus", WRONG_PROGRAM},
		{"--counter=plain=cycles", "no BPF_PERF_ARRAY", WRONG_PROGRAM},
	};

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result r = run_source("run", text, cases[i].option);

		check_status(&r, cases[i].status);
		check_says(r.err, cases[i].message);
		result_free(&r);
	}
}
END_TEST

START_TEST(macros_and_include_directories_reach_the_compiler)
{
	NEED(no_bpf());

	char *dir = make_dir(), *header = format("%s/own.h", dir);
	static const char text[] = "#include <own.h>\n" GETPGID "	return ANSWER - OWN;\n}\n";
	const char *argv[] = {hotprobe(), "check", "--no-cache", "-DANSWER=42",
			      "-I",	  dir,	   "-",		 NULL};
	struct result r;

	write_file(header, "#define OWN 42\n", 15);
	r = run(argv, text, strlen(text));
	check_status(&r, DONE);
	result_free(&r);
	free(header);
	remove_dir(dir);
}
END_TEST

START_TEST(a_file_with_a_script_line_is_a_script)
{
	NEED(no_bpf());

	char *dir = make_dir(), *script = format("%s/script", dir), *text, *body;
	struct result r;

	body = read_file(source_path(opensnoop), NULL);
	text = format("#!/usr/bin/env -S %s run --no-cache --json\n%s", hotprobe(), body);
	write_file(script, text, strlen(text));
	chmod(script, 0755);
	r = RUN(script, "--", child(), "open", "/dev/null");
	check_status(&r, DONE);
	json_decref(parse_lines(r.out));
	check_says(r.out, "/dev/null");
	result_free(&r);
	free(body);
	free(text);
	free(script);
	remove_dir(dir);
}
END_TEST

/* ---- Ends --------------------------------------------------------------------------------------
 */

/* Waits until the process has printed that. */
static void wait_for_output(struct process *p, const char *wanted)
{
	for (int i = 0; i < 3000; i++, usleep(10000)) {
		char *out = process_printed(p->out_fd, NULL);
		bool there = strstr(out, wanted);
		siginfo_t info = {0};

		free(out);
		if (there)
			return;
		waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT);
		ck_assert_msg(!info.si_pid, "it has ended: %s", process_printed(p->err_fd, NULL));
	}
	ck_abort_msg("\"%s\" was not printed", wanted);
}

/* A program of a name that no other has; it prints an event when its command starts to wait. */
static const char waiting_program[] = PT_REGS "BPF_PERF_OUTPUT(waiting);\n"
					      "BPF_HASH(hp_test_left, u32, u32);\n"
					      "int syscall__pause(struct pt_regs *ctx)\n"
					      "{\n"
					      "	u32 pid = bpf_get_current_pid_tgid() >> 32;\n"
					      "	hp_test_left.update(&pid, &pid);\n"
					      "	waiting.perf_submit(ctx, &pid, sizeof(pid));\n"
					      "	return 0;\n"
					      "}\n";

static struct process start_waiting(const char *option)
{
	const char *argv[] = {hotprobe(), "run", "--no-cache", "--json", option,
			      "-",	  "--",	 child(),      "sleep",	 NULL};
	struct process p = process_start(argv, waiting_program, strlen(waiting_program));

	return p;
}

static bool map_exists(const char *name)
{
	struct bpf_map_info info;
	uint32_t id = 0, size;
	bool found = false;
	int fd;

	while (!found && !bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		if (fd < 0)
			continue;
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			found = !strcmp(info.name, name);
		close(fd);
	}
	return found;
}

static bool program_exists(const char *name)
{
	struct bpf_prog_info info;
	uint32_t id = 0, size;
	bool found = false;
	int fd;

	while (!found && !bpf_prog_get_next_id(id, &id)) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue;
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (!bpf_obj_get_info_by_fd(fd, &info, &size))
			found = !strcmp(info.name, name);
		close(fd);
	}
	return found;
}

/* The kernel frees them after grace periods of its own. */
static void check_nothing_left(void)
{
	for (int i = 0; i < 1000; i++) {
		if (!map_exists("hp_test_left") && !program_exists("syscall__pause"))
			return;
		usleep(10000);
	}
	ck_assert_msg(!map_exists("hp_test_left"), "a map was left behind");
	ck_abort_msg("a program was left behind");
}

START_TEST(a_signal_ends_it_cleanly_and_its_command_too)
{
	NEED(no_bpf());

	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct process p;
	struct result r;

	for (size_t i = 0; i < COUNT(signals); i++) {
		p = start_waiting("-DX");
		wait_for_output(&p, "waiting");
		ck_assert(map_exists("hp_test_left"));
		ck_assert(program_exists("syscall__pause"));
		kill(p.pid, signals[i]);
		r = process_wait(p);
		/* It passes the signal on, and ends with the command's status. */
		check_status(&r, 128 + signals[i]);
		json_decref(parse_lines(r.out));
		check_nothing_left();
		result_free(&r);
	}
}
END_TEST

START_TEST(a_duration_ends_it_with_0)
{
	NEED(no_bpf());

	struct process p;
	struct result r;

	p = start_waiting("--duration=0.5");
	r = process_wait(p);
	check_status(&r, DONE);
	check_says(r.out, "waiting");
	check_nothing_left();
	result_free(&r);
}
END_TEST

static pid_t waiting_pid(const struct process *p)
{
	char *out = process_printed(p->out_fd, NULL);
	const char *data = strstr(out, "\"data\":");
	pid_t pid;

	ck_assert_ptr_nonnull(data);
	pid = atoi(data + 7);
	free(out);
	return pid;
}

START_TEST(a_killed_host_leaves_nothing_behind)
{
	NEED(no_bpf());

	struct process p;
	struct result r;
	pid_t pid;

	p = start_waiting("-DX");
	wait_for_output(&p, "waiting");
	pid = waiting_pid(&p);
	ck_assert(map_exists("hp_test_left"));
	kill(p.pid, SIGKILL);
	r = process_wait(p);
	check_status(&r, 128 + SIGKILL);
	check_nothing_left();
	kill(pid, SIGKILL); /* its command went on */
	result_free(&r);
}
END_TEST

static void wait_until_says(struct process p, const char *words)
{
	bool said = false;

	for (int i = 0; i < 3000 && !said; i++) {
		char *text = process_printed(p.err_fd, NULL);

		said = strstr(text, words);
		free(text);
		usleep(10000);
	}
}

START_TEST(a_running_process_is_traced_until_it_ends)
{
	NEED(no_bpf());

	const char *argv[] = {hotprobe(), "run",   "--no-cache", "--json", "-v",
			      "-",	  "--pid", NULL,	 NULL};
	static const char text[] = PT_REGS
		"BPF_PERF_OUTPUT(ended);\n"
		"int syscall__exit_group(struct pt_regs *ctx, int status)\n"
		"{\n	ended.perf_submit(ctx, &status, sizeof(status));\n	return 0;\n}\n";
	const char *sh[] = {"sh", "-c", "read x; exit 5", NULL};
	struct process p;
	struct result r;
	char *pid;
	int fds[2], status;
	pid_t target;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	target = fork();
	if (!target) {
		dup2(fds[0], 0);
		execvp(sh[0], (char *const *)sh);
		_exit(125);
	}
	close(fds[0]);
	pid = format("%d", (int)target);
	argv[7] = pid;
	p = process_start(argv, text, strlen(text));
	/* Let it end once the program is attached. */
	wait_until_says(p, " -> ");
	close(fds[1]);
	ck_assert_int_eq(waitpid(target, &status, 0), target);
	r = process_wait(p);
	check_status(&r, DONE);
	check_says(r.out, "\"data\":5");
	free(pid);
	result_free(&r);
}
END_TEST

START_TEST(output_to_a_full_disk_is_an_error)
{
	NEED(no_bpf());

	struct result r;
	char *command;

	command = format("%s run --no-cache %s -- %s open /dev/null > /dev/full", hotprobe(),
			 source_path(opensnoop), child());
	r = RUN("sh", "-c", command);
	check_status(&r, REFUSED);
	check_says(r.err, "No space left");
	free(command);
	result_free(&r);
}
END_TEST

START_TEST(a_missing_compiler_ends_with_3)
{
	char *dir = make_dir(), *copy = format("%s/hotprobe", dir);
	char *command = format("cp %s %s", hotprobe(), copy);
	struct result r = RUN("sh", "-c", command);

	result_free(&r);
	if (!access("/usr/local/libexec/hotprobe/hotprobe-cc", F_OK)) {
		remove_dir(dir);
		SKIP("hotprobe is installed");
	}
	r = RUN(copy, "check", "--no-cache", source_path(opensnoop));
	check_status(&r, REFUSED);
	check_says(r.err, "hotprobe-cc");
	check_says(r.err, "hint");
	result_free(&r);
	free(command);
	free(copy);
	remove_dir(dir);
}
END_TEST

/* As user nobody, from a directory that one may read. */
/* Of a container: no capability to become another user, or no other user. */
START_TEST(a_root_without_privilege_compiles)
{
	static const char *const ways[] = {"setpriv --bounding-set=-all --inh-caps=-all",
					   "unshare --map-root-user"};
	char *dir, *command;
	struct result r;

	NEED(no_btf());
	if (getuid())
		SKIP("only root can lose its capabilities");
	dir = make_dir();
	command = format("%s true && exec %s %s build --no-cache %s -o %s/image", ways[_i],
			 ways[_i], hotprobe(), source_path(opensnoop), dir);
	r = RUN("sh", "-c", command);
	if (r.status && strstr(r.err, "unshare: "))
		note_skip("no user namespace can be made here");
	else
		check_status(&r, DONE);
	result_free(&r);
	free(command);
	remove_dir(dir);
}
END_TEST

START_TEST(a_user_without_privilege_is_told_so)
{
	NEED(no_bpf());

	struct result r;
	char *dir, *command;

	if (getuid())
		SKIP("only root can become another user");
	dir = make_dir();
	chmod(dir, 0755);
	command = format("cp %s %s %s %s && cd %s && chmod 755 * && "
			 "setpriv --reuid 65534 --regid 65534 --clear-groups "
			 "./hotprobe run --no-cache opensnoop.c -- true",
			 hotprobe(), build_path("hotprobe-cc"), source_path(opensnoop), dir, dir);
	r = RUN("sh", "-c", command);
	check_status(&r, REFUSED);
	check_says(r.err, "root");
	result_free(&r);
	free(command);
	remove_dir(dir);
}
END_TEST

START_TEST(the_example_host_prints_the_opens_of_its_command)
{
	NEED(no_bpf());

	struct result r;
	char *command;

	/* It has no option against the cache, which is to stay as it was. */
	command = format("mount -t tmpfs tmpfs /var/cache && exec %s %s %s open /dev/null",
			 build_path("embed"), source_path(opensnoop), child());
	r = RUN("unshare", "--mount", "sh", "-c", command);
	check_status(&r, DONE);
	check_says(r.out, "/dev/null");
	free(command);
	result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");

	add_test(suite, a_source_that_is_wrong_ends_with_1_and_its_line, 60);
	add_test(suite, a_program_the_kernel_has_no_place_for_ends_with_1_and_its_line, 60);
	add_test(suite, a_kernel_without_kprobes_ends_with_3_and_a_remedy, 30);
	add_test(suite, files_that_are_no_source_end_with_1, 60);
	add_test(suite, command_lines_that_are_wrong_end_with_2, 60);
	add_test(suite, help_and_version_are_printed, 30);
	add_test(suite, check_takes_every_function_through_the_verifier, 30);
	add_test(suite, columns_have_a_head_and_a_line_for_each_event, 30);
	add_test(suite, json_has_an_object_for_each_event, 30);
	add_test(suite, json_stays_valid_for_any_file_name, 60);
	add_test(suite, columns_never_let_a_control_character_through, 30);
	add_test(suite, the_status_of_the_command_is_passed_on, 60);
	add_test(suite, a_command_that_cannot_run_ends_with_127_or_126, 30);
	add_test(suite, verbose_says_what_each_function_is_attached_to, 30);
	add_test(suite, the_buffer_of_a_table_can_be_chosen, 30);
	add_test(suite, attach_places_a_function_by_hand, 30);
	add_test(suite, a_counter_that_cannot_be_opened_is_named, 60);
	add_test(suite, macros_and_include_directories_reach_the_compiler, 30);
	add_test(suite, a_file_with_a_script_line_is_a_script, 30);
	add_test(suite, a_signal_ends_it_cleanly_and_its_command_too, 90);
	add_test(suite, a_duration_ends_it_with_0, 60);
	add_test(suite, a_killed_host_leaves_nothing_behind, 60);
	add_test(suite, a_running_process_is_traced_until_it_ends, 60);
	add_test(suite, output_to_a_full_disk_is_an_error, 30);
	add_test(suite, a_missing_compiler_ends_with_3, 30);
	add_loop_test(suite, a_root_without_privilege_compiles, 30, 2);
	add_test(suite, a_user_without_privilege_is_told_so, 30);
	add_test(suite, the_example_host_prints_the_opens_of_its_command, 30);
	return run_suite(suite);
}
