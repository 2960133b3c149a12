BPF_HASH(protocols, u16);

HOTPROBE("xdp:lo")
int packet(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

#ifdef MENDED
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
#endif
	protocols.increment(eth->h_proto);
	return XDP_PASS;
}
