/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netbytes: bytes sent and received on sockets, by process and protocol.
 *
 *     # hotprobe run netbytes.c -- python3 talk.py
 *     sockets:
 *       pid comm    protocol sent received
 *     13732 python3 TCP      1010     1010
 *
 * Needs the tracepoints sock:sock_send_length and sock_recv_length (Linux 6.3).
 */
#include <linux/sched.h>

enum protocol {
	LOCAL = 0, /* sockets of a family without protocols, such as AF_UNIX */
	ICMP = 1,
	TCP = 6,
	UDP = 17,
};

struct key_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	enum protocol protocol;
};

struct bytes_t {
	u64 sent;
	u64 received;
};

BPF_HASH(sockets, struct key_t, struct bytes_t);

static struct bytes_t *bytes_of(u16 protocol)
{
	struct bytes_t zero = {};
	struct key_t key = {};

	key.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.protocol = protocol;
	return sockets.lookup_or_try_init(&key, &zero);
}

TRACEPOINT_PROBE(sock, sock_send_length)
{
	struct bytes_t *bytes = args->ret > 0 ? bytes_of(args->protocol) : NULL;

	if (bytes)
		__sync_fetch_and_add(&bytes->sent, args->ret);
	return 0;
}

TRACEPOINT_PROBE(sock, sock_recv_length)
{
	struct bytes_t *bytes = args->ret > 0 ? bytes_of(args->protocol) : NULL;

	if (bytes)
		__sync_fetch_and_add(&bytes->received, args->ret);
	return 0;
}
