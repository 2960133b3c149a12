BPF_HASH(calls, u32);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	if (pid > 5)
		calls.increment(pid);
#ifdef MENDED
	return 0;
#endif
}
