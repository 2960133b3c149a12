int syscall__getpgid(int pid)
{
	return pid == 0;
}

int syscall__getsid(struct pt_regs ctx)
{
	return 0;
}
