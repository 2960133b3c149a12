BPF_STACK_TRACE(stacks, 64);
BPF_HASH(counts, int);

#ifdef MENDED
TRACEPOINT_PROBE(net, netif_receive_skb)
{
	int id = stacks.get_stackid(args, 0);

	counts.increment(id);
	return 0;
}
#else
HOTPROBE("xdp:lo")
int packet(struct xdp_md *ctx)
{
	int id = stacks.get_stackid(ctx, 0);

	counts.increment(id);
	return XDP_PASS;
}
#endif
