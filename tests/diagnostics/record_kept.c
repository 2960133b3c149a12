struct record {
	u64 pid;
};

BPF_RINGBUF_OUTPUT(records, 8);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	struct record *record = records.ringbuf_reserve(sizeof(struct record));

	if (!record)
		return 0;
	record->pid = pid;
	if (pid > 10)
		records.ringbuf_submit(record, 0);
#ifdef MENDED
	else
		records.ringbuf_discard(record, 0);
#endif
	return 0;
}
