int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	if (pid) {
		bpf_trace_printk("called\n");
	return 0;
}
