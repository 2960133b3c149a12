struct event {
	char comm[16];
};

BPF_PERF_OUTPUT(events);
BPF_HASH(counts, u32);

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	struct event event = {};

	bpf_get_current_comm(event.comm);
	events.perf_submit(&event, sizeof(event));
	events.perf_submit(ctx, event, sizeof(event));
	counts.update(&pid, &1);
	return 0;
}
