/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mallocsize: how large the pieces are that programs ask malloc(3) for.
 *
 *     # hotprobe run mallocsize.c -- sort -o /dev/null /etc/passwd
 *     comm = sort
 *                  bytes  count  distribution
 *            4 -> 7          48  |********************                    |
 *            8 -> 15         14  |******                                  |
 *           16 -> 31         32  |*************                           |
 *           32 -> 63         92  |****************************************|
 *           64 -> 127        18  |*******                                 |
 *          128 -> 255         4  |*                                       |
 *          256 -> 511         3  |*                                       |
 *          512 -> 1023        2  |*                                       |
 *         1024 -> 2047        3  |*                                       |
 *         2048 -> 4095        0  |                                        |
 *     ...
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct key_t {
	char comm[TASK_COMM_LEN];
	u32 slot;
};

BPF_HISTOGRAM(bytes, struct key_t);

HOTPROBE("uprobe:libc.so.6:malloc")
int on_malloc(struct pt_regs *ctx)
{
	struct key_t key = {};

	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.slot = bpf_log2l(PT_REGS_PARM1(ctx));
	bytes.increment(key);
	return 0;
}
