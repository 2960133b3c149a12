/* SPDX-License-Identifier: Apache-2.0 */
/*
 * futexwait: how long threads wait for locks and conditions, as histograms by program: the time
 * spent in futex(2), microseconds.
 *
 *     # hotprobe run futexwait.c -- xz -T2 -k file
 *     comm = xz
 *           microseconds  count  distribution
 *            8 -> 15          1  |*                                       |
 *           16 -> 31          0  |                                        |
 *           32 -> 63          0  |                                        |
 *           64 -> 127         0  |                                        |
 *          128 -> 255         0  |                                        |
 *          256 -> 511         0  |                                        |
 *          512 -> 1023        0  |                                        |
 *         1024 -> 2047        0  |                                        |
 *         2048 -> 4095        0  |                                        |
 *         4096 -> 8191        0  |                                        |
 *     ...
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct key_t {
	char comm[TASK_COMM_LEN];
	u32 slot;
};

BPF_HASH(starts, u64, u64);
BPF_HISTOGRAM(microseconds, struct key_t);

int syscall__futex(struct pt_regs *ctx, u32 __user *address, int operation)
{
	u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
	int command = operation & 0x7f; /* without FUTEX_PRIVATE_FLAG and the clock's */

	/* FUTEX_WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI. The others do not wait. */
	if (command == 0 || command == 6 || command == 9 || command == 11)
		starts.update(&id, &now);
	return 0;
}

int kretprobe__sys_futex(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), *start = starts.lookup(&id);
	struct key_t key = {};

	if (!start)
		return 0;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.slot = bpf_log2l((bpf_ktime_get_ns() - *start) / 1000);
	microseconds.increment(key);
	starts.delete(&id);
	return 0;
}
