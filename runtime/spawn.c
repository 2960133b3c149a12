/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child of the host's would raise SIGCHLD in it, and could be reaped by the host's own
 * waitpid(-1); a clone without exit signal does neither, but execve gives it one again. So the
 * helper is a grandchild: between it and the host a keeper waits that never calls execve. It shares
 * the host's memory and descriptors, like a thread, and all it does is to start the helper, wait
 * for it and note its status.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define __asan_unpoison_memory_region(address, size) ((void)(address), (void)(size))
#endif

enum {
	STACK_SIZE = 64 << 10, /* of each of the two */
};

struct spawn {
	const char *path;
	const int *fds;
	char *stack;
	pid_t host, keeper;
	volatile int helper_fd; /* a pidfd of the helper, -1 until it is started */
	volatile int error;	/* the errno of starting it */
	volatile int status;	/* -1 until it has ended */
};

/* For what runs on the stacks below and ends without a return: AddressSanitizer would mark their
   places in the memory that is shared, and never unmark them. */
#define OWN_STACK __attribute__((no_sanitize_address))

/* A handler of the host's must not run in a process that shares its memory, and the helper is not
   to inherit what the host ignores. */
OWN_STACK static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	struct sigaction old;

	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &old) && old.sa_handler != SIG_DFL)
			sigaction(i, &action, NULL);
}

/* The parent's death ends the process, even if it came before this call. */
OWN_STACK static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
}

OWN_STACK static int run_helper(void *arg)
{
	struct spawn *spawn = arg;
	char *const argv[] = {(char *)spawn->path, NULL};
	char *const envp[] = {NULL};
	int moved[3];
	sigset_t none;

	die_with(spawn->keeper);
	/* Above 2 first: an fd of the caller's may be one of those it is to become. */
	for (int i = 0; i < 3; i++)
		if ((moved[i] = fcntl(spawn->fds[i], F_DUPFD, 3)) < 0)
			goto fail;
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], i) < 0)
			goto fail;
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		for (int i = 0; i < 3; i++)
			close(moved[i]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(spawn->path, argv, envp);
fail:
	spawn->error = errno;
	_exit(127);
}

/* All signals are blocked here, so no call is interrupted. */
OWN_STACK static int run_keeper(void *arg)
{
	struct spawn *spawn = arg;
	int status;
	pid_t pid;

	spawn->keeper = getpid();
	die_with(spawn->host);
	default_signals();
	pid = clone(run_helper, spawn->stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, spawn, &spawn->helper_fd);
	if (pid < 0)
		spawn->error = errno;
	else if (waitpid(pid, &status, 0) == pid)
		spawn->status = status;
	_exit(0);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Failures are not told apart: until the helper runs, errno may be the keeper's. */
static int wait_readable(int fd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms, left;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do {
		left = end - now_ms();
		n = poll(&p, 1, left < 0 ? 0 : (int)left);
	} while (n < 0);
	return n ? 0 : -ETIMEDOUT;
}

static void kill_by_fd(int pidfd)
{
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

/* Returns 0, or -ETIMEDOUT. waitid on a pidfd needs Linux 5.4. */
static int wait_for_keeper(const struct spawn *spawn, int keeper_fd, int timeout_ms)
{
	int err = wait_readable(keeper_fd, timeout_ms);
	siginfo_t info;

	/* The helper, so that the keeper reaps it; the keeper's death is the helper's, too. */
	if (err)
		kill_by_fd(spawn->helper_fd >= 0 ? spawn->helper_fd : keeper_fd);
	while (waitid(P_PIDFD, (id_t)keeper_fd, &info, WEXITED | __WALL) && errno == EINTR)
		;
	return err;
}

int spawn_run(const char *path, const int fds[3], int timeout_ms, int *status)
{
	struct spawn spawn = {
		.path = path, .fds = fds, .host = getpid(), .helper_fd = -1, .status = -1};
	int keeper_fd, err = 0;
	sigset_t all, old;

	spawn.stack = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (spawn.stack == MAP_FAILED)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (clone(run_keeper, spawn.stack + 2 * STACK_SIZE, CLONE_VM | CLONE_FILES | CLONE_PIDFD,
		  &spawn, &keeper_fd) < 0)
		err = -errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err) {
		err = wait_for_keeper(&spawn, keeper_fd, timeout_ms);
		close(keeper_fd);
	}
	if (spawn.helper_fd >= 0)
		close(spawn.helper_fd);
	/* Its redzones must not outlast it: the address is used again. */
	__asan_unpoison_memory_region(spawn.stack, 2 * STACK_SIZE);
	munmap(spawn.stack, 2 * STACK_SIZE);
	if (!err && spawn.error)
		err = -spawn.error;
	if (!err && spawn.status < 0)
		err = -ECHILD; /* the keeper was killed */
	*status = spawn.status;
	return err;
}
