/* Lesson 3: A name says where to look. What to do: hotprobe lesson 3 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	char name[64];
};

BPF_PERF_OUTPUT(events);

/* TODO: this name attaches it to nothing. Which one is right, and which arguments? */
int on_remove(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	/* TODO: read the name into event.name. */
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
