/* Lesson 5: What a call returned. What to do: hotprobe lesson 5 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	u32 ret; /* TODO: can this hold a number below zero? */
};

BPF_PERF_OUTPUT(events);

int kretprobe__sys_openat(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	/* TODO: set event.ret to what the call returns, and submit the event. */
	return 0;
}
