BPF_HASH(flags, u32);

BPF_ITER(task)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
#ifdef MENDED
	u32 pid = task->pid;
	flags.increment(pid);
#else
	task->flags = 1;
#endif
	return 0;
}
