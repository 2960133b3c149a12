int twice(int n)
{
	return 2 * n;
}

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	return twice(pid);
}
