int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	bpf_trace_printk("%d %d %d %d\n", pid, pid, pid, pid);
	return 0;
}
