/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connect as the BCC tutorial traces it: socket members by their macro names. */
#include <uapi/linux/ptrace.h>
#include <net/sock.h>
#include <net/inet_sock.h>
#include <bcc/proto.h>
BPF_HASH(currsock, u32, struct sock *);
struct ev {
	u32 pid, saddr, daddr;
	u16 dport, lport, family;
	u8 state;
	char comm[TASK_COMM_LEN];
	u64 cookie;
};
BPF_PERF_OUTPUT(events);
int kprobe__tcp_v4_connect(struct pt_regs *ctx, struct sock *sk)
{
	u32 pid = bpf_get_current_pid_tgid();
	currsock.update(&pid, &sk);
	return 0;
}
int kretprobe__tcp_v4_connect(struct pt_regs *ctx)
{
	int ret = PT_REGS_RC(ctx);
	u32 pid = bpf_get_current_pid_tgid();
	struct sock **skpp = currsock.lookup(&pid);
	if (!skpp || ret)
		return 0;
	struct sock *skp = *skpp;
	struct inet_sock *inet = inet_sk(skp);
	struct ev e = {};
	e.pid = pid;
	e.saddr = skp->sk_rcv_saddr;
	e.daddr = skp->sk_daddr;
	e.family = skp->sk_family;
	e.dport = ntohs(inet->inet_dport);
	e.lport = ntohs(inet->inet_sport);
	e.state = skp->sk_state;
	bpf_get_current_comm(&e.comm, sizeof(e.comm));
	struct tcp_sock *tp = tcp_sk(skp);
	e.cookie = tp->snd_cwnd + tp->srtt_us;
	if (e.family != AF_INET && e.state != TCP_ESTABLISHED)
		return 0;
	events.perf_submit(ctx, &e, sizeof(e));
	currsock.delete(&pid);
	return 0;
}
