/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rmsnoop: every file, directory and name that is removed.
 *
 *     # hotprobe run rmsnoop.c -- sh -c 'mkdir d; touch d/f; rm -r d'
 *         pid comm                ret directory file
 *       10237 rm                    0 false     f
 *       10237 rm                    0 true      d
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <linux/limits.h>

struct call_t {
	const char __user *name;
	bool directory;
};

struct removal_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	int ret;
	bool directory;
	char file[NAME_MAX];
};

BPF_HASH(calls, u64, struct call_t);
BPF_PERF_OUTPUT(removals);

static int enter(const char __user *name, bool directory)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t call = {};

	call.name = name;
	call.directory = directory;
	calls.update(&id, &call);
	return 0;
}

static int leave(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t *call = calls.lookup(&id);
	struct removal_t removal = {};

	if (!call)
		return 0;
	removal.pid = id >> 32;
	bpf_get_current_comm(&removal.comm, sizeof(removal.comm));
	removal.ret = PT_REGS_RC(ctx);
	removal.directory = call->directory;
	bpf_probe_read_user_str(&removal.file, sizeof(removal.file), call->name);
	removals.perf_submit(ctx, &removal, sizeof(removal));
	calls.delete(&id);
	return 0;
}

int syscall__unlink(struct pt_regs *ctx, const char __user *name)
{
	return enter(name, false);
}

int syscall__unlinkat(struct pt_regs *ctx, int dfd, const char __user *name, int flag)
{
	return enter(name, flag & 0x200 /* AT_REMOVEDIR */);
}

int syscall__rmdir(struct pt_regs *ctx, const char __user *name)
{
	return enter(name, true);
}

int kretprobe__sys_unlink(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_unlinkat(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_rmdir(struct pt_regs *ctx)
{
	return leave(ctx);
}
