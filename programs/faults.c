/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults: which code makes the kernel bring in memory, by page faults.
 *
 *     # hotprobe run faults.c --top 3 -- true
 *     faults:
 *       pid comm value
 *     13783 true     3
 *         0x7f2ae0670ad7
 *     13783 true     2
 *         _dl_relocate_object+0x1ac [ld-linux-x86-64.so.2]
 *         dl_main+0x1e78 [ld-linux-x86-64.so.2]
 *         _dl_sysdep_start+0x7e [ld-linux-x86-64.so.2]
 *         [ld-linux-x86-64.so.2] 0x1ab77
 *     13783 true     2
 *         _dl_relocate_object+0x187 [ld-linux-x86-64.so.2]
 *         dl_main+0x1e78 [ld-linux-x86-64.so.2]
 *     ...
 *
 * Each is a page of 4 KiB or more that was touched for the first time, or came back from a disk.
 * What comes faster than kernel.perf_event_max_sample_rate, some hundreds in a few milliseconds, the
 * kernel passes over.
 */
#include <linux/sched.h>
#include <uapi/linux/bpf_perf_event.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct key_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	int user_stack;
};

BPF_STACK_TRACE(stacks, 16384);
BPF_HASH(faults, struct key_t);

HOTPROBE("perf_event:page-faults:period=1")
int on_fault(struct bpf_perf_event_data *ctx)
{
	struct key_t key = {};

	key.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.user_stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);
	faults.increment(key);
	return 0;
}
