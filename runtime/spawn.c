/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_spawn would do, but its child raises SIGCHLD in the host and can be reaped by the host's
 * own waitpid(-1). A clone without exit signal does neither: only __WALL sees it.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	STACK_SIZE = 64 << 10,
};

struct child {
	const char *path;
	const int *fds;
	sigset_t mask; /* all signals, as the child starts */
	volatile int error;
};

/* A handler of the host's must not run in the child, which shares its memory until execve. */
static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	struct sigaction old;

	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &old) && old.sa_handler != SIG_DFL)
			sigaction(i, &action, NULL);
}

static int run_child(void *arg)
{
	struct child *child = arg;
	char *const argv[] = {(char *)child->path, NULL};
	char *const envp[] = {NULL};
	int moved[3];
	sigset_t none;

	default_signals();
	/* Above 2 first: an fd of the caller's may be one of those it is to become. */
	for (int i = 0; i < 3; i++)
		if ((moved[i] = fcntl(child->fds[i], F_DUPFD, 3)) < 0)
			goto fail;
	for (int i = 0; i < 3; i++)
		if (dup2(moved[i], i) < 0)
			goto fail;
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		for (int i = 0; i < 3; i++)
			close(moved[i]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(child->path, argv, envp);
fail:
	child->error = errno;
	_exit(127);
}

int spawn_helper(const char *path, const int fds[3], pid_t *pid, int *pidfd)
{
	struct child child = {.path = path, .fds = fds};
	sigset_t all, old;
	char *stack;
	int err = 0;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	*pid = clone(run_child, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, &child,
		     pidfd);
	if (*pid < 0)
		err = -errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	munmap(stack, STACK_SIZE);
	if (!err && child.error) {
		int status;

		spawn_wait(*pidfd, -1, &status);
		err = -child.error;
	}
	return err;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int wait_readable(int fd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
		int n = poll(&p, 1, left < -1 ? 0 : (int)left);

		if (n > 0)
			return 0;
		if (!n)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* waitid on a pidfd needs Linux 5.4, and P_PIDFD glibc 2.36. */
static void reap(int pidfd, int *status)
{
	siginfo_t info = {0};

	while (waitid((idtype_t)3 /* P_PIDFD */, pidfd, &info, WEXITED | __WALL) && errno == EINTR)
		;
	if (info.si_code == CLD_EXITED)
		*status = info.si_status << 8;
	else
		*status = info.si_status & 0x7f;
}

int spawn_wait(int pidfd, int timeout_ms, int *status)
{
	int err = wait_readable(pidfd, timeout_ms);

	if (err)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	reap(pidfd, status);
	close(pidfd);
	return err;
}
