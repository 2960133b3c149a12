/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iosize: how many bytes reads and writes ask for, as histograms by program.
 *
 *     # hotprobe run iosize.c -- dd if=/dev/zero of=/dev/null bs=64k count=3 status=none
 *     comm = dd, operation = READ
 *                  bytes  count  distribution
 *          512 -> 1023        3  |****************************************|
 *         1024 -> 2047        0  |                                        |
 *         2048 -> 4095        0  |                                        |
 *         4096 -> 8191        2  |**************************              |
 *         8192 -> 16383       0  |                                        |
 *        16384 -> 32767       0  |                                        |
 *        32768 -> 65535       0  |                                        |
 *        65536 -> 131071      3  |****************************************|
 *
 *     comm = dd, operation = WRITE
 *                  bytes  count  distribution
 *        65536 -> 131071      3  |****************************************|
 *
 * Many small ones are slow: each costs a system call.
 */
#include <linux/sched.h>

enum operation {
	READ,
	WRITE,
};

struct key_t {
	char comm[TASK_COMM_LEN];
	enum operation operation;
	u32 slot;
};

BPF_HISTOGRAM(bytes, struct key_t);

static int count(enum operation operation, u64 size)
{
	struct key_t key = {.operation = operation, .slot = bpf_log2l(size)};

	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	bytes.increment(key);
	return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_read)
{
	return count(READ, args->count);
}

TRACEPOINT_PROBE(syscalls, sys_enter_pread64)
{
	return count(READ, args->count);
}

TRACEPOINT_PROBE(syscalls, sys_enter_write)
{
	return count(WRITE, args->count);
}

TRACEPOINT_PROBE(syscalls, sys_enter_pwrite64)
{
	return count(WRITE, args->count);
}
