/* SPDX-License-Identifier: Apache-2.0 */
/* A packet on its way up: headers found from struct sk_buff, the socket control block. */
#include <linux/skbuff.h>
#include <linux/netdevice.h>
#include <net/ip.h>
#include <net/tcp.h>
struct ev {
	u32 saddr, daddr;
	u16 sport, dport;
	u8 flags;
	char dev[IFNAMSIZ];
	u32 netns;
	u32 mark;
};
BPF_PERF_OUTPUT(events);
int kprobe__tcp_v4_rcv(struct pt_regs *ctx, struct sk_buff *skb)
{
	struct ev e = {};
	struct iphdr *ip = (struct iphdr *)(skb->head + skb->network_header);
	struct tcphdr *tcp = (struct tcphdr *)(skb->head + skb->transport_header);
	struct net_device *dev = skb->dev;
	e.saddr = ip->saddr;
	e.daddr = ip->daddr;
	e.sport = be16_to_cpu(tcp->source);
	e.dport = be16_to_cpu(tcp->dest);
	bpf_probe_read_kernel(&e.flags, 1, (u8 *)tcp + 13);
	bpf_probe_read_kernel(&e.dev, sizeof(e.dev), dev->name);
	e.netns = dev->nd_net.net->ns.inum;
	e.mark = skb->mark;
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	if (cb->tcp_flags & TCPHDR_SYN)
		events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
int kprobe__tcp_retransmit_skb(struct pt_regs *ctx, struct sock *sk, struct sk_buff *skb, int segs)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	struct net *net = sk->sk_net.net;
	bpf_trace_printk("%d %d %u\n", icsk->icsk_retransmits, sk->sk_num, net->ns.inum);
	struct in6_addr a = sk->sk_v6_daddr;
	bpf_trace_printk("%x\n", a.s6_addr32[3]);
	return 0;
}
