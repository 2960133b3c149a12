/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statsnoop: every file that is looked at by stat(2), lstat(2), newfstatat(2), statx(2).
 *
 *     # hotprobe run statsnoop.c -- ls -d /etc /nosuch
 *         pid comm                ret file
 *       10297 ls                    0 /etc
 *       10297 ls               ENOENT /nosuch
 *     ls: cannot access '/nosuch': No such file or directory
 *     /etc
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <linux/limits.h>

struct stat_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	int ret;
	char file[NAME_MAX];
};

BPF_HASH(names, u64, const char *);
BPF_PERF_OUTPUT(stats);

static int enter(const char __user *name)
{
	u64 id = bpf_get_current_pid_tgid();

	names.update(&id, &name);
	return 0;
}

static int leave(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	const char **name = names.lookup(&id);
	struct stat_t stat = {};

	if (!name)
		return 0;
	stat.pid = id >> 32;
	bpf_get_current_comm(&stat.comm, sizeof(stat.comm));
	stat.ret = PT_REGS_RC(ctx);
	/* Rarely the page is gone again by now. Without a name it is fstat() of an open file. */
	if (bpf_probe_read_user_str(&stat.file, sizeof(stat.file), *name) < 0)
		stat.file[0] = '?';
	if (stat.file[0])
		stats.perf_submit(ctx, &stat, sizeof(stat));
	names.delete(&id);
	return 0;
}

int syscall__newstat(struct pt_regs *ctx, const char __user *name)
{
	return enter(name);
}

int syscall__newlstat(struct pt_regs *ctx, const char __user *name)
{
	return enter(name);
}

int syscall__newfstatat(struct pt_regs *ctx, int dfd, const char __user *name)
{
	return enter(name);
}

int syscall__statx(struct pt_regs *ctx, int dfd, const char __user *name)
{
	return enter(name);
}

int kretprobe__sys_newstat(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_newlstat(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_newfstatat(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_statx(struct pt_regs *ctx)
{
	return leave(ctx);
}
