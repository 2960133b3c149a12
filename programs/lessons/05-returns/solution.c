/* Lesson 5: What a call returned. What to do: hotprobe lesson 5 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	int ret;
};

BPF_PERF_OUTPUT(events);

int kretprobe__sys_openat(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	event.ret = PT_REGS_RC(ctx);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
