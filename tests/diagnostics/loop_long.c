BPF_ARRAY(sums, u64, 1);

#ifdef MENDED
#define TURNS 1000
#else
#define TURNS 2000000
#endif

int syscall__getpgid(struct pt_regs *ctx)
{
	u64 sum = 0;

	for (int i = 0; i < TURNS; i++)
		sum += bpf_get_prandom_u32();
	sums.increment(0, sum);
	return 0;
}
