u64 calls;

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	calls++;
	return 0;
}
