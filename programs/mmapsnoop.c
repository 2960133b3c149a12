/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmapsnoop: every mmap(2): how much, of which file, with which rights.
 *
 *     # hotprobe run mmapsnoop.c -- true
 *         pid comm                 bytes read  write execute   flags      fd addr
 *        9853 true                  8192 true  true  false      0x22      -1 0x7fba8ec45000
 *        9853 true                 54611 true  false false       0x2       3 0x7fba8ec37000
 *        9853 true               1974096 true  false false     0x802       3 0x7fba8ea55000
 *        9853 true               1400832 true  false true      0x812       3 0x7fba8ea7b000
 *        9853 true                339968 true  false false     0x812       3 0x7fba8ebd1000
 *        9853 true                 24576 true  true  false     0x812       3 0x7fba8ec24000
 *        9853 true                 53072 true  true  false      0x32      -1 0x7fba8ec2a000
 *        9853 true                 12288 true  true  false      0x22      -1 0x7fba8ea52000
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct call_t {
	u64 bytes;
	u32 prot;
	u32 flags;
	int fd;
};

struct map_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u64 bytes;
	bool read;
	bool write;
	bool execute;
	u32 flags;
	int fd; /* -1: memory of no file */
	u64 addr;
};

BPF_HASH(calls, u64, struct call_t);
BPF_PERF_OUTPUT(maps);

/* The fourth argument and those behind it are in other registers for system calls: hotprobe and
   BCC know where. */
int syscall__mmap(struct pt_regs *ctx, u64 address, u64 bytes, u64 prot, u64 flags, int fd)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t call = {};

	call.bytes = bytes;
	call.prot = prot;
	call.flags = flags;
	call.fd = fd;
	calls.update(&id, &call);
	return 0;
}

int kretprobe__sys_mmap(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t *call = calls.lookup(&id);
	struct map_t map = {};

	if (!call)
		return 0;
	map.pid = id >> 32;
	bpf_get_current_comm(&map.comm, sizeof(map.comm));
	map.bytes = call->bytes;
	map.read = call->prot & 1;
	map.write = (call->prot & 2) != 0;
	map.execute = (call->prot & 4) != 0;
	map.flags = call->flags;
	map.fd = call->fd;
	map.addr = PT_REGS_RC(ctx);
	maps.perf_submit(ctx, &map, sizeof(map));
	calls.delete(&id);
	return 0;
}
