BPF_HASH(counts, u32);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;
	u64 *count = counts.lookup(&key);

	if (count) {
#ifdef MENDED
		u64 more = *count * 3;
#else
		u64 more = (u64)count * 3;
#endif
		counts.increment(key, more);
	}
	return 0;
}
