BPF_HASH(ready, u32);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;

#ifdef MENDED
	for (int i = 0; i < 100; i++)
		if (ready.lookup(&key))
			break;
#else
	while (!ready.lookup(&key))
		;
#endif
	return 0;
}
