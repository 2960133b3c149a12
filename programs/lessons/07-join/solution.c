/* Lesson 7: From the entry to the return. What to do: hotprobe lesson 7 */
#include <uapi/linux/ptrace.h>

struct event_t {
	char name[64];
	int ret;
};

BPF_HASH(names, u64, const char *);
BPF_PERF_OUTPUT(events);

int syscall__openat(struct pt_regs *ctx, int dirfd, const char __user *pathname)
{
	u64 id = bpf_get_current_pid_tgid();

	names.update(&id, &pathname);
	return 0;
}

int kretprobe__sys_openat(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct event_t event = {};
	const char **name = names.lookup(&id);

	if (!name)
		return 0;
	bpf_probe_read_user_str(&event.name, sizeof(event.name), *name);
	event.ret = PT_REGS_RC(ctx);
	events.perf_submit(ctx, &event, sizeof(event));
	names.delete(&id);
	return 0;
}
