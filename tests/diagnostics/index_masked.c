struct slots {
	u64 slot[8];
};

BPF_ARRAY(table, struct slots, 1);

int syscall__getpgid(struct pt_regs *ctx, u32 pid)
{
	int zero = 0;
	struct slots *slots = table.lookup(&zero);

	if (!slots)
		return 0;
#ifdef MENDED
	if ((pid & 15) >= ARRAY_SIZE(slots->slot))
		return 0;
#endif
	slots->slot[pid & 15] += 1;
	return 0;
}
