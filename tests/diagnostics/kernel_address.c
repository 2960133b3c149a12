BPF_HASH(calls, u32);

int syscall__getpgid(struct pt_regs *ctx)
{
	u64 task = bpf_get_current_task();
	u32 pid;

#ifdef MENDED
	bpf_probe_read_kernel(&pid, sizeof(pid), (void *)(task + 1000));
#else
	pid = *(u32 *)(task + 1000);
#endif
	calls.increment(pid);
	return 0;
}
