struct event {
	char data[64];
};

BPF_PERF_OUTPUT(events);

int syscall__write(struct pt_regs *ctx, int fd, const char *data, size_t count)
{
	struct event event = {};

	__builtin_memset(event.data, 1, count);
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
