BPF_ITER(task)
{
	struct task_struct *task = ctx->task;

#ifdef MENDED
	return 0;
#else
	return task ? 2 : 0;
#endif
}
