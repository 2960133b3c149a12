/* Lesson 2: Send what you see. What to do: hotprobe lesson 2 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct event_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
};

BPF_PERF_OUTPUT(events);

int syscall__openat(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&event.comm, sizeof(event.comm));
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
