int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	struct task_struct *task = find_task_by_vpid(pid);

	return task != NULL;
}
