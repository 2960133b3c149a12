/* SPDX-License-Identifier: Apache-2.0 */
/* One function for each way into the kernel's own functions, all on what an unlink(2) does. Each
   sends an event with its number; guest_kinds counts them. Built in parts: -DKPROBES, ... */
#include <linux/fs.h>
#include <linux/path.h>
#include <uapi/linux/ptrace.h>

enum probe {
	KPROBE = 1,
	KPROBE_OFFSET,
	KRETPROBE,
	PATTERN,
	PATTERN_RETURN,
	KFUNC,
	KRETFUNC,
	KFUNC_MODULE,
	FMOD_RET,
	LSM,
	LSM_SLEEPS,
	SYSCALL,
	SYSCALL_RET,
};

struct event {
	enum probe probe;
	u32 pid;
	s64 value;
	u64 args[6];
	char name[16];
};

BPF_PERF_OUTPUT(events);

#define BEGIN(PROBE)                                                                               \
	struct event e = {.probe = PROBE, .pid = bpf_get_current_pid_tgid() >> 32}

#ifdef KPROBES
int kprobe__do_unlinkat(struct pt_regs *ctx, int dfd, struct filename *name)
{
	BEGIN(KPROBE);
	const char *path = NULL;

	e.value = dfd;
	bpf_probe_read_kernel(&path, sizeof(path), &name->name);
	bpf_probe_read_kernel_str(e.name, sizeof(e.name), path);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__do_unlinkat(struct pt_regs *ctx)
{
	BEGIN(KRETPROBE);

	e.value = (int)PT_REGS_RC(ctx);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int at_offset(struct pt_regs *ctx)
{
	BEGIN(KPROBE_OFFSET);

	e.value = PT_REGS_IP(ctx);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int on_match(struct pt_regs *ctx)
{
	BEGIN(PATTERN);

	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int on_match_return(struct pt_regs *ctx)
{
	BEGIN(PATTERN_RETURN);

	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
#endif

#ifdef TRAMPOLINES
KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name)
{
	BEGIN(KFUNC);

	e.value = dfd;
	bpf_probe_read_kernel_str(e.name, sizeof(e.name), name->name);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, int ret)
{
	BEGIN(KRETFUNC);

	e.value = ret;
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
#endif

#ifdef MODULES
KFUNC_PROBE(ovl_unlink, struct inode *dir, struct dentry *dentry)
{
	BEGIN(KFUNC_MODULE);

	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
#endif

#ifdef FMOD_RETS
/* Forbids it. */
KMOD_RET(security_path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	BEGIN(FMOD_RET);

	e.value = ret;
	events.perf_submit(ctx, &e, sizeof(e));
	return -EROFS;
}
#endif

#ifdef SLEEPERS
/* A helper that may wait for a page makes it a program that may sleep. */
LSM_PROBE(inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	BEGIN(LSM_SLEEPS);

	e.value = bpf_copy_from_user(e.name, sizeof(e.name), NULL);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
#endif

#ifdef HOOKS
LSM_PROBE(path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	BEGIN(LSM);

	e.value = ret;
	events.perf_submit(ctx, &e, sizeof(e));
	return -EPERM;
}
#endif

#ifdef SYSCALLS
int syscall__copy_file_range(struct pt_regs *ctx, int in, void *in_at, int out, void *out_at,
			     size_t size, unsigned flags)
{
	BEGIN(SYSCALL);

	e.args[0] = in;
	e.args[1] = (u64)in_at;
	e.args[2] = out;
	e.args[3] = (u64)out_at;
	e.args[4] = size;
	e.args[5] = flags;
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__sys_copy_file_range(struct pt_regs *ctx)
{
	BEGIN(SYSCALL_RET);

	e.value = PT_REGS_RC(ctx);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
#endif

#ifdef ITERATORS
BPF_ITER(task)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	char format[] = "%d %d\n";
	u64 ids[2];

	if (!task || task->tgid != ONLY)
		return 0;
	ids[0] = task->tgid;
	ids[1] = task->pid;
	bpf_seq_printf(seq, format, sizeof(format), ids, sizeof(ids));
	return 0;
}
#endif
