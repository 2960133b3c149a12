BPF_HASH(counts, u64);

struct key {
	uint32 pid;
	string name;
};

BPF_HASH keys;

int syscall__getpgid(struct pt_regs *regs, int pid)
{
	u64 id = bpf_get_curent_pid_tgid();
	u64 *count = counts.lookup(&id);

	if (count == nullptr)
		return True;
	totals.increment(id);
	events.perf_submit(ctx, &id, sizeof(id));
	return args->pid;
}
