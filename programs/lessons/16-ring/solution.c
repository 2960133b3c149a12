/* Lesson 16: A ring for all CPUs. What to do: hotprobe lesson 16 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	u64 size;
};

BPF_RINGBUF_OUTPUT(events, 8);

int syscall__write(struct pt_regs *ctx, int fd, const char __user *buf, size_t count)
{
	struct event_t *event = events.ringbuf_reserve(sizeof(struct event_t));

	if (!event)
		return 0;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->size = count;
	events.ringbuf_submit(event, 0);
	return 0;
}
