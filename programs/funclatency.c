/* SPDX-License-Identifier: Apache-2.0 */
/*
 * funclatency: how long a function takes, as a histogram of nanoseconds. Which one is said by
 * --attach: the entry and the return of the same.
 *
 *     # hotprobe run funclatency.c --attach uprobe:libc.so.6:malloc=on_entry \
 *           --attach uretprobe:libc.so.6:malloc=on_return -- sort -o /dev/null /etc/passwd
 *          nanoseconds  count  distribution
 *         512 -> 1023      16  |***                                     |
 *        1024 -> 2047     199  |****************************************|
 *        2048 -> 4095       1  |*                                       |
 *        4096 -> 8191       3  |*                                       |
 *        8192 -> 16383      0  |                                        |
 *       16384 -> 32767      1  |*                                       |
 *
 * A kernel function works too (kprobe:vfs_read=on_entry, kretprobe:vfs_read=on_return), where the
 * kernel has kprobes. Of a function that calls itself, the inner calls are timed.
 */
#include <uapi/linux/ptrace.h>

BPF_HASH(starts, u64, u64);
BPF_HISTOGRAM(nanoseconds);

int on_entry(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	starts.update(&id, &now);
	return 0;
}

int on_return(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), *start = starts.lookup(&id);

	if (!start)
		return 0;
	nanoseconds.increment(bpf_log2l(bpf_ktime_get_ns() - *start));
	starts.delete(&id);
	return 0;
}
