/* Lesson 3: A name says where to look. What to do: hotprobe lesson 3 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	char name[64];
};

BPF_PERF_OUTPUT(events);

int syscall__unlinkat(struct pt_regs *ctx, int dirfd, const char __user *pathname)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_user_str(&event.name, sizeof(event.name), pathname);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
