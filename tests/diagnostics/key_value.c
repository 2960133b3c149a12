BPF_HASH(counts, u32);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;
#ifdef MENDED
	u64 *count = counts.lookup(&key);
#else
	u64 *count = counts.lookup(key);
#endif

	if (count)
		*count += 1;
	return 0;
}
