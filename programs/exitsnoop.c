/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exitsnoop: every process that ends: how long it lived, its exit code or the signal that ended it.
 *
 *     # hotprobe run exitsnoop.c -- sh -c 'sleep 0.2; (exit 3); kill -9 $$'
 *         pid    ppid comm                age_ns    code signal
 *        9405    9401 sleep                209ms       0 0
 *        9408    9401 sh                   104us       3 0
 *        9401    9366 sh                   251ms       0 SIGKILL
 */
#include <linux/sched.h>

struct exit_t {
	u32 pid;
	u32 ppid;
	char comm[TASK_COMM_LEN];
	u64 age_ns;
	int code;
	u32 signal;
};

BPF_PERF_OUTPUT(exits);

TRACEPOINT_PROBE(sched, sched_process_exit)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u64 id = bpf_get_current_pid_tgid();
	struct exit_t exit = {};

	/* Other threads than the first are no processes. */
	if ((u32)id != id >> 32)
		return 0;
	exit.pid = id >> 32;
	exit.ppid = task->real_parent->tgid;
	bpf_get_current_comm(&exit.comm, sizeof(exit.comm));
	exit.age_ns = bpf_ktime_get_ns() - task->start_time;
	/* As wait(2) has it: the code in the second byte, the signal in the first. */
	exit.code = task->exit_code >> 8 & 0xff;
	exit.signal = task->exit_code & 0x7f;
	exits.perf_submit(args, &exit, sizeof(exit));
	return 0;
}
