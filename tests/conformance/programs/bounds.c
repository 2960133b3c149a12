/* SPDX-License-Identifier: Apache-2.0 */
/* min, max and clamp as sizes that the verifier has to believe. */
#include <linux/skbuff.h>
#include <linux/kernel.h>
struct e {
	u32 len;
	char b[16];
	u64 x;
};
BPF_PERF_OUTPUT(events);
int kprobe__ip_rcv(struct pt_regs *ctx, struct sk_buff *skb)
{
	struct e e = {};
	u32 len = skb->len, data_len = skb->data_len;
	u32 mtu = skb->dev->mtu;
	e.len = min(len, 100U);
	e.x = max_t(u64, len, data_len);
	e.x += min_t(int, e.len, 5) + clamp(e.len, 1U, 7U);
	int n = min(mtu, len);
	bpf_probe_read_kernel(e.b, min((size_t)n, sizeof(e.b)), skb->data);
	events.perf_submit(ctx, &e, min(sizeof(e), (size_t)16));
	return 0;
}
