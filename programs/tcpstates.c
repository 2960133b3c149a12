/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcpstates: every state that a TCP connection goes through, and how long it was in the one before.
 *
 *     # hotprobe run tcpstates.c -- python3 talk.py
 *         pid comm            saddr           sport daddr           dport from         to
 *       13749 python3         127.0.0.1       34639 0.0.0.0             0 CLOSE        LISTEN
 *       13749 python3         127.0.0.1           0 127.0.0.1       34639 CLOSE        SYN_SENT
 *       13749 python3         127.0.0.1       57254 127.0.0.1       34639 SYN_SENT     ESTABLISHED
 *       13749 python3         127.0.0.1       34639 127.0.0.1       57254 LISTEN       SYN_RECV
 *       13749 python3         127.0.0.1       34639 127.0.0.1       57254 SYN_RECV     ESTABLISHED
 *       13749 python3         127.0.0.1       57254 127.0.0.1       34639 ESTABLISHED  FIN_WAIT1
 *       13749 python3         127.0.0.1       34639 127.0.0.1       57254 ESTABLISHED  CLOSE_WAIT
 *       13749 python3         127.0.0.1       34639 127.0.0.1       57254 CLOSE_WAIT   LAST_ACK
 *       13749 python3         127.0.0.1       57254 127.0.0.1       34639 FIN_WAIT1    FIN_WAIT2
 *       13749 python3         127.0.0.1       57254 127.0.0.1       34639 FIN_WAIT2    CLOSE
 *       13749 python3         127.0.0.1       34639 127.0.0.1       57254 LAST_ACK     CLOSE
 *       13749 python3         127.0.0.1       34639 0.0.0.0             0 LISTEN       CLOSE
 *
 * Changes are seen in whose time they happen: with a command, those that packets from elsewhere
 * cause are mostly not among them. --all shows all.
 */
#include <linux/sched.h>

/* As include/net/tcp_states.h numbers them. */
enum state {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECV,
	FIN_WAIT1,
	FIN_WAIT2,
	TIME_WAIT,
	CLOSE,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
	NEW_SYN_RECV,
};

struct change_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u32 saddr; /* of IPv4 */
	u16 sport;
	u32 daddr;
	u16 dport;
	enum state from;
	enum state to;
	u64 after_ns;
};

BPF_HASH(since, u64, u64);
BPF_PERF_OUTPUT(changes);

TRACEPOINT_PROBE(sock, inet_sock_set_state)
{
	u64 sk = (u64)args->skaddr, now = bpf_ktime_get_ns(), *before = since.lookup(&sk);
	struct change_t change = {};

	if (args->protocol != 6 /* IPPROTO_TCP */)
		return 0;
	change.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&change.comm, sizeof(change.comm));
	__builtin_memcpy(&change.saddr, args->saddr, sizeof(change.saddr));
	__builtin_memcpy(&change.daddr, args->daddr, sizeof(change.daddr));
	change.sport = args->sport;
	change.dport = args->dport;
	change.from = args->oldstate;
	change.to = args->newstate;
	change.after_ns = before ? now - *before : 0;
	changes.perf_submit(args, &change, sizeof(change));
	if (change.to == CLOSE)
		since.delete(&sk);
	else
		since.update(&sk, &now);
	return 0;
}
