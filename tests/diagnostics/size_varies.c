BPF_RINGBUF_OUTPUT(records, 8);

int syscall__write(struct pt_regs *ctx, int fd, const char *data, size_t count)
{
#ifdef MENDED
	char *record = records.ringbuf_reserve(sizeof(char));
#else
	char *record = records.ringbuf_reserve(count);
#endif

	if (!record)
		return 0;
	*record = 'w';
	records.ringbuf_submit(record, 0);
	return 0;
}
