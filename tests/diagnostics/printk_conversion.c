int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	bpf_trace_printk("%f\n", pid);
	return 0;
}
