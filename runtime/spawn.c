/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child of the host's would raise SIGCHLD in it, and could be reaped by the host's own
 * waitpid(-1). A child cloned without exit signal does neither, but execve gives it one again. So
 * the helper is a grandchild: between it and the host is a keeper that never calls execve, and
 * only starts the helper, waits for it, and ends it when its time is over.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What becomes of the helper, on a page that all three share. */
struct outcome {
	int error; /* an errno: it could not be started, or took too long */
	bool ended;
	int status; /* as of waitpid(2) */
};

struct spawn {
	const char *path;
	const int *fds;
	int timeout_ms;
	struct outcome *outcome;
};

/* The host may have threads, and a copy of it has not: from here on to execve only what is
   async-signal-safe. All signals are blocked. */

/* The parent's death ends the process, even if it came before this call. */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
}

/* Neither keeper nor helper are to have the host's handlers, or to ignore what it ignores. */
static void default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &action, NULL);
}

static void run_helper(const struct spawn *spawn, pid_t keeper)
{
	char *const argv[] = {(char *)spawn->path, NULL};
	char *const envp[] = {NULL};
	int moved[3];
	sigset_t none;

	die_with(keeper);
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
	spawn->outcome->error = errno;
	_exit(127);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Waits for the blocked SIGCHLD. Returns whether the child has ended in time. */
static bool wait_for(pid_t pid, int timeout_ms, int *status)
{
	int64_t end = now_ms() + timeout_ms;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!waitpid(pid, status, WNOHANG)) {
		int64_t left = end - now_ms();
		struct timespec t = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};

		if (left <= 0)
			return false;
		sigtimedwait(&child, NULL, &t);
	}
	return true;
}

static void run_keeper(const struct spawn *spawn, pid_t host)
{
	pid_t keeper = getpid(), pid;

	die_with(host);
	default_signals();
	pid = vfork();
	if (!pid)
		run_helper(spawn, keeper);
	if (pid < 0) {
		spawn->outcome->error = errno;
		_exit(0);
	}
	/* What the host closes meanwhile is to be closed. */
	close_range(0, ~0U, 0);
	if (!wait_for(pid, spawn->timeout_ms, &spawn->outcome->status)) {
		spawn->outcome->error = ETIMEDOUT;
		kill(pid, SIGKILL);
		waitpid(pid, &spawn->outcome->status, 0);
	}
	spawn->outcome->ended = true;
	_exit(0);
}

static int start_and_wait(const struct spawn *spawn)
{
	pid_t host = getpid(), keeper;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	keeper = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
	if (!keeper)
		run_keeper(spawn, host);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (keeper < 0)
		return -errno;
	while (waitpid(keeper, NULL, __WALL) < 0 && errno == EINTR)
		;
	return 0;
}

int spawn_run(const char *path, const int fds[3], int timeout_ms, int *status)
{
	struct spawn spawn = {.path = path, .fds = fds, .timeout_ms = timeout_ms};
	int err;

	spawn.outcome = mmap(NULL, sizeof(*spawn.outcome), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spawn.outcome == MAP_FAILED)
		return -ENOMEM;
	err = start_and_wait(&spawn);
	if (!err && spawn.outcome->error)
		err = -spawn.outcome->error;
	else if (!err && !spawn.outcome->ended)
		err = -ECHILD; /* the keeper was killed */
	*status = spawn.outcome->status;
	munmap(spawn.outcome, sizeof(*spawn.outcome));
	return err;
}
