HOTPROBE("kfunc:vfs_fsync")
int on_sync(struct pt_regs *ctx)
{
	return PT_REGS_PARM1(ctx) != 0;
}
