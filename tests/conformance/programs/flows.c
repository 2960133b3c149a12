/* SPDX-License-Identifier: Apache-2.0 */
/* A socket filter with the protocol structs of bcc/proto.h. */
#include <uapi/linux/if_ether.h>
#include <uapi/linux/in6.h>
#include <uapi/linux/ipv6.h>
#include <uapi/linux/pkt_cls.h>
#include <uapi/linux/bpf.h>
#include <net/sch_generic.h>
#include <bcc/proto.h>
struct flow {
	u32 s, d;
	u16 sp, dp;
};
BPF_HASH(sessions, struct flow, u64, 1024);
int filter(struct __sk_buff *skb)
{
	u8 *cursor = 0;
	struct ethernet_t *ethernet = cursor_advance(cursor, sizeof(*ethernet));
	if (!(ethernet->type == 0x0800))
		return TC_ACT_OK;
	struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
	if (ip->nextp != IPPROTO_TCP)
		return TC_ACT_SHOT;
	struct tcp_t *tcp = cursor_advance(cursor, sizeof(*tcp));
	struct flow f = {.s = ip->src, .d = ip->dst, .sp = tcp->src_port, .dp = tcp->dst_port};
	sessions.increment(f);
	bpf_skb_change_type(skb, PACKET_HOST);
	return -1;
}
