/* Lesson 11: Functions of programs. What to do: hotprobe lesson 11 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	char name[32];
};

BPF_PERF_OUTPUT(events);

/* TODO: say in front of the function where it belongs. */
int on_getenv(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	/* TODO: read the string that is the first argument. */
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
