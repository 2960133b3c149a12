/* SPDX-License-Identifier: Apache-2.0 */
/* Reads members of task_struct, which are in other places on every kernel. */
#include <linux/sched.h>

BPF_PERF_OUTPUT(events);

struct event {
	u32 parent;
};

int kprobe__do_sys_openat2(struct pt_regs *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct event event = {.parent = task->real_parent->tgid};

	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
