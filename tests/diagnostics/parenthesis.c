int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	bpf_trace_printk("called\n";
	return 0;
}
