int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	return pid / 3;
}
