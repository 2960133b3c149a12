/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcpconnect: every TCP connection that is begun, and by whom. IPv4.
 *
 *     # hotprobe run tcpconnect.c -- python3 connect.py
 *         pid comm            saddr           daddr           dport
 *       13720 python3         127.0.0.1       127.0.0.1       52895
 */
#include <linux/sched.h>
#include <linux/socket.h>

struct connect_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u32 saddr;
	u32 daddr;
	u16 dport;
};

BPF_PERF_OUTPUT(connects);

/* To SYN_SENT in the caller's time, when the kernel has chosen the source address. */
TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
	struct connect_t connect = {};

	if (args->protocol != 6 /* IPPROTO_TCP */ || args->newstate != 2 /* TCP_SYN_SENT */)
		return 0;
	if (args->family != AF_INET)
		return 0;
	connect.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&connect.comm, sizeof(connect.comm));
	__builtin_memcpy(&connect.saddr, args->saddr, sizeof(connect.saddr));
	__builtin_memcpy(&connect.daddr, args->daddr, sizeof(connect.daddr));
	connect.dport = args->dport;
	connects.perf_submit(args, &connect, sizeof(connect));
	return 0;
}
