BPF_ARRAY(sums, u64, 1);

int syscall__getpgid(struct pt_regs *ctx, u32 turns)
{
	u64 sum = 0;

#ifdef MENDED
	for (int i = 0; i < 100; i++)
		if (i < turns)
			sum += bpf_get_prandom_u32();
#else
	for (int i = 0; i < turns; i++)
		sum += bpf_get_prandom_u32();
#endif
	sums.increment(0, sum);
	return 0;
}
