BPF_ARRAY(halves, u64, 1);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	halves.increment(0, pid * 0.5);
	return 0;
}
