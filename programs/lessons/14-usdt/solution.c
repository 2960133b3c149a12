/* Lesson 14: Probes that a program brings along. What to do: hotprobe lesson 14 */
#include <uapi/linux/ptrace.h>

struct event_t {
	char name[64];
};

BPF_PERF_OUTPUT(events);

HOTPROBE("usdt:/usr/bin/python3:python:import__find__load__start")
int on_import(struct pt_regs *ctx)
{
	struct event_t event = {};
	u64 address = 0;

	bpf_usdt_readarg(1, ctx, &address);
	bpf_probe_read_user_str(&event.name, sizeof(event.name), (void *)address);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
