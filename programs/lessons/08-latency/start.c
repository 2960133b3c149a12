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

	/* TODO: keep the time. */
	return 0;
}

int kretprobe__sys_clock_nanosleep(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct event_t event = {};

	/* TODO: look up when it began, send pid and delta_ns, and delete the entry. */
	return 0;
}
