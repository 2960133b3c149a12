/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connectlat: every connect(2) to an address of IPv4 or IPv6, TCP or UDP, and how long it takes.
 *
 *     # hotprobe run connectlat.c -- python3 connect.py
 *         pid comm            latency_ns     ret  port ip              v6_addr
 *       13693 python3              256us ECONNREFUSED 1 127.0.0.1      ::
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <linux/socket.h>
#include <linux/in.h>
#include <linux/in6.h>

struct start_t {
	u64 ns;
	struct sockaddr __user *address;
};

struct connect_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u64 latency_ns;
	int ret;
	u16 port;
	u32 ip;	       /* of IPv4 */
	u8 v6_addr[16]; /* of IPv6 */
};

BPF_HASH(starts, u64, struct start_t);
BPF_PERF_OUTPUT(connects);

int syscall__connect(struct pt_regs *ctx, int fd, struct sockaddr __user *address)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t start = {};

	start.ns = bpf_ktime_get_ns();
	start.address = address;
	starts.update(&id, &start);
	return 0;
}

int kretprobe__sys_connect(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t *start = starts.lookup(&id);
	struct connect_t connect = {};
	struct sockaddr_in in = {};
	struct sockaddr_in6 in6 = {};

	if (!start)
		return 0;
	connect.pid = id >> 32;
	bpf_get_current_comm(&connect.comm, sizeof(connect.comm));
	connect.latency_ns = bpf_ktime_get_ns() - start->ns;
	connect.ret = PT_REGS_RC(ctx);
	bpf_probe_read_user(&in, sizeof(in), start->address);
	connect.port = ntohs(in.sin_port); /* in the same place in both */
	if (in.sin_family == AF_INET) {
		connect.ip = in.sin_addr.s_addr;
		connects.perf_submit(ctx, &connect, sizeof(connect));
	} else if (in.sin_family == AF_INET6) {
		bpf_probe_read_user(&in6, sizeof(in6), start->address);
		__builtin_memcpy(connect.v6_addr, &in6.sin6_addr, sizeof(connect.v6_addr));
		connects.perf_submit(ctx, &connect, sizeof(connect));
	}
	starts.delete(&id);
	return 0;
}
