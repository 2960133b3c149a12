/* Lesson 8: How long it takes. What to do: hotprobe lesson 8 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	u64 delta_ns;
};

BPF_HASH(starts, u64, u64);
BPF_PERF_OUTPUT(events);

int syscall__clock_nanosleep(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_ns();

	starts.update(&id, &now);
	return 0;
}

int kretprobe__sys_clock_nanosleep(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct event_t event = {};
	u64 *start = starts.lookup(&id);

	if (!start)
		return 0;
	event.pid = id >> 32;
	event.delta_ns = bpf_ktime_get_ns() - *start;
	events.perf_submit(ctx, &event, sizeof(event));
	starts.delete(&id);
	return 0;
}
