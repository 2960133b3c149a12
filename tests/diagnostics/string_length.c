struct event {
	char data[64];
};

BPF_PERF_OUTPUT(events);

int syscall__write(struct pt_regs *ctx, int fd, const char *data, size_t count)
{
	struct event event = {};

#ifdef MENDED
	if (count > sizeof(event.data))
		count = sizeof(event.data);
#endif
	bpf_probe_read_user(event.data, count, data);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
