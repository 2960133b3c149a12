/* Lesson 15: When the verifier refuses. What to do: hotprobe lesson 15 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u64 size;
	char text[32];
};

BPF_HASH(total, u32, u64);
BPF_PERF_OUTPUT(events);

int syscall__write(struct pt_regs *ctx, int fd, const char __user *buf, size_t size)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 zero = 0, length = size, *sum;
	struct event_t event = {};

	sum = total.lookup_or_try_init(&pid, &zero);
	if (!sum)
		return 0;
	*sum += size;

	event.size = size;
	if (length > sizeof(event.text) - 1)
		length = sizeof(event.text) - 1;
	bpf_probe_read_user(&event.text, length, buf);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
