/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forksnoop: every process and thread that is made, and by whom.
 *
 *     # hotprobe run forksnoop.c -- sh -c 'true | cat'
 *         pid comm              child thread
 *        9532 sh                 9533 false
 *        9532 sh                 9534 false
 */
#include <linux/sched.h>

struct fork_t {
	u32 pid; /* of the parent */
	char comm[TASK_COMM_LEN];
	u32 child;
	bool thread;
};

BPF_PERF_OUTPUT(forks);

/* task_newtask runs in the parent, before the child does; CLONE_THREAD makes a thread. */
TRACEPOINT_PROBE(task, task_newtask)
{
	struct fork_t fork = {};

	fork.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&fork.comm, sizeof(fork.comm));
	fork.child = args->pid;
	fork.thread = (args->clone_flags & 0x00010000 /* CLONE_THREAD */) != 0;
	forks.perf_submit(args, &fork, sizeof(fork));
	return 0;
}
