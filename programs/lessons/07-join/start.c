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

	/* TODO: send the name that the entry left, with the result, and delete the entry. */
	return 0;
}
