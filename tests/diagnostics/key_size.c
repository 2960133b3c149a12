BPF_HASH(calls, u64, u64);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;
	u64 *count = calls.lookup(&key);

	if (count)
		(*count)++;
	return 0;
}
