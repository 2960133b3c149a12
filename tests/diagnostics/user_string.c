struct event {
	char path[16];
};

BPF_PERF_OUTPUT(events);

int syscall__openat(struct pt_regs *ctx, int dfd, const char *path)
{
	struct event event = {};

#ifdef MENDED
	bpf_probe_read_user_str(event.path, sizeof(event.path), path);
#else
	__builtin_memcpy(event.path, path, sizeof(event.path));
#endif
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
