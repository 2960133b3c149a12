struct event {
	char comm[16];
};

BPF_PERF_OUTPUT(events);

int syscall__getpgid(struct pt_regs *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event event = {};

#ifdef MENDED
	bpf_probe_read_kernel(&event.comm, sizeof(event.comm), task->comm);
#else
	__builtin_memcpy(event.comm, task->comm, sizeof(event.comm));
#endif
	events.perf_submit(ctx, &event, sizeof(event));
	return 0;
}
