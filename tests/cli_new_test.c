/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe new: that its programs compile and pass the verifier, and send what happened.
 *
 * HOTPROBE_TEST_ALL=1 takes every tracepoint and raw tracepoint in place of a sample, some minutes.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW(...) RUN(build_path("hotprobe"), "new", __VA_ARGS__)

static void check_has(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted), "\"%s\" is not in:\n%s", wanted, text);
}

/* ---- Every one is a program -------------------------------------------------------------------
 */

enum {
	PARTS = 6, /* of a long test, for a time limit each */
};

struct targets {
	char *list[200000];
	size_t count;
};

static bool keep_target(void *ctx, const struct hotprobe_target_info *info)
{
	struct targets *targets = ctx;

	if (targets->count < COUNT(targets->list))
		targets->list[targets->count++] = strdup(info->target);
	return false;
}

/* Those of a kind; NULL if there are none. */
static struct targets *targets_of(const char *pattern)
{
	struct targets *targets = calloc(1, sizeof(*targets));
	struct hotprobe *hp = new_handle(NULL);

	hotprobe_list_targets(hp, pattern, false, keep_target, targets);
	hotprobe_free(hp);
	return targets;
}

/* As `hotprobe new TARGET | hotprobe check -`, but for the second process. */
static void check_program(const char *target)
{
	struct result result = NEW(target);
	struct hotprobe *hp = new_handle(NULL);
	const struct hotprobe_diagnostic *warning;

	ck_assert_msg(!result.status, "%s: %s", target, result.err);
	open_text(hp, result.out);
	load_program(hp);
	warning = find_diagnostic(hp, HOTPROBE_WARNING);
	ck_assert_msg(!warning, "%s: %s", target, warning ? warning->text : "");
	ck_assert_uint_gt(hotprobe_program_count(hp), 0);
	for (size_t i = 0; i < hotprobe_program_count(hp); i++)
		ck_assert_msg(hotprobe_program_placed(hotprobe_program_at(hp, i)),
			      "%s: a function is attached to nothing", target);
	hotprobe_free(hp);
	result_free(&result);
}

/* Every so many of them, of one of the parts. */
static void check_programs(const char *pattern, size_t every, int part, size_t least)
{
	struct targets *targets = targets_of(pattern);
	size_t checked = 0;

	if (getenv("HOTPROBE_TEST_ALL"))
		every = 1;
	else if (!shared_machine())
		every *= 15; /* an emulated processor takes as many times as long */
	if (targets->count)
		ck_assert_uint_ge(targets->count, least);
	for (size_t i = 0; i < targets->count; i++) {
		if (i % every == 0 && (int)(i / every) % PARTS == part) {
			check_program(targets->list[i]);
			checked++;
		}
		free(targets->list[i]);
	}
	free(targets);
	if (!checked)
		SKIP("there are none in %s", pattern);
}

START_TEST(every_system_call_has_a_program)
{
	NEED(no_bpf());
	check_programs("syscall", 1, _i, 250);
}
END_TEST

START_TEST(tracepoints_have_a_program)
{
	NEED(no_bpf());
	check_programs("tracepoint", 9, _i, 1000);
}
END_TEST

START_TEST(raw_tracepoints_have_a_program)
{
	NEED(no_bpf());
	NEED(no_btf());
	check_programs("raw_tracepoint", 12, _i, 500);
}
END_TEST

START_TEST(functions_have_a_program)
{
	NEED(no_bpf());
	NEED(no_btf());
	check_programs("kprobe:[a-z]*", 2000, _i, 10000);
}
END_TEST

START_TEST(every_iterator_has_a_program)
{
	NEED(no_bpf());
	NEED(no_btf());
	check_programs("iter", 1, _i, PARTS);
}
END_TEST

START_TEST(other_kinds_have_a_program)
{
	static const char *const targets[] = {
		"syscall_ret:openat",
		"kretprobe:vfs_read",
		"uprobe:c:malloc",
		"uretprobe:c:malloc",
		"uprobe:c:0x1000",
		"perf_event:cpu-clock",
		"perf_event:page-faults:period=1",
		"xdp:lo",
		"tc:lo:ingress",
		"tc:lo:egress",
		"socket:lo",
	};
	char *usdt = format("usdt:%s:user:values", build_path("tests/user_child"));

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(targets); i++)
		check_program(targets[i]);
	check_program(usdt);
	free(usdt);
}
END_TEST

/* What this kernel does not load has to compile, at least. */
START_TEST(trampolines_and_hooks_have_a_program)
{
	static const char *const targets[] = {
		"kfunc:vfs_read",	   "kfunc:do_unlinkat",		  "kretfunc:vfs_read",
		"kretfunc:kstrtoint",	   "fmod_ret:security_file_open", "lsm:file_open",
		"lsm:bprm_check_security", "lsm:inode_free_security",
	};

	NEED(no_bpf());
	NEED(no_btf());
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct result result = NEW(targets[i]);
		struct hotprobe *hp = new_handle(NULL);
		int err;

		if (result.status == 1) {
			result_free(&result); /* this kernel has no such function */
			continue;
		}
		ck_assert_msg(!result.status, "%s: %s", targets[i], result.err);
		open_text(hp, result.out);
		ck_assert_uint_eq(hotprobe_program_count(hp), 1);
		ck_assert(hotprobe_program_placed(hotprobe_program_at(hp, 0)));
		err = hotprobe_load(hp);
		ck_assert_msg(!err || err == -EOPNOTSUPP, "%s: %s", targets[i], hotprobe_error(hp));
		hotprobe_free(hp);
		result_free(&result);
	}
}
END_TEST

/* ---- What they send ---------------------------------------------------------------------------
 */

enum {
	EVENTS_MAX = 64,
};

struct seen {
	struct hotprobe *hp;
	const struct hotprobe_type *type;
	char data[EVENTS_MAX][512];
	size_t size[EVENTS_MAX], count;
};

static void keep_event(void *ctx, int cpu, const void *data, size_t size)
{
	struct seen *seen = ctx;

	(void)cpu;
	ck_assert_uint_le(size, sizeof(seen->data[0]));
	if (seen->count == EVENTS_MAX)
		return;
	memcpy(seen->data[seen->count], data, size);
	seen->size[seen->count++] = size;
}

static pid_t peer_pid;

/* What the program for the target sends of a child that does the work once. */
static struct seen *trace(const char *target, void (*work)(void *arg), void *arg)
{
	struct hotprobe_opts opts = {.confine = true};
	struct seen *seen = calloc(1, sizeof(*seen));
	struct peer peer = peer_start(work, arg);
	struct result result = NEW(target);

	ck_assert_msg(!result.status, "%s: %s", target, result.err);
	seen->hp = new_handle(&opts);
	peer_pid = peer.pid;
	open_text(seen->hp, result.out);
	load_program(seen->hp);
	ck_hp(seen->hp, hotprobe_on_event(seen->hp, "events", keep_event, NULL, seen));
	ck_hp(seen->hp, hotprobe_trace_pid(seen->hp, peer.pid));
	ck_hp(seen->hp, hotprobe_attach(seen->hp));
	peer_work(&peer);
	while (ck_hp(seen->hp, hotprobe_consume(seen->hp)))
		;
	hotprobe_detach(seen->hp);
	peer_end(&peer);
	seen->type = hotprobe_event_type(seen->hp, "events");
	ck_assert_ptr_nonnull(seen->type);
	result_free(&result);
	return seen;
}

static void seen_free(struct seen *seen)
{
	hotprobe_free(seen->hp);
	free(seen);
}

static int64_t number(const struct seen *seen, size_t event, const char *field)
{
	struct hotprobe_value value;

	ck_assert_uint_lt(event, seen->count);
	ck_assert_msg(
		!hotprobe_field(seen->type, seen->data[event], seen->size[event], field, &value),
		"there is no %s", field);
	return hotprobe_field_int(seen->type, seen->data[event], seen->size[event], field);
}

static const char *text(const struct seen *seen, size_t event, const char *field)
{
	static char buf[512];

	ck_assert_uint_lt(event, seen->count);
	return hotprobe_field_string(seen->type, seen->data[event], seen->size[event], field, buf,
				     sizeof(buf));
}

/* The first whose field is that text. */
static size_t find_text(const struct seen *seen, const char *field, const char *wanted)
{
	for (size_t i = 0; i < seen->count; i++)
		if (!strcmp(text(seen, i, field), wanted))
			return i;
	ck_abort_msg("no event has %s \"%s\"", field, wanted);
	return 0;
}

static size_t find_number(const struct seen *seen, const char *field, int64_t wanted)
{
	for (size_t i = 0; i < seen->count; i++)
		if (number(seen, i, field) == wanted)
			return i;
	ck_abort_msg("no event has %s %lld", field, (long long)wanted);
	return 0;
}

static void check_head(const struct seen *seen, size_t event)
{
	ck_assert_int_eq(number(seen, event, "pid"), peer_pid);
	ck_assert_str_eq(text(seen, event, "comm"), "cli_new_test");
}

static void file_work(void *dir)
{
	char *name = format("%s/a", (const char *)dir), *other = format("%s/b", (const char *)dir);
	char buffer[64];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_CREAT | O_RDWR, 0640);

	if (write(fd, "some bytes", 10) != 10 || lseek(fd, 2, SEEK_SET) != 2 ||
	    read(fd, buffer, 5) != 5)
		_exit(1);
	syscall(SYS_ftruncate, fd, 7L);
	syscall(SYS_dup3, fd, 77, 0);
	close(77);
	close(fd);
	syscall(SYS_renameat, AT_FDCWD, name, AT_FDCWD, other);
	syscall(SYS_unlinkat, AT_FDCWD, other, 0);
	syscall(SYS_unlinkat, AT_FDCWD, "/no/such/file", 0);
	if (syscall(SYS_getcwd, buffer, sizeof(buffer)) < 0)
		_exit(1);
	free(name);
	free(other);
}

START_TEST(openat_is_sent_with_its_arguments_and_result)
{
	char *dir = make_dir(), *name = format("%s/a", dir);
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("syscall:openat", file_work, dir);
	event = find_text(seen, "filename", name);
	check_head(seen, event);
	ck_assert_int_eq(number(seen, event, "dfd"), AT_FDCWD);
	ck_assert_int_eq(number(seen, event, "flags") & ~O_LARGEFILE, O_CREAT | O_RDWR);
	ck_assert_int_eq(number(seen, event, "mode"), 0640);
	ck_assert_int_gt(number(seen, event, "ret"), 2);
	ck_assert_int_gt(number(seen, event, "delta_ns"), 0);
	seen_free(seen);
	free(name);
	remove_dir(dir);
}
END_TEST

START_TEST(bytes_read_and_written_are_sent_as_many_as_there_are)
{
	char *dir = make_dir();
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("syscall:write", file_work, dir);
	event = find_text(seen, "buf", "some bytes");
	check_head(seen, event);
	ck_assert_int_eq(number(seen, event, "count"), 10);
	ck_assert_int_eq(number(seen, event, "ret"), 10);
	seen_free(seen);
	seen = trace("syscall:read", file_work, dir);
	event = find_text(seen, "buf", "me by");
	ck_assert_int_eq(number(seen, event, "count"), 5);
	ck_assert_int_eq(number(seen, event, "ret"), 5);
	seen_free(seen);
	remove_dir(dir);
}
END_TEST

START_TEST(texts_of_a_system_call_are_sent)
{
	char *dir = make_dir(), *name = format("%s/a", dir), *other = format("%s/b", dir);
	char cwd[256];
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	ck_assert_ptr_nonnull(getcwd(cwd, 60));
	seen = trace("syscall:renameat", file_work, dir);
	event = find_text(seen, "oldname", name);
	ck_assert_str_eq(text(seen, event, "newname"), other);
	ck_assert_int_eq(number(seen, event, "ret"), 0);
	seen_free(seen);
	seen = trace("syscall:unlinkat", file_work, dir);
	ck_assert_int_eq(number(seen, find_text(seen, "pathname", other), "ret"), 0);
	ck_assert_int_eq(number(seen, find_text(seen, "pathname", "/no/such/file"), "ret"), -2);
	seen_free(seen);
	seen = trace("syscall:getcwd", file_work, dir);
	event = find_text(seen, "buf", cwd);
	ck_assert_int_eq(number(seen, event, "size"), 64);
	ck_assert_int_eq(number(seen, event, "ret"), (int64_t)strlen(cwd) + 1);
	seen_free(seen);
	free(name);
	free(other);
	remove_dir(dir);
}
END_TEST

START_TEST(numbers_of_a_system_call_are_sent)
{
	char *dir = make_dir();
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("syscall:dup3", file_work, dir);
	event = find_number(seen, "newfd", 77);
	ck_assert_int_eq(number(seen, event, "ret"), 77);
	seen_free(seen);
	seen = trace("syscall:lseek", file_work, dir);
	event = find_number(seen, "offset", 2);
	ck_assert_int_eq(number(seen, event, "whence"), SEEK_SET);
	ck_assert_int_eq(number(seen, event, "ret"), 2);
	seen_free(seen);
	seen = trace("syscall_ret:ftruncate", file_work, dir);
	ck_assert_uint_eq(seen->count, 1);
	ck_assert_int_eq(number(seen, 0, "ret"), 0);
	seen_free(seen);
	remove_dir(dir);
}
END_TEST

static void signal_work(void *unused)
{
	(void)unused;
	kill(getpid(), 0);
	syscall(SYS_kill, -1234567, SIGUSR1);
}

START_TEST(arguments_called_as_the_events_own_members_are_sent_beside_them)
{
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("syscall:kill", signal_work, NULL);
	event = find_number(seen, "arg_pid", -1234567);
	check_head(seen, event);
	ck_assert_int_eq(number(seen, event, "sig"), SIGUSR1);
	ck_assert_int_eq(number(seen, event, "ret"), -3);
	event = find_number(seen, "arg_pid", peer_pid);
	ck_assert_int_eq(number(seen, event, "ret"), 0);
	seen_free(seen);
}
END_TEST

static void exec_work(void *unused)
{
	pid_t pid = vfork();

	(void)unused;
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

START_TEST(an_execve_that_succeeds_is_sent_with_the_name)
{
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("syscall:execve", exec_work, NULL);
	event = find_text(seen, "filename", "/bin/true");
	ck_assert_int_eq(number(seen, event, "ret"), 0);
	ck_assert_str_eq(text(seen, event, "comm"), "true");
	seen_free(seen);
	seen = trace("syscall:exit_group", exec_work, NULL);
	ck_assert_int_eq(number(seen, 0, "error_code"), 0);
	seen_free(seen);
}
END_TEST

START_TEST(fields_of_tracepoints_are_sent)
{
	char *dir = make_dir();
	struct seen *seen;
	size_t event;

	NEED(no_bpf());
	seen = trace("tracepoint:sched:sched_process_exec", exec_work, NULL);
	event = find_text(seen, "filename", "/bin/true");
	ck_assert_int_eq(number(seen, event, "arg_pid"), number(seen, event, "pid"));
	ck_assert_int_eq(number(seen, event, "old_pid"), number(seen, event, "pid"));
	seen_free(seen);
	seen = trace("tracepoint:sched:sched_process_exit", exec_work, NULL);
	event = find_text(seen, "arg_comm", "true");
	ck_assert_int_eq(number(seen, event, "arg_pid"), number(seen, event, "pid"));
	seen_free(seen);
	seen = trace("tracepoint:syscalls:sys_enter_write", file_work, dir);
	event = find_text(seen, "buf", "some bytes");
	check_head(seen, event);
	ck_assert_int_eq(number(seen, event, "count"), 10);
	seen_free(seen);
	seen = trace("tracepoint:syscalls:sys_exit_lseek", file_work, dir);
	find_number(seen, "arg_ret", 2);
	seen_free(seen);
	remove_dir(dir);
}
END_TEST

START_TEST(arguments_of_raw_tracepoints_are_sent)
{
	struct seen *seen;

	NEED(no_bpf());
	NEED(no_btf());
	seen = trace("raw_tracepoint:sched_process_exec", exec_work, NULL);
	ck_assert_uint_eq(seen->count, 1);
	ck_assert_int_eq(number(seen, 0, "old_pid"), number(seen, 0, "pid"));
	ck_assert_int_lt(number(seen, 0, "bprm"), 0); /* in the kernel's half */
	seen_free(seen);
	seen = trace("raw_tracepoint:sys_enter", signal_work, NULL);
	find_number(seen, "arg_id", SYS_kill);
	seen_free(seen);
}
END_TEST

/* The numbers of user_child.c. */
static void user_work(void *mode)
{
	pid_t pid = vfork();

	if (!pid) {
		execl(build_path("tests/user_child"), "user_child", mode, "3", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

START_TEST(arguments_of_functions_and_probes_in_user_space_are_sent)
{
	char *function = format("uprobe:%s:user_library_add", build_path("tests/libuser.so"));
	char *returns = format("uretprobe:%s:user_library_add", build_path("tests/libuser.so"));
	char *probe = format("usdt:%s:user:values", build_path("tests/user_child"));
	struct seen *seen;

	NEED(no_bpf());
	seen = trace(function, user_work, (void *)"library");
	ck_assert_uint_eq(seen->count, 3);
	ck_assert_int_eq(number(seen, 2, "arg1"), 2);
	ck_assert_int_eq(number(seen, 2, "arg2"), 4);
	ck_assert_str_eq(text(seen, 2, "comm"), "user_child");
	seen_free(seen);
	seen = trace(returns, user_work, (void *)"library");
	ck_assert_uint_eq(seen->count, 3);
	ck_assert_int_eq(number(seen, 2, "ret"), 6);
	seen_free(seen);
	seen = trace(probe, user_work, (void *)"usdt");
	ck_assert_uint_eq(seen->count, 3);
	ck_assert_int_eq(number(seen, 2, "arg1"), 2);
	ck_assert_int_eq(number(seen, 2, "arg2"), -((int64_t)2 << 33) - 1);
	ck_assert_int_eq(number(seen, 2, "arg3"), -8);
	ck_assert_int_eq(number(seen, 2, "arg4"), 50000);
	ck_assert_int_eq(number(seen, 2, "arg5"), 3);
	ck_assert_int_eq(number(seen, 2, "arg7"), 200);
	ck_assert_int_eq(number(seen, 2, "arg8"), -7);
	seen_free(seen);
	free(function);
	free(returns);
	free(probe);
}
END_TEST

/* ---- The command ------------------------------------------------------------------------------
 */

START_TEST(a_file_that_is_there_is_left_alone)
{
	char *dir = make_dir(), *file = format("%s/p.c", dir), *missing = format("%s/no/p.c", dir);
	struct result result = NEW("uprobe:c:malloc", "-o", file);
	size_t size;
	char *before;

	ck_assert_int_eq(result.status, 0);
	ck_assert_str_eq(result.out, "");
	result_free(&result);
	before = read_file(file, &size);
	check_has(before, "HOTPROBE(\"uprobe:c:malloc\")");
	check_has(before, file);
	result = NEW("uprobe:c:free", "-o", file);
	ck_assert_int_eq(result.status, 2);
	check_has(result.err, "it is there already");
	check_has(result.err, "hint: --force");
	result_free(&result);
	ck_assert_str_eq(read_file(file, &size), before);
	result = NEW("uprobe:c:free", "-o", file, "--force");
	ck_assert_int_eq(result.status, 0);
	result_free(&result);
	check_has(read_file(file, &size), "HOTPROBE(\"uprobe:c:free\")");
	result = NEW("uprobe:c:free", "-o", missing);
	ck_assert_int_eq(result.status, 2);
	check_has(result.err, "No such file or directory");
	result_free(&result);
	/* Nothing is made for a target that there is not. */
	unlink(file);
	result = NEW("uprobe:c:malocl", "-o", file);
	ck_assert_int_eq(result.status, 1);
	check_has(result.err, "did you mean 'uprobe:c:malloc'?");
	ck_assert_int_ne(access(file, F_OK), 0);
	result_free(&result);
	free(before);
	free(file);
	free(missing);
	remove_dir(dir);
}
END_TEST

static void check_usage(const char *target, const char *message)
{
	struct result result = NEW(target);

	ck_assert_msg(result.status == 2, "%s: %d", target, result.status);
	ck_assert_str_eq(result.out, "");
	check_has(result.err, message);
	result_free(&result);
}

START_TEST(one_target_is_needed)
{
	struct result result = RUN(build_path("hotprobe"), "new");

	ck_assert_int_eq(result.status, 2);
	check_has(result.err, "no KIND:TARGET");
	result_free(&result);
	check_usage("kprobe:vfs_*", "not a pattern");
	check_usage("vfs_read", "KIND:TARGET");
	check_usage("kprobe:", "KIND:TARGET");
	check_usage("nokind:vfs_read", "no kind of target 'nokind'");
	check_usage("sockmap:t:msg_verdict", "cannot be listed");
	result = NEW("uprobe:c:malloc", "uprobe:c:free");
	ck_assert_int_eq(result.status, 2);
	result_free(&result);
	result = NEW("uprobe:/bin/true");
	ck_assert_int_ne(result.status, 0);
	result_free(&result);
}
END_TEST

START_TEST(standard_output_that_is_full_is_an_error)
{
	char *command = format("%s new uprobe:c:malloc >/dev/full", build_path("hotprobe"));
	struct result result = RUN("/bin/sh", "-c", command);

	ck_assert_int_eq(result.status, 3);
	check_has(result.err, "No space left on device");
	result_free(&result);
	free(command);
}
END_TEST

/* Paths may hold what would end a comment or a string. */
START_TEST(any_path_can_stand_in_a_program)
{
	char *dir = make_dir(), *sub = format("%s/a \"*", dir), *file, *target;
	struct hotprobe *hp = new_handle(NULL);
	struct result result;

	ck_assert_int_eq(mkdir(sub, 0755), 0);
	file = format("%s/b.so", sub);
	ck_assert_int_eq(symlink(build_path("tests/libuser.so"), file), 0);
	target = format("uprobe:%s:user_library_add", file);
	result = NEW(target);
	/* A pattern is meant for the shell: a file of such a name is given by another. */
	ck_assert_int_eq(result.status, 2);
	result_free(&result);
	unlink(file);
	rmdir(sub);
	free(sub);
	free(file);
	free(target);
	sub = format("%s/a \"b", dir);
	ck_assert_int_eq(mkdir(sub, 0755), 0);
	file = format("%s/b.so", sub);
	ck_assert_int_eq(symlink(build_path("tests/libuser.so"), file), 0);
	target = format("uprobe:%s:user_library_add", file);
	result = NEW(target);
	ck_assert_msg(!result.status, "%s", result.err);
	open_text(hp, result.out);
	ck_assert(hotprobe_program_placed(hotprobe_program_at(hp, 0)));
	hotprobe_free(hp);
	result_free(&result);
	free(file);
	free(target);
	free(sub);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_new");

	add_loop_test(suite, every_system_call_has_a_program, 300, PARTS);
	add_loop_test(suite, tracepoints_have_a_program, 1200, PARTS);
	add_loop_test(suite, raw_tracepoints_have_a_program, 1200, PARTS);
	add_loop_test(suite, functions_have_a_program, 300, PARTS);
	add_loop_test(suite, every_iterator_has_a_program, 120, PARTS);
	add_test(suite, other_kinds_have_a_program, 120);
	add_test(suite, trampolines_and_hooks_have_a_program, 60);
	add_test(suite, openat_is_sent_with_its_arguments_and_result, 60);
	add_test(suite, bytes_read_and_written_are_sent_as_many_as_there_are, 60);
	add_test(suite, texts_of_a_system_call_are_sent, 60);
	add_test(suite, numbers_of_a_system_call_are_sent, 60);
	add_test(suite, arguments_called_as_the_events_own_members_are_sent_beside_them, 60);
	add_test(suite, an_execve_that_succeeds_is_sent_with_the_name, 60);
	add_test(suite, fields_of_tracepoints_are_sent, 60);
	add_test(suite, arguments_of_raw_tracepoints_are_sent, 60);
	add_test(suite, arguments_of_functions_and_probes_in_user_space_are_sent, 60);
	add_test(suite, a_file_that_is_there_is_left_alone, 60);
	add_test(suite, one_target_is_needed, 60);
	add_test(suite, standard_output_that_is_full_is_an_error, 30);
	add_test(suite, any_path_can_stand_in_a_program, 60);
	return run_suite(suite);
}
