/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncsnoop: every call that waits until data is on the disk, and how long it waits.
 *
 *     # hotprobe run syncsnoop.c -- dd if=/dev/zero of=file bs=4k count=1 conv=fsync status=none
 *         pid comm            call         latency_ns     ret
 *       10339 dd              FSYNC            14.6ms       0
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

enum call {
	SYNC,
	FSYNC,
	FDATASYNC,
	SYNCFS,
	MSYNC,
};

struct start_t {
	u64 ns;
	enum call call;
};

struct sync_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	enum call call;
	u64 latency_ns;
	int ret;
};

BPF_HASH(starts, u64, struct start_t);
BPF_PERF_OUTPUT(syncs);

static int enter(enum call call)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t start = {};

	start.ns = bpf_ktime_get_ns();
	start.call = call;
	starts.update(&id, &start);
	return 0;
}

static int leave(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t *start = starts.lookup(&id);
	struct sync_t sync = {};

	if (!start)
		return 0;
	sync.pid = id >> 32;
	bpf_get_current_comm(&sync.comm, sizeof(sync.comm));
	sync.call = start->call;
	sync.latency_ns = bpf_ktime_get_ns() - start->ns;
	sync.ret = PT_REGS_RC(ctx);
	syncs.perf_submit(ctx, &sync, sizeof(sync));
	starts.delete(&id);
	return 0;
}

int syscall__sync(struct pt_regs *ctx)
{
	return enter(SYNC);
}

int syscall__fsync(struct pt_regs *ctx)
{
	return enter(FSYNC);
}

int syscall__fdatasync(struct pt_regs *ctx)
{
	return enter(FDATASYNC);
}

int syscall__syncfs(struct pt_regs *ctx)
{
	return enter(SYNCFS);
}

int syscall__msync(struct pt_regs *ctx)
{
	return enter(MSYNC);
}

int kretprobe__sys_sync(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_fsync(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_fdatasync(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_syncfs(struct pt_regs *ctx)
{
	return leave(ctx);
}

int kretprobe__sys_msync(struct pt_regs *ctx)
{
	return leave(ctx);
}
