BPF_HASH(counts, u64);

HOTPROBE("socket:lo")
int packet(struct __sk_buff *skb)
{
#ifdef MENDED
	u64 key = 0;
#else
	u64 key;
#endif
	u64 *count = counts.lookup(&key);

	if (count)
		*count += 1;
	return 0;
}
