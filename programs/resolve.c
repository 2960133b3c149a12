/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve: every name that a program looks up by getaddrinfo(3), and how long that takes.
 *
 *     # hotprobe run resolve.c -- getent ahosts localhost
 *         pid comm            latency_ns  result name
 *       10205 getent              11.1ms       0 localhost
 *     127.0.0.1       STREAM localhost
 *     127.0.0.1       DGRAM
 *     127.0.0.1       RAW
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct start_t {
	u64 ns;
	const char __user *name;
};

struct lookup_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u64 latency_ns;
	int result; /* 0, or an EAI_ code */
	char name[128];
};

BPF_HASH(starts, u64, struct start_t);
BPF_PERF_OUTPUT(lookups);

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

HOTPROBE("uprobe:libc.so.6:getaddrinfo")
int on_getaddrinfo(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t start = {};

	start.ns = bpf_ktime_get_ns();
	start.name = (const char __user *)PT_REGS_PARM1(ctx);
	starts.update(&id, &start);
	return 0;
}

HOTPROBE("uretprobe:libc.so.6:getaddrinfo")
int on_getaddrinfo_return(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t *start = starts.lookup(&id);
	struct lookup_t lookup = {};

	if (!start)
		return 0;
	lookup.pid = id >> 32;
	bpf_get_current_comm(&lookup.comm, sizeof(lookup.comm));
	lookup.latency_ns = bpf_ktime_get_ns() - start->ns;
	lookup.result = PT_REGS_RC(ctx);
	bpf_probe_read_user_str(&lookup.name, sizeof(lookup.name), start->name);
	lookups.perf_submit(ctx, &lookup, sizeof(lookup));
	starts.delete(&id);
	return 0;
}
