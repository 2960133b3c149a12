/* Lesson 16: A ring for all CPUs. What to do: hotprobe lesson 16 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	u64 size;
};

/* TODO: a ring called events. */
BPF_PERF_OUTPUT(events);

int syscall__write(struct pt_regs *ctx, int fd, const char __user *buf, size_t count)
{
	/* TODO: reserve an event, see whether there was room, fill it in, submit it. */
	return 0;
}
