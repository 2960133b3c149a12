BPF_HASH(owners, u32, u64);
BPF_HASH(calls, u64);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;
	u64 *owner = owners.lookup(&key);

#ifdef MENDED
	if (!owner)
		return 0;
#endif
	calls.delete(owner);
	return 0;
}
