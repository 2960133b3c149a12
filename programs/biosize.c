/* SPDX-License-Identifier: Apache-2.0 */
/*
 * biosize: how large the requests are that go to disks, as histograms by program.
 *
 *     # hotprobe run biosize.c -- dd if=/dev/zero of=file bs=16k count=4 oflag=direct status=none
 *     comm = dd
 *                bytes  count  distribution
 *        4096 -> 8191       3  |******************************          |
 *        8192 -> 16383      0  |                                        |
 *       16384 -> 32767      4  |****************************************|
 *
 * Most writes reach the disk later, in the time of the kernel's own threads: with a command, only
 * what it waits for itself is seen. --all shows all.
 */
#include <linux/sched.h>

struct key_t {
	char comm[TASK_COMM_LEN];
	u32 slot;
};

BPF_HISTOGRAM(bytes, struct key_t);

TRACEPOINT_PROBE(block, block_rq_issue)
{
	struct key_t key = {};

	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.slot = bpf_log2l(args->bytes);
	bytes.increment(key);
	return 0;
}
