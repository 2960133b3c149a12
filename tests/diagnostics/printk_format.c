int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	char *format = "%d\n";

	bpf_trace_printk(format, pid);
	return 0;
}
