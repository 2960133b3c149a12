/* Lesson 11: Functions of programs. What to do: hotprobe lesson 11 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 pid;
	char name[32];
};

BPF_PERF_OUTPUT(events);

HOTPROBE("uprobe:libc.so.6:getenv")
int on_getenv(struct pt_regs *ctx)
{
	struct event_t event = {};

	event.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_user_str(&event.name, sizeof(event.name), (const char *)PT_REGS_PARM1(ctx));
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
