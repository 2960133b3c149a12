/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a confined handle traces: a command from its execve on, or a running process, each with all
   its descendants; and what becomes of a command that is not let go. */
#include "support.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hotprobe_opts confined = {.confine = true, .perf_pages = 1024};

/* Every system call: its number, and whose it is. */
static const char every_syscall[] = "struct call_t { u64 number; u32 pid; char comm[16]; };\n"
				    "BPF_PERF_OUTPUT(calls);\n"
				    "RAW_TRACEPOINT_PROBE(sys_enter)\n"
				    "{\n"
				    "	struct call_t call = {};\n"
				    "\n"
				    "	call.number = ctx->args[1];\n"
				    "	call.pid = bpf_get_current_pid_tgid() >> 32;\n"
				    "	bpf_get_current_comm(&call.comm, sizeof(call.comm));\n"
				    "	calls.perf_submit(ctx, &call, sizeof(call));\n"
				    "	return 0;\n"
				    "}\n";

struct call {
	uint64_t number;
	uint32_t pid;
	char comm[16];
};

struct calls {
	size_t count;
	struct call call[4096];
};

static void see_call(void *ctx, int cpu, const void *data, size_t size)
{
	struct calls *calls = ctx;

	(void)cpu;
	ck_assert_uint_ge(size, 28);
	if (calls->count < COUNT(calls->call))
		memcpy(&calls->call[calls->count++], data, 28);
}

static struct hotprobe *load_calls(struct calls **calls)
{
	struct hotprobe *hp = new_handle(&confined);

	*calls = calloc(1, sizeof(**calls));
	open_text(hp, every_syscall);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "calls", see_call, NULL, *calls));
	return hp;
}

static size_t count_calls(const struct calls *calls, pid_t pid, long number)
{
	size_t count = 0;

	for (size_t i = 0; i < calls->count; i++)
		count += calls->call[i].number == (uint64_t)number &&
			 (!pid || calls->call[i].pid == (uint32_t)pid);
	return count;
}

static void consume_all(struct hotprobe *hp)
{
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
}

START_TEST(the_execve_of_a_command_is_the_first_thing_seen)
{
	NEED(no_bpf());

	const char *argv[] = {"true", NULL};
	struct calls *calls;
	struct hotprobe *hp;

	/* Again and again: a race would show now and then. */
	for (int i = 0; i < 20; i++) {
		hp = load_calls(&calls);
		ck_assert_int_eq(run_command(hp, argv), 0);
		ck_assert_uint_gt(calls->count, 3);
		ck_assert_uint_eq(calls->call[0].number, SYS_execve);
		for (size_t j = 0; j < calls->count; j++)
			ck_assert_uint_eq(calls->call[j].pid, (uint32_t)hotprobe_command_pid(hp));
		ck_assert_uint_eq(count_calls(calls, 0, SYS_exit_group), 1);
		hotprobe_free(hp);
		free(calls);
	}
}
END_TEST

/* Its first piece of work is to have a child, the next are calls of its own and of the child. */
static void call_getsid(void *unused)
{
	(void)unused;
	syscall(SYS_getsid, 0);
}

static void work_in_a_tree(void *unused)
{
	static struct peer child;

	(void)unused;
	if (!child.pid) {
		child = peer_start(call_getsid, NULL);
		return;
	}
	syscall(SYS_getpgid, 0);
	peer_work(&child);
}

START_TEST(a_running_process_is_traced_with_the_children_it_has)
{
	NEED(no_bpf());

	struct calls *calls;
	struct hotprobe *hp;
	struct peer peer;

	hp = load_calls(&calls);
	peer = peer_start(work_in_a_tree, NULL);
	peer_work(&peer);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(count_calls(calls, peer.pid, SYS_getpgid), 1);
	ck_assert_uint_eq(count_calls(calls, peer.pid, SYS_getsid), 0);
	ck_assert_uint_eq(count_calls(calls, 0, SYS_getsid), 1);
	peer_end(&peer);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

static void fork_an_orphan(void *unused)
{
	int fds[2];
	char byte;

	(void)unused;
	if (pipe(fds))
		_exit(1);
	if (!fork()) {
		if (!fork()) {
			/* The other ends are closed once its parent is gone. */
			close(fds[1]);
			while (read(fds[0], &byte, 1) > 0)
				;
			syscall(SYS_getsid, 0);
			_exit(0);
		}
		_exit(0);
	}
	wait(NULL);
	close(fds[1]);
	close(fds[0]);
}

START_TEST(an_orphan_is_still_a_descendant)
{
	NEED(no_bpf());

	struct calls *calls;
	struct hotprobe *hp;
	struct peer peer;

	hp = load_calls(&calls);
	peer = peer_start(fork_an_orphan, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	for (int i = 0; i < 100 && !count_calls(calls, 0, SYS_getsid); i++)
		ck_hp(hp, hotprobe_poll(hp, 100));
	ck_assert_uint_eq(count_calls(calls, 0, SYS_getsid), 1);
	peer_end(&peer);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

START_TEST(two_processes_are_traced_and_a_third_is_not)
{
	NEED(no_bpf());

	struct calls *calls;
	struct peer peers[3];
	struct hotprobe *hp;

	hp = load_calls(&calls);
	for (int i = 0; i < 3; i++)
		peers[i] = peer_start(call_getsid, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peers[0].pid));
	ck_hp(hp, hotprobe_trace_pid(hp, peers[1].pid));
	ck_hp(hp, hotprobe_attach(hp));
	for (int i = 0; i < 3; i++)
		peer_work(&peers[i]);
	consume_all(hp);
	ck_assert_uint_eq(count_calls(calls, peers[0].pid, SYS_getsid), 1);
	ck_assert_uint_eq(count_calls(calls, peers[1].pid, SYS_getsid), 1);
	ck_assert_uint_eq(count_calls(calls, peers[2].pid, SYS_getsid), 0);
	for (int i = 0; i < 3; i++)
		peer_end(&peers[i]);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

START_TEST(a_process_that_is_none_is_refused)
{
	NEED(no_bpf());

	struct calls *calls;
	struct hotprobe *hp;
	struct peer peer;

	hp = load_calls(&calls);
	peer = peer_start(call_getsid, NULL);
	peer_end(&peer);
	ck_assert_int_eq(hotprobe_trace_pid(hp, peer.pid), -ESRCH);
	ck_assert_int_eq(hotprobe_trace_pid(hp, 0), -ESRCH);
	ck_assert_int_eq(hotprobe_trace_pid(hp, -1), -ESRCH);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

START_TEST(without_the_option_no_process_is_traced_singly)
{
	NEED(no_bpf());

	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, every_syscall);
	load_program(hp);
	ck_assert_int_eq(hotprobe_trace_pid(hp, getpid()), -EBUSY);
	hotprobe_free(hp);
}
END_TEST

/* ---- Commands ----------------------------------------------------------------------------------
 */

START_TEST(a_command_gets_its_arguments_environment_and_status)
{
	NEED(no_bpf());

	const char *argv[] = {"/bin/sh", "-c", "test \"$X\" = 1 && exit $1", "sh", "7", NULL};
	const char *envp[] = {"X=1", NULL};
	struct calls *calls;
	struct hotprobe *hp;
	struct pollfd p;
	int status;

	hp = load_calls(&calls);
	ck_hp(hp, hotprobe_command_start(hp, argv, envp));
	ck_assert_int_eq(hotprobe_command_status(hp, &status), 0);
	ck_hp(hp, hotprobe_command_release(hp));
	p = (struct pollfd){.fd = hotprobe_command_fd(hp), .events = POLLIN};
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(hotprobe_command_status(hp, &status), 1);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert_int_eq(hotprobe_command_status(hp, &status), 1);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

/* The handle's own table of traced processes. */
static int traced_table(void)
{
	for (int fd = 3; fd < 1024; fd++) {
		struct bpf_map_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, "hotprobe_pids"))
			return fd;
	}
	return -1;
}

static size_t traced_count(void)
{
	uint32_t key, next;
	size_t count = 0;
	int fd = traced_table();

	for (int err = bpf_map_get_next_key(fd, NULL, &next); !err;
	     err = bpf_map_get_next_key(fd, &key, &next)) {
		key = next;
		count++;
	}
	return count;
}

/* All that a process does is traced, its exit too; and then its number is free for others. */
START_TEST(the_end_of_a_process_is_seen)
{
	char *dir = make_dir();
	const char *const argv[] = {build_path("tests/child"), "forks", dir, "200", NULL};
	uint64_t exits = 0, reaped = 0;
	struct hotprobe *hp;
	uint32_t zero = 0;

	NEED(no_bpf());
	hp = new_handle(&confined);
	open_text(hp, "BPF_ARRAY(exits, u64, 1);\nBPF_ARRAY(signals, u64, 1);\n"
		      "TRACEPOINT_PROBE(sched, sched_process_exit)\n"
		      "{\n	exits.atomic_increment(0);\n	return 0;\n}\n"
		      "TRACEPOINT_PROBE(signal, signal_generate)\n"
		      "{\n	if (args->sig == 17)\n		signals.atomic_increment(0);\n"
		      "	return 0;\n}\n");
	load_program(hp);
	ck_assert_int_ge(traced_table(), 0);
	ck_assert_int_eq(run_command(hp, argv), 0);
	hotprobe_table_lookup(hotprobe_find_table(hp, "exits"), &zero, &exits);
	hotprobe_table_lookup(hotprobe_find_table(hp, "signals"), &zero, &reaped);
	ck_assert_uint_eq(exits, 201);
	ck_assert_uint_eq(reaped, 201); /* SIGCHLD, after that */
	/* Each CPU keeps some that have ended. */
	ck_assert_uint_le(traced_count(), 64 * (size_t)sysconf(_SC_NPROCESSORS_CONF) + 1);
	hotprobe_free(hp);
	remove_dir(dir);
}
END_TEST

START_TEST(a_command_that_a_signal_ends_says_so)
{
	NEED(no_bpf());

	const char *argv[] = {"/bin/sh", "-c", "kill -TERM $$", NULL};
	struct calls *calls;
	struct hotprobe *hp;
	int status;

	hp = load_calls(&calls);
	status = run_command(hp, argv);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGTERM);
	hotprobe_free(hp);
	free(calls);
}
END_TEST

START_TEST(a_command_that_is_not_let_go_is_ended_with_the_handle)
{
	NEED(no_bpf());

	const char *argv[] = {"true", NULL};
	struct calls *calls;
	struct hotprobe *hp;
	pid_t pid;

	hp = load_calls(&calls);
	ck_hp(hp, hotprobe_command_start(hp, argv, NULL));
	pid = hotprobe_command_pid(hp);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(hotprobe_command_start(hp, argv, NULL), -EBUSY);
	ck_assert_int_eq(kill(pid, 0), 0);
	hotprobe_free(hp);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	free(calls);
}
END_TEST

START_TEST(a_command_that_runs_outlives_the_handle)
{
	NEED(no_bpf());

	const char *argv[] = {build_path("tests/child"), "sleep", NULL};
	struct calls *calls;
	struct hotprobe *hp;
	pid_t pid;

	hp = load_calls(&calls);
	ck_hp(hp, hotprobe_command_start(hp, argv, NULL));
	ck_hp(hp, hotprobe_command_release(hp));
	ck_assert_int_eq(hotprobe_command_release(hp), -EBUSY);
	pid = hotprobe_command_pid(hp);
	hotprobe_free(hp);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	free(calls);
}
END_TEST

START_TEST(a_command_that_cannot_be_run_is_refused)
{
	NEED(no_bpf());

	char *dir = make_dir(), *text = format("%s/text", dir);
	char *script = format("%s/script", dir);
	const struct {
		const char *name;
		int err;
	} cases[] = {
		{"no-such-command-at-all", -ENOENT},
		{"/nonexistent/command", -ENOENT},
		{text, -EACCES},
		{dir, -EACCES},
		{script, -ENOENT},
		{"", -EINVAL},
	};
	const char *none[] = {NULL};
	struct calls *calls;
	struct hotprobe *hp;

	write_file(text, "x", 1);
	write_file(script, "#!/nonexistent/interpreter\n", 27);
	chmod(script, 0755);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *argv[] = {cases[i].name, NULL};
		int err, status;

		hp = load_calls(&calls);
		err = hotprobe_command_start(hp, argv, NULL);
		if (!err)
			err = hotprobe_command_release(hp);
		ck_assert_msg(err == cases[i].err, "%s: %d", cases[i].name, err);
		ck_assert_uint_gt(strlen(hotprobe_error(hp)), 0);
		hotprobe_command_status(hp, &status);
		hotprobe_free(hp);
		free(calls);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
		ck_assert_int_eq(errno, ECHILD);
	}
	hp = load_calls(&calls);
	ck_assert_int_eq(hotprobe_command_start(hp, none, NULL), -EINVAL);
	hotprobe_free(hp);
	free(calls);
	free(script);
	free(text);
	remove_dir(dir);
}
END_TEST

START_TEST(a_script_without_an_interpreter_is_the_shells)
{
	NEED(no_bpf());

	char *dir = make_dir(), *script = format("%s/script", dir);
	const char *argv[] = {script, "5", NULL};
	struct calls *calls;
	struct hotprobe *hp;
	int status;

	write_file(script, "exit $1\n", 8);
	chmod(script, 0755);
	hp = load_calls(&calls);
	status = run_command(hp, argv);
	ck_assert_int_eq(WEXITSTATUS(status), 5);
	hotprobe_free(hp);
	free(calls);
	free(script);
	remove_dir(dir);
}
END_TEST

START_TEST(a_program_outside_of_tasks_says_it_is_not_confined)
{
	NEED(no_bpf());

	struct hotprobe *hp;

	hp = new_handle(&confined);
	open_text(hp, "#include <uapi/linux/ptrace.h>\n"
		      "int on_packet(struct xdp_md *ctx) { return 2; }\n"
		      "int syscall__getsid(struct pt_regs *ctx) { return 0; }\n");
	load_program(hp);
	ck_assert(hotprobe_program_unconfined(hotprobe_find_program(hp, "on_packet")));
	ck_assert(!hotprobe_program_unconfined(hotprobe_find_program(hp, "syscall__getsid")));
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("confine");

	add_test(suite, the_execve_of_a_command_is_the_first_thing_seen, 60);
	add_test(suite, a_running_process_is_traced_with_the_children_it_has, 30);
	add_test(suite, an_orphan_is_still_a_descendant, 30);
	add_test(suite, two_processes_are_traced_and_a_third_is_not, 30);
	add_test(suite, a_process_that_is_none_is_refused, 30);
	add_test(suite, without_the_option_no_process_is_traced_singly, 30);
	add_test(suite, a_command_gets_its_arguments_environment_and_status, 30);
	add_test(suite, the_end_of_a_process_is_seen, 30);
	add_test(suite, a_command_that_a_signal_ends_says_so, 30);
	add_test(suite, a_command_that_is_not_let_go_is_ended_with_the_handle, 30);
	add_test(suite, a_command_that_runs_outlives_the_handle, 30);
	add_test(suite, a_command_that_cannot_be_run_is_refused, 60);
	add_test(suite, a_script_without_an_interpreter_is_the_shells, 30);
	add_test(suite, a_program_outside_of_tasks_says_it_is_not_confined, 30);
	return run_suite(suite);
}
