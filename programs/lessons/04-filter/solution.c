/* Lesson 4: Leave out what does not matter. What to do: hotprobe lesson 4 */
#include <uapi/linux/ptrace.h>
#include <uapi/asm-generic/fcntl.h>

struct event_t {
	char name[64];
	int flags;
};

BPF_PERF_OUTPUT(events);

int syscall__openat(struct pt_regs *ctx, int dirfd, const char __user *pathname, int flags)
{
	struct event_t event = {};

	if ((flags & O_ACCMODE) == O_RDONLY)
		return 0;
	event.flags = flags;
	bpf_probe_read_user_str(&event.name, sizeof(event.name), pathname);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
