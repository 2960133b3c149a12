struct event {
	char path[64];
};

BPF_PERF_OUTPUT(events);

int syscall__openat(struct pt_regs *ctx, int dfd, const char *path)
{
	struct event event = {};
	int length = bpf_probe_read_user_str(event.path, sizeof(event.path), path);

#ifdef MENDED
	if (length < 0)
		return 0;
#endif
	events.perf_submit(ctx, &event, length);
	return 0;
}
