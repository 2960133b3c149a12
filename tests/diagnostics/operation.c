BPF_HASH(calls, u32);
BPF_STACK_TRACE(stacks, 16);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u64 n = pid;

	calls.perf_submit(ctx, &n, sizeof(n));
	calls.get_stackid(ctx, 0);
	stacks.push(&n, 0);
	missing.increment(pid);
	return 0;
}
