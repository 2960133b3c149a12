/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execsnoop: every program that is started, with its arguments, and by whom.
 *
 *     # hotprobe run execsnoop.c -- sh -c 'sleep 1; env nosuch'
 *         pid    ppid     uid     ret comm            path            args
 *        5587    5581       0       0 sh              /usr/bin/sh     sh -c sleep 1; env nosuch
 *        5589    5587       0       0 sleep           /usr/bin/sleep  sleep 1
 *        5670    5587       0       0 env             /usr/bin/env    env nosuch
 *        5670    5587       0  ENOENT env             /usr/bin/nosuch nosuch
 *        5670    5587       0  ENOENT env             /bin/nosuch     nosuch
 *     env: 'nosuch': No such file or directory
 *
 * ret is 0, or the error that execve() failed with. Of the arguments the first
 * ARGS are shown, and less than ARG_SIZE bytes of each.
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

#define ARGS 12
#define ARG_SIZE 64

struct event_t {
	u32 pid;
	u32 ppid;
	u32 uid;
	int ret;
	char comm[TASK_COMM_LEN];
	char path[128];
	char args[256]; /* with a space between them */
};

/* An event is too large for the stack of 512 bytes: it is made here. */
BPF_PERCPU_ARRAY(scratch, struct event_t, 1);
/* Calls under way, by process: a thread that succeeds returns as the main thread. */
BPF_HASH(calls, u32, struct event_t);
BPF_PERF_OUTPUT(exec_events);

static void read_args(struct event_t *event, const char __user *const __user *argv)
{
	const char __user *arg;
	u64 length = 0, size;

	event->args[0] = 0;
#pragma unroll
	for (int i = 0; i < ARGS; i++) {
		arg = NULL;
		bpf_probe_read_user(&arg, sizeof(arg), &argv[i]);
		if (!arg || length > sizeof(event->args) - ARG_SIZE)
			return;
		if (length)
			event->args[length - 1] = ' ';
		size = bpf_probe_read_user_str(&event->args[length], ARG_SIZE, arg);
		if (size > ARG_SIZE) /* an error: it is negative as an int */
			return;
		length += size;
	}
}

/* The memory that holds path and arguments is gone when execve() returns: read them now. */
int syscall__execve(struct pt_regs *ctx, const char __user *path,
		    const char __user *const __user *argv)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	int zero = 0;
	struct event_t *event = scratch.lookup(&zero);

	if (!event)
		return 0;
	event->pid = pid;
	event->ppid = task->real_parent->tgid;
	event->uid = bpf_get_current_uid_gid();
	bpf_probe_read_user_str(event->path, sizeof(event->path), path);
	read_args(event, argv);
	calls.update(&pid, event);
	return 0;
}

int kretprobe__sys_execve(struct pt_regs *ctx)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct event_t *event = calls.lookup(&pid);

	if (!event)
		return 0;
	event->ret = PT_REGS_RC(ctx);
	bpf_get_current_comm(&event->comm, sizeof(event->comm));
	exec_events.perf_submit(ctx, event, sizeof(*event));
	calls.delete(&pid);
	return 0;
}
