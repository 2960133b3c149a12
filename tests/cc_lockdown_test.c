/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiler that hostile source has taken over can do: a process is locked down as the
 * compiler process is and then tries, by bare system calls, what it must not. No compile, no BPF.
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/cc/lockdown.h"

/* What the process that tries shares with the test. */
static struct shared {
	int failed;	  /* of lockdown() */
	int result[64];	  /* errno of each try, 0 for success */
	char victim[128]; /* a file that anyone may read and write */
	int victim_fd;	  /* that, opened before */
	pid_t other;	  /* a process of the same user */
	bool other_is_ready;
	bool variables; /* has it an environment? */
	struct rlimit core, cpu, files, file_size, memory;
} * shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

/* Locked down, and as it is told without files; ends with the signal or status of work. */
static int in_worker(void (*work)(void), bool without_files)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		shared->failed = lockdown();
		if (!shared->failed && without_files)
			shared->failed = lockdown_files();
		if (!shared->failed)
			work();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!shared->failed, "lockdown: %s", strerror(-shared->failed));
	return status;
}

/* ---- What must not be --------------------------------------------------------------------------
 */

#define OPEN(flags) syscall(SYS_openat, AT_FDCWD, shared->victim, flags, 0666)

static long write_to_file(void)
{
	return OPEN(O_WRONLY);
}
static long write_and_read_file(void)
{
	return OPEN(O_RDWR);
}
static long create_file(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp/hotprobe-made", O_RDONLY | O_CREAT, 0600);
}
static long truncate_by_opening(void)
{
	return OPEN(O_RDONLY | O_TRUNC);
}
static long truncate_by_name(void)
{
	return syscall(SYS_truncate, shared->victim, 0L);
}
static long open_by_openat2(void)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};

	return syscall(SYS_openat2, AT_FDCWD, shared->victim, how, sizeof(how));
}
static long unlink_file(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, shared->victim, 0);
}
static long rename_file(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, shared->victim, AT_FDCWD, "/tmp/hotprobe-made", 0);
}
static long change_mode(void)
{
	return syscall(SYS_fchmodat, AT_FDCWD, shared->victim, 0777);
}
static long make_directory(void)
{
	return syscall(SYS_mkdirat, AT_FDCWD, "/tmp/hotprobe-made", 0700);
}
static long make_link(void)
{
	return syscall(SYS_symlinkat, "/", AT_FDCWD, "/tmp/hotprobe-made");
}
static long make_internet_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static long make_unix_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}
static long make_netlink_socket(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
}
static long make_socket_pair(void)
{
	int fds[2];

	return syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
}
static long execute(void)
{
	char *const argv[] = {"/bin/true", NULL}, *const envp[] = {NULL};

	return syscall(SYS_execve, argv[0], argv, envp);
}
static long execute_at(void)
{
	char *const argv[] = {"/bin/true", NULL}, *const envp[] = {NULL};

	return syscall(SYS_execveat, AT_FDCWD, argv[0], argv, envp, 0);
}
static long start_process(void)
{
	long pid = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);

	if (!pid)
		_exit(0);
	return pid;
}
static long start_process_by_clone3(void)
{
	uint64_t args[11] = {[4] = SIGCHLD};
	long pid = syscall(SYS_clone3, args, sizeof(args));

	if (!pid)
		_exit(0);
	return pid;
}
static long trace_process(void)
{
	return syscall(SYS_ptrace, PTRACE_SEIZE, (long)shared->other, 0L, 0L);
}
static long read_memory_of_process(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {&shared, 1};

	return syscall(SYS_process_vm_readv, shared->other, &here, 1L, &there, 1L, 0L);
}
static long signal_process(void)
{
	return syscall(SYS_kill, shared->other, SIGUSR1);
}
static long signal_thread(void)
{
	return syscall(SYS_tgkill, shared->other, shared->other, SIGUSR1);
}
static long queue_signal(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	return syscall(SYS_rt_sigqueueinfo, shared->other, SIGUSR1, &info);
}
static long have_signals_sent(void)
{
	return syscall(SYS_fcntl, shared->victim_fd, F_SETOWN, shared->other);
}
static long choose_signal_to_be_sent(void)
{
	return syscall(SYS_fcntl, shared->victim_fd, F_SETSIG, SIGKILL);
}
static long limit_process(void)
{
	struct rlimit none = {0, 0};

	return syscall(SYS_prlimit64, shared->other, RLIMIT_CORE, &none, NULL);
}
static long open_process(void)
{
	return syscall(SYS_pidfd_open, shared->other, 0);
}
static long make_bpf_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}
static long open_perf_event(void)
{
	uint32_t attr[32] = {1 /* software */, sizeof(attr)};

	return syscall(SYS_perf_event_open, attr, 0L, -1L, -1L, 0L);
}
static long mount_file_system(void)
{
	return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0L, NULL);
}
static long leave_namespace(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}
static long become_root(void)
{
	return syscall(SYS_setresuid, 0, 0, 0);
}
static long become_roots_group(void)
{
	return syscall(SYS_setresgid, 0, 0, 0);
}
static long take_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct all[2] = {{~0U, ~0U, 0}, {~0U, ~0U, 0}};

	return syscall(SYS_capset, &header, all);
}
static long allow_dumps(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
}
static long use_io_uring(void)
{
	struct io_uring_params params = {0};

	return syscall(SYS_io_uring_setup, 1, &params);
}
static long use_keys(void)
{
	return syscall(SYS_add_key, "user", "hotprobe", "x", 1L, -3L);
}
static long type_into_terminal(void)
{
	return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}
static long load_module(void)
{
	return syscall(SYS_finit_module, shared->victim_fd, "", 0);
}

static const struct {
	const char *name;
	long (*try)(void);
} forbidden[] = {
#define TRY(function)                                                                              \
	{                                                                                          \
#function, function                                                                \
	}
	TRY(write_to_file),
	TRY(write_and_read_file),
	TRY(create_file),
	TRY(truncate_by_opening),
	TRY(truncate_by_name),
	TRY(open_by_openat2),
	TRY(unlink_file),
	TRY(rename_file),
	TRY(change_mode),
	TRY(make_directory),
	TRY(make_link),
	TRY(make_internet_socket),
	TRY(make_unix_socket),
	TRY(make_netlink_socket),
	TRY(make_socket_pair),
	TRY(execute),
	TRY(execute_at),
	TRY(start_process),
	TRY(start_process_by_clone3),
	TRY(trace_process),
	TRY(read_memory_of_process),
	TRY(signal_process),
	TRY(signal_thread),
	TRY(queue_signal),
	TRY(have_signals_sent),
	TRY(choose_signal_to_be_sent),
	TRY(limit_process),
	TRY(open_process),
	TRY(make_bpf_map),
	TRY(open_perf_event),
	TRY(mount_file_system),
	TRY(leave_namespace),
	TRY(become_root),
	TRY(become_roots_group),
	TRY(take_capabilities),
	TRY(allow_dumps),
	TRY(use_io_uring),
	TRY(use_keys),
	TRY(type_into_terminal),
	TRY(load_module),
};

_Static_assert(COUNT(forbidden) <= 64, "shared->result");

static void try_all(void)
{
	for (size_t i = 0; i < COUNT(forbidden); i++)
		shared->result[i] = forbidden[i].try() < 0 ? errno : 0;
}

/* A process that has what the worker has, and waits. */
static pid_t start_other(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		if (!getuid() && setresuid(65534, 65534, 65534))
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		shared->other_is_ready = true;
		for (;;)
			pause();
	}
	while (!((volatile struct shared *)shared)->other_is_ready)
		usleep(1000);
	return pid;
}

static char *make_victim(void)
{
	char *dir = make_dir();

	chmod(dir, 0777);
	snprintf(shared->victim, sizeof(shared->victim), "%s/victim", dir);
	write_file(shared->victim, "content", 7);
	chmod(shared->victim, 0666);
	shared->victim_fd = open(shared->victim, O_RDONLY);
	return dir;
}

START_TEST(a_compiler_taken_over_cannot_leave_its_process)
{
	char *dir, *content;

	if (SANITIZED)
		SKIP("built with a sanitizer");
	share();
	dir = make_victim();
	shared->other = start_other();
	ck_assert_int_eq(in_worker(try_all, false), 0);
	for (size_t i = 0; i < COUNT(forbidden); i++)
		ck_assert_msg(shared->result[i] == EPERM, "%s: %s", forbidden[i].name,
			      shared->result[i] ? strerror(shared->result[i]) : "done");
	content = read_file(shared->victim, NULL);
	ck_assert_str_eq(content, "content");
	ck_assert_int_eq(access("/tmp/hotprobe-made", F_OK), -1);
	ck_assert_int_eq(waitpid(shared->other, NULL, WNOHANG), 0);
	kill(shared->other, SIGKILL);
	waitpid(shared->other, NULL, 0);
	close(shared->victim_fd);
	free(content);
	remove_dir(dir);
}
END_TEST

/* It is the filter that refuses: the same user without it may. */
static long (*const harmless[])(void) = {write_to_file, make_unix_socket,  start_process,
					 limit_process, have_signals_sent, signal_process};

static void try_without_filter(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (getuid() || !setresuid(65534, 65534, 65534))
		for (size_t i = 0; i < COUNT(harmless); i++)
			shared->result[i] = harmless[i]() < 0 ? errno : 0;
	_exit(0);
}

START_TEST(a_user_without_the_filter_could)
{
	char *dir;

	share();
	dir = make_victim();
	shared->other = start_other();
	memset(shared->result, -1, sizeof(shared->result));
	try_without_filter();
	for (size_t i = 0; i < COUNT(harmless); i++)
		ck_assert_int_eq(shared->result[i], 0);
	waitpid(shared->other, NULL, 0); /* the signal ends it */
	close(shared->victim_fd);
	remove_dir(dir);
}
END_TEST

/* ---- Files -------------------------------------------------------------------------------------
 */

static void try_files(void)
{
	shared->result[0] = OPEN(O_RDONLY) < 0 ? errno : 0;
	shared->result[1] = OPEN(O_PATH) < 0 ? errno : 0;
	shared->result[2] = syscall(SYS_open, shared->victim, O_RDONLY) < 0 ? errno : 0;
	shared->result[3] =
		syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY) < 0 ? errno : 0;
}

START_TEST(once_all_headers_are_made_no_file_can_be_opened)
{
	char *dir;

	if (SANITIZED)
		SKIP("built with a sanitizer");
	share();
	dir = make_victim();
	ck_assert_int_eq(in_worker(try_files, false), 0);
	ck_assert_int_eq(shared->result[0], 0);
	ck_assert_int_eq(in_worker(try_files, true), 0);
	ck_assert_int_eq(shared->result[0], EACCES);
	ck_assert_int_eq(shared->result[1], EACCES);
	ck_assert_int_eq(shared->result[2], EPERM);
	ck_assert_int_eq(shared->result[3], EACCES);
	remove_dir(dir);
}
END_TEST

/* ---- Who it is ---------------------------------------------------------------------------------
 */

static void look_at_limits(void)
{
	getrlimit(RLIMIT_CORE, &shared->core);
	getrlimit(RLIMIT_CPU, &shared->cpu);
	getrlimit(RLIMIT_NOFILE, &shared->files);
	getrlimit(RLIMIT_FSIZE, &shared->file_size);
	getrlimit(RLIMIT_AS, &shared->memory);
	shared->variables = environ && *environ;
}

START_TEST(time_memory_and_files_are_limited)
{
	share();
	ck_assert_int_eq(in_worker(look_at_limits, false), 0);
	ck_assert_uint_eq(shared->core.rlim_max, 0);
	ck_assert_uint_le(shared->cpu.rlim_max, 60);
	ck_assert_uint_le(shared->files.rlim_max, 256);
	ck_assert_uint_le(shared->file_size.rlim_max, 256 << 20);
	if (!SANITIZED)
		ck_assert_uint_le(shared->memory.rlim_max, 4ULL << 30);
	ck_assert(!shared->variables);
}
END_TEST

static void wait_to_be_seen(void)
{
	for (;;) {
		struct timespec t = {1, 0};

		nanosleep(&t, NULL);
	}
}

/* Its /proc/PID/status, while it lives. */
static char *status_of_worker(void)
{
	char *path, *text;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		shared->failed = lockdown();
		shared->result[0] = 1;
		if (!shared->failed)
			wait_to_be_seen();
		_exit(0);
	}
	for (int i = 0; i < 2000 && !((volatile int *)shared->result)[0]; i++)
		usleep(5000);
	ck_assert_int_eq(shared->failed, 0);
	path = format("/proc/%d/status", pid);
	text = read_file(path, NULL);
	free(path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return text;
}

static void check_line(const char *status, const char *wanted)
{
	ck_assert_msg(strstr(status, wanted), "no \"%s\" in:\n%s", wanted, status);
}

START_TEST(it_is_nobody_without_capabilities_or_the_way_to_any)
{
	char *status;

	share();
	status = status_of_worker();
	if (!getuid()) {
		check_line(status, "\nUid:\t65534\t65534\t65534\t65534\n");
		check_line(status, "\nGid:\t65534\t65534\t65534\t65534\n");
		check_line(status, "\nGroups:\t \n");
	}
	check_line(status, "\nCapInh:\t0000000000000000\n");
	check_line(status, "\nCapPrm:\t0000000000000000\n");
	check_line(status, "\nCapEff:\t0000000000000000\n");
	check_line(status, "\nCapAmb:\t0000000000000000\n");
	check_line(status, "\nNoNewPrivs:\t1\n");
	if (!SANITIZED)
		check_line(status, "\nSeccomp:\t2\n");
	free(status);
}
END_TEST

/* ---- Other ways into the kernel ----------------------------------------------------------------
 */

static void call_as_32_bit(void)
{
#ifdef __x86_64__
	long result;

	/* getpid, which 64-bit code may call. */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
#endif
}

static void call_as_x32(void)
{
#ifdef __x86_64__
	syscall(0x40000000 | SYS_getpid);
#endif
}

START_TEST(calls_by_another_abi_end_it)
{
	void (*const ways[])(void) = {call_as_32_bit, call_as_x32};
	int status;

#ifndef __x86_64__
	SKIP("there is one ABI");
#endif
	if (SANITIZED)
		SKIP("built with a sanitizer");
	share();
	status = in_worker(ways[_i], true);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "status %#x", status);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cc_lockdown");

	add_test(suite, a_compiler_taken_over_cannot_leave_its_process, 30);
	add_test(suite, a_user_without_the_filter_could, 30);
	add_test(suite, once_all_headers_are_made_no_file_can_be_opened, 30);
	add_test(suite, time_memory_and_files_are_limited, 30);
	add_test(suite, it_is_nobody_without_capabilities_or_the_way_to_any, 30);
	add_loop_test(suite, calls_by_another_abi_end_it, 30, 2);
	return run_suite(suite);
}
