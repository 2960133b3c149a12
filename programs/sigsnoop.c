/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigsnoop: every signal that is sent: by whom, to whom, which.
 *
 *     # hotprobe run sigsnoop.c -- sh -c 'sleep 5 & kill $!; wait'
 *         pid comm            signal     target target_comm
 *       10247 sh              SIGTERM     10250 sh
 *       10250 sh              SIGCHLD     10247 sh
 *       10247 sh              SIGCHLD     10243 hotprobe
 *
 * What the kernel itself sends, such as SIGCHLD, is sent by the process that caused it.
 */
#include <linux/sched.h>

struct signal_t {
	u32 pid; /* the sender */
	char comm[TASK_COMM_LEN];
	u32 signal;
	u32 target;
	char target_comm[TASK_COMM_LEN];
};

BPF_PERF_OUTPUT(signals);

TRACEPOINT_PROBE(signal, signal_generate)
{
	struct signal_t signal = {};

	signal.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&signal.comm, sizeof(signal.comm));
	signal.signal = args->sig;
	signal.target = args->pid;
	__builtin_memcpy(&signal.target_comm, args->comm, sizeof(signal.target_comm));
	signals.perf_submit(args, &signal, sizeof(signal));
	return 0;
}
