#ifdef MENDED
BPF_HASH(counts, u32, u64);
#else
BPF_HASH(counts, u32, u32);
#endif

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;
	u64 *count = (u64 *)counts.lookup(&key);

	if (count)
		*count += 1;
	return 0;
}
