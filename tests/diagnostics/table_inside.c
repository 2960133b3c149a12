int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	BPF_HASH(counts, u32);
	u32 key = pid;

	counts.increment(key);
	return 0;
}
