/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountsnoop: every mount(2) and umount(2).
 *
 *     # hotprobe run mountsnoop.c -- unshare -m sh -c 'mount -t tmpfs none /mnt; umount /mnt'
 *         pid comm            unmount     ret      flags type            source
 *        9891 unshare         false         0    0x44000                 none
 *        9892 mount           false         0        0x0 tmpfs           none
 *        9893 umount          true          0        0x0
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct call_t {
	const char __user *source;
	const char __user *target;
	const char __user *type;
	u64 flags;
	bool unmount;
};

struct mount_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	bool unmount;
	int ret;
	u64 flags;
	char type[16];
	char source[64];
	char target[128];
};

BPF_HASH(calls, u64, struct call_t);
BPF_PERF_OUTPUT(mounts);

static int leave(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t *call = calls.lookup(&id);
	struct mount_t mount = {};

	if (!call)
		return 0;
	mount.pid = id >> 32;
	bpf_get_current_comm(&mount.comm, sizeof(mount.comm));
	mount.unmount = call->unmount;
	mount.ret = PT_REGS_RC(ctx);
	mount.flags = call->flags;
	bpf_probe_read_user_str(&mount.type, sizeof(mount.type), call->type);
	bpf_probe_read_user_str(&mount.source, sizeof(mount.source), call->source);
	bpf_probe_read_user_str(&mount.target, sizeof(mount.target), call->target);
	mounts.perf_submit(ctx, &mount, sizeof(mount));
	calls.delete(&id);
	return 0;
}

int syscall__mount(struct pt_regs *ctx, const char __user *source, const char __user *target,
		   const char __user *type, u64 flags)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t call = {};

	call.source = source;
	call.target = target;
	call.type = type;
	call.flags = flags;
	calls.update(&id, &call);
	return 0;
}

int syscall__umount(struct pt_regs *ctx, const char __user *target, int flags)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t call = {};

	call.target = target;
	call.flags = flags;
	call.unmount = true;
	calls.update(&id, &call);
	return 0;
}

int kretprobe__sys_mount(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_umount(struct pt_regs *ctx)
{
	return leave(ctx);
}
