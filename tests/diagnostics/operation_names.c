BPF_HASH(counts, u32);
BPF_RINGBUF_OUTPUT(records, 8);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	u32 key = pid;

	counts.incremnt(key);
	counts.get(&key);
	counts.set(&key, &key);
	counts.push(&key, 0);
	records.perf_submit(ctx, &key, sizeof(key));
	records.submit(&key);
	return 0;
}
