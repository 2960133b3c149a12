/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command is to be traced from its execve on, and nothing of what comes before it. So the
 * child sleeps while probes are attached; then it is woken, and turns in a loop without any
 * system call until its process id is among the traced; its next system call is the execve.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "events.h"
#include "process_watch.h"

extern char **environ;

enum phase {
	SLEEPING,
	WOKEN,	  /* by the parent */
	TURNING,  /* says the child */
	RELEASED, /* by the parent */
};

struct shared {
	_Atomic uint32_t phase;
};

struct command {
	pid_t pid;
	int pidfd;
	int error_fd; /* the errno of an execve that failed comes here; closed by one that didn't */
	bool released;
	bool ended;
	int status;
	struct shared *shared;
};

enum {
	GIVE_UP_S = 10, /* the parent is gone, if it lets the child turn for that long */
};

static int64_t seconds(void)
{
	struct timespec t;

	/* In the vDSO, whatever the machine's clock is: no system call. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static void sleep_until_woken(struct shared *shared)
{
	while (atomic_load(&shared->phase) == SLEEPING)
		syscall(SYS_futex, &shared->phase, FUTEX_WAIT, SLEEPING, NULL, NULL, 0);
}

static void turn_until_released(struct shared *shared)
{
	int64_t end = seconds() + GIVE_UP_S;

	atomic_store(&shared->phase, TURNING);
	while (atomic_load(&shared->phase) != RELEASED)
		if (seconds() > end)
			_exit(127);
}

struct exec_plan {
	const char *path;
	char *const *argv;
	char *const *script_argv; /* "/bin/sh", path, arguments: for a script without #! */
	char *const *envp;
};

/* Only async-signal-safe functions: the host may have threads. */
static void run_child(struct shared *shared, int error_fd, const struct exec_plan *plan,
		      pid_t parent)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sleep_until_woken(shared);
	prctl(PR_SET_PDEATHSIG, 0);
	turn_until_released(shared);
	execve(plan->path, plan->argv, plan->envp);
	if (errno == ENOEXEC)
		execve(plan->script_argv[0], plan->script_argv, plan->envp);
	err = errno;
	if (write(error_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* As execvp looks for it, but here, so that the child makes one execve only. Malloc'ed. */
static char *find_program(const char *name, int *err)
{
	const char *path = secure_getenv("PATH"), *end;
	char *candidate;

	*err = 0;
	if (strchr(name, '/'))
		return strdup(name);
	if (!path)
		path = "/bin:/usr/bin";
	for (bool more = true; more; path = end + 1) {
		int length;

		end = strchrnul(path, ':');
		more = *end;
		length = (int)(end - path);
		if (asprintf(&candidate, "%.*s%s%s", length, path, length ? "/" : "", name) < 0) {
			*err = -ENOMEM;
			return NULL;
		}
		if (is_program(candidate))
			return candidate;
		free(candidate);
	}
	*err = -ENOENT;
	return NULL;
}

static char **script_argv(const char *path, const char *const argv[])
{
	size_t n = 0;
	char **copy;

	while (argv[n])
		n++;
	copy = calloc(n + 3, sizeof(*copy));
	if (!copy)
		return NULL;
	copy[0] = "/bin/sh";
	copy[1] = (char *)path;
	for (size_t i = 1; i < n; i++)
		copy[i + 1] = (char *)argv[i];
	return copy;
}

static int start(struct command *c, const struct exec_plan *plan)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	c->pid = fork();
	if (!c->pid)
		run_child(c->shared, fds[1], plan, parent);
	close(fds[1]);
	c->error_fd = fds[0];
	if (c->pid < 0)
		return -errno;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return c->pidfd < 0 ? -errno : 0;
}

static struct command *new_command(void)
{
	struct command *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct command){.pid = -1, .pidfd = -1, .error_fd = -1};
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared != MAP_FAILED)
		return c;
	free(c);
	return NULL;
}

static void reap(struct command *c)
{
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
	c->ended = true;
}

void command_free(struct command *c)
{
	if (!c)
		return;
	if (c->pid > 0 && !c->released && !c->ended) {
		kill(c->pid, SIGKILL);
		reap(c);
	}
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->error_fd >= 0)
		close(c->error_fd);
	munmap(c->shared, sizeof(*c->shared));
	free(c);
}

static bool has_stacks(const struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->table_count; i++)
		if (hp->tables[i].image->map_type == BPF_MAP_TYPE_STACK_TRACE)
			return true;
	return false;
}

/* Its stacks are looked at when it has ended. */
static void watch_processes(struct hotprobe *hp)
{
	int err = has_stacks(hp) ? process_watch_start(hp, hp->command->pid) : 0;

	if (!err && hp->watch)
		err = events_watch_processes(hp);
	if (!err)
		return;
	process_watch_free(hp);
	note(hp, HOTPROBE_WARNING, "stacks of processes that have ended will have no names: %s",
	     strerror(-err));
}

int hotprobe_command_start(struct hotprobe *hp, const char *const argv[], const char *const envp[])
{
	struct exec_plan plan = {.argv = (char *const *)argv,
				 .envp = envp ? (char *const *)envp : environ};
	struct command *c = NULL;
	char *path, **script;
	int err;

	if (hp->command || !hp->loaded)
		return fail(hp, -EBUSY,
			    hp->command ? "there is a command already"
					: "load the programs before starting a "
					  "command");
	if (!argv || !argv[0] || !*argv[0])
		return fail(hp, -EINVAL, "the command is empty");
	plan.path = path = find_program(argv[0], &err);
	plan.script_argv = script = path ? script_argv(path, argv) : NULL;
	c = script ? new_command() : NULL;
	if (!err)
		err = c ? start(c, &plan) : -ENOMEM;
	if (!err) {
		hp->command = c;
		watch_processes(hp);
	} else {
		command_free(c);
	}
	free(script);
	free(path);
	return err ? fail(hp, err, "cannot start %s: %s", argv[0], strerror(-err)) : 0;
}

static int wait_for_phase(struct command *c, uint32_t phase)
{
	struct pollfd p = {.fd = c->pidfd, .events = POLLIN};

	while (atomic_load(&c->shared->phase) != phase)
		if (poll(&p, 1, 0) > 0 || (usleep(50), 0))
			return -ECHILD;
	return 0;
}

int hotprobe_command_release(struct hotprobe *hp)
{
	struct command *c = hp->command;
	int err = 0, exec_error;
	ssize_t n;

	if (!c || c->released)
		return fail(hp, -EBUSY, "there is no command to release");
	atomic_store(&c->shared->phase, WOKEN);
	syscall(SYS_futex, &c->shared->phase, FUTEX_WAKE, 1, NULL, NULL, 0);
	err = wait_for_phase(c, TURNING);
	if (!err && hp->confinement)
		err = confine_add(hp->confinement, c->pid);
	if (err)
		return fail(hp, err, "the command ended before it was let go");
	c->released = true;
	atomic_store(&c->shared->phase, RELEASED);
	do
		n = read(c->error_fd, &exec_error, sizeof(exec_error));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(exec_error))
		return 0;
	reap(c);
	return fail(hp, -exec_error, "cannot run the command: %s", strerror(exec_error));
}

pid_t hotprobe_command_pid(const struct hotprobe *hp)
{
	return hp->command ? hp->command->pid : 0;
}

int hotprobe_command_fd(const struct hotprobe *hp)
{
	return hp->command ? hp->command->pidfd : -1;
}

int hotprobe_command_status(struct hotprobe *hp, int *status)
{
	struct command *c = hp->command;
	pid_t pid;

	if (!c)
		return 0;
	if (!c->ended) {
		pid = waitpid(c->pid, &c->status, WNOHANG);
		/* ECHILD: the host has reaped it, or ignores SIGCHLD. */
		c->ended = pid == c->pid || (pid < 0 && errno == ECHILD);
	}
	if (c->ended)
		*status = c->status;
	return c->ended;
}
