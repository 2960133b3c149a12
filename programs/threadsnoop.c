/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threadsnoop: every thread that is made by pthread_create(3), and the function that it runs.
 *
 *     # hotprobe run threadsnoop.c -- xz -T2 -k file
 *         pid comm            function
 *       11966 xz              0x7fbc2187ece0
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct thread_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u64 function;
};

BPF_PERF_OUTPUT(threads);

HOTPROBE("uprobe:libc.so.6:pthread_create")
int on_pthread_create(struct pt_regs *ctx)
{
	struct thread_t thread = {};

	thread.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&thread.comm, sizeof(thread.comm));
	thread.function = PT_REGS_PARM3(ctx);
	threads.perf_submit(ctx, &thread, sizeof(thread));
	return 0;
}
