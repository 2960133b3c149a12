struct event {
	char path[600];
};

BPF_PERF_OUTPUT(events);
#ifdef MENDED
BPF_PERCPU_ARRAY(room, struct event, 1);
#endif

int syscall__openat(struct pt_regs *ctx, int dfd, const char *path)
{
#ifdef MENDED
	int zero = 0;
	struct event *event = room.lookup(&zero);

	if (!event)
		return 0;
	bpf_probe_read_user_str(event->path, sizeof(event->path), path);
	events.perf_submit(ctx, event, sizeof(*event));
#else
	struct event event = {};

	bpf_probe_read_user_str(event.path, sizeof(event.path), path);
	events.perf_submit(ctx, &event, sizeof(event));
#endif
	return 0;
}
