/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ERRNOS_MAX = 4,
	PATIENCE_S = 60,
	NO_WAY = 125, /* the child's status if it cannot be watched */
};

/* All but those that cannot fail, and those that end a process or undo something: close, munmap. */
static const struct {
	const char *name;
	int number;
	int errnos[ERRNOS_MAX];
} calls[] = {
#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
	CALL(bpf, EPERM, ENOMEM, EINVAL, E2BIG),
	CALL(perf_event_open, EACCES, ENOMEM, EINVAL, EMFILE),
	CALL(openat, ENOENT, EACCES, EMFILE, EINTR),
	CALL(read, EIO, EINTR),
	CALL(pread64, EIO, EINTR),
	CALL(write, ENOSPC, EINTR, EIO),
	CALL(mmap, ENOMEM, EPERM),
	CALL(ioctl, EINVAL, EPERM, ENOMEM),
	CALL(fcntl, EINVAL, EMFILE),
	CALL(newfstatat, ENOENT, EACCES, ENOMEM),
	CALL(fstatfs, EIO, ENOSYS),
	CALL(getdents64, EIO, ENOENT),
	CALL(readlinkat, ENOENT, EACCES),
	CALL(faccessat2, EACCES, ENOSYS),
	CALL(epoll_create1, EMFILE, ENOMEM),
	CALL(epoll_ctl, ENOMEM, ENOSPC),
	CALL(epoll_pwait, EINTR),
	CALL(eventfd2, EMFILE, ENOMEM),
	CALL(timerfd_create, EMFILE, ENOMEM),
	CALL(timerfd_settime, EINVAL),
	CALL(pipe2, EMFILE, ENFILE),
	CALL(dup3, EMFILE, EINTR),
	CALL(clone, EAGAIN, ENOMEM),
	CALL(clone3, ENOSYS, EAGAIN, ENOMEM),
	CALL(wait4, EINTR),
	CALL(waitid, EINTR),
	CALL(ppoll, EINTR, ENOMEM),
	CALL(pidfd_open, EMFILE, ENOSYS),
	CALL(socket, EMFILE, EPERM),
	CALL(socketpair, EMFILE, ENFILE),
	CALL(bind, EINVAL),
	CALL(setsockopt, EPERM),
	CALL(sendto, ENOBUFS, EINTR),
	CALL(sendmsg, ENOBUFS, EINTR),
	CALL(recvfrom, EINTR, ENOMEM),
	CALL(recvmsg, EINTR, ENOMEM),
	CALL(memfd_create, EMFILE, ENOSYS),
	CALL(ftruncate, ENOSPC),
	CALL(mkdirat, EACCES, ENOSPC),
	CALL(unlinkat, EACCES),
	CALL(renameat, EACCES, ENOSPC),
	CALL(linkat, EACCES, ENOSPC),
	CALL(utimensat, EACCES),
	CALL(fsopen, ENOSYS, EPERM),
	CALL(fsconfig, EPERM),
	CALL(fsmount, EPERM, EMFILE),
	CALL(uname, EFAULT),
	CALL(getcwd, ENOENT),
	CALL(sched_getaffinity, EINVAL),
	CALL(prlimit64, EPERM),
	CALL(kill, EPERM, ESRCH),
#ifdef SYS_open
	CALL(open, ENOENT, EACCES, EMFILE, EINTR),
	CALL(access, EACCES),
	CALL(readlink, ENOENT, EACCES),
	CALL(stat, ENOENT),
	CALL(poll, EINTR, ENOMEM),
	CALL(epoll_wait, EINTR),
	CALL(mkdir, EACCES, ENOSPC),
	CALL(unlink, EACCES),
	CALL(rename, EACCES, ENOSPC),
	CALL(vfork, EAGAIN, ENOMEM),
	CALL(pipe, EMFILE, ENFILE),
	CALL(dup2, EMFILE),
#endif
#undef CALL
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static size_t find_call(int number)
{
	size_t i = 0;

	while (i < COUNT(calls) && calls[i].number != number)
		i++;
	return i;
}

const char *faulty_name(int number)
{
	size_t i = find_call(number);

	return i < COUNT(calls) ? calls[i].name : "?";
}

/* ---- The child ------------------------------------------------------------------------------ */

/* Returns the descriptor on which its calls are told. */
static int install_filter(void)
{
	struct sock_filter filter[COUNT(calls) * 2 + 2];
	struct sock_fprog program = {.filter = filter};

	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							     offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(calls); i++) {
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number, 0, 1);
		filter[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

/* What parent and child tell each other. */
struct meeting {
	_Atomic int listener; /* the child's descriptor, -1 before, -2: there is none */
	_Atomic int watched;  /* the parent has it */
};

static void run_child(struct meeting *meeting, void (*work)(void *arg), void *arg)
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listener = install_filter();
	meeting->listener = listener < 0 ? -2 : listener;
	if (listener < 0)
		_exit(NO_WAY);
	/* Without a call that would have to be answered already. */
	while (!meeting->watched)
		;
	close(listener);
	work(arg);
	_exit(0);
}

/* ---- The watching process ------------------------------------------------------------------- */

struct watch {
	pid_t pid;
	int pidfd, listener;
	size_t nth, errno_index;
	struct faulty_run *run;
	time_t end;
};

static int answer_to(struct watch *watch, const struct seccomp_notif *call)
{
	size_t i = find_call(call->data.nr);

	if ((pid_t)call->pid != watch->pid || i == COUNT(calls))
		return 0;
	if (++watch->run->calls != watch->nth)
		return 0;
	watch->run->failed.number = call->data.nr;
	if (watch->errno_index >= ERRNOS_MAX)
		return 0;
	return watch->run->failed.err = calls[i].errnos[watch->errno_index];
}

static void answer_one(struct watch *watch)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {0};
	int err;

	if (ioctl(watch->listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return; /* whoever made it was killed */
	err = answer_to(watch, &call);
	answer.id = call.id;
	answer.error = -err;
	answer.flags = err ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(watch->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Until all that the filter holds for have ended, or the child has and its own are let go: their
   calls would get no answer. */
static void answer_all(struct watch *watch)
{
	struct pollfd fds[] = {
		{.fd = watch->listener, .events = POLLIN},
		{.fd = watch->pidfd, .events = POLLIN},
	};

	while (!(fds[0].revents & POLLHUP)) {
		int ready;

		fds[0].revents = 0;
		ready = poll(fds, 2, 1000);
		if (fds[0].revents & POLLIN)
			answer_one(watch);
		if (fds[1].revents)
			fds[1].fd = -1;
		if (ready <= 0 && time(NULL) > watch->end) {
			watch->run->hung = true;
			kill(watch->pid, SIGKILL);
			return;
		}
	}
}

static bool meet(struct watch *watch, struct meeting *meeting)
{
	while (meeting->listener == -1)
		usleep(50);
	watch->pidfd = (int)syscall(SYS_pidfd_open, watch->pid, 0);
	if (meeting->listener >= 0)
		watch->listener = (int)syscall(SYS_pidfd_getfd, watch->pidfd, meeting->listener, 0);
	meeting->watched = 1;
	return watch->pidfd >= 0 && watch->listener >= 0;
}

void faulty_run(void (*work)(void *arg), void *arg, size_t nth, size_t errno_index,
		struct faulty_run *run)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct watch watch = {
		.pidfd = -1,
		.listener = -1,
		.nth = nth,
		.errno_index = errno_index,
		.run = run,
		.end = time(NULL) + PATIENCE_S,
	};

	*run = (struct faulty_run){.status = -1};
	if (meeting == MAP_FAILED)
		return;
	meeting->listener = -1;
	fflush(NULL);
	watch.pid = fork();
	if (!watch.pid)
		run_child(meeting, work, arg);
	if (watch.pid > 0 && meet(&watch, meeting))
		answer_all(&watch);
	else if (watch.pid > 0)
		kill(watch.pid, SIGKILL);
	if (watch.pid > 0)
		waitpid(watch.pid, &run->status, 0);
	if (watch.listener >= 0)
		close(watch.listener);
	if (watch.pidfd >= 0)
		close(watch.pidfd);
	munmap(meeting, sizeof(*meeting));
}

static void do_nothing(void *unused)
{
	(void)unused;
	getpid();
}

const char *faulty_missing(void)
{
	struct faulty_run run;

	faulty_run(do_nothing, NULL, 0, 0, &run);
	return run.status ? "this kernel does not let a process answer the system calls of another"
			  : NULL;
}
