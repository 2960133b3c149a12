/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syslatency: how long each system call takes, as histograms of nanoseconds.
 *
 *     # hotprobe run syslatency.c -- cat /etc/hostname
 *     vm
 *     syscall = read
 *          nanoseconds  count  distribution
 *         512 -> 1023       1  |********************                    |
 *        1024 -> 2047       0  |                                        |
 *        2048 -> 4095       2  |****************************************|
 *        4096 -> 8191       1  |********************                    |
 *        8192 -> 16383      1  |********************                    |
 *
 *     syscall = write
 *          nanoseconds  count  distribution
 *        8192 -> 16383      1  |****************************************|
 *     ...
 */
struct start_t {
	u32 syscall;
	u64 ns;
};

struct key_t {
	u32 syscall;
	u32 slot;
};

BPF_HASH(starts, u64, struct start_t);
BPF_HISTOGRAM(nanoseconds, struct key_t);

TRACEPOINT_PROBE(raw_syscalls, sys_enter)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t start = {.syscall = args->id, .ns = bpf_ktime_get_ns()};

	starts.update(&id, &start);
	return 0;
}

TRACEPOINT_PROBE(raw_syscalls, sys_exit)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t *start = starts.lookup(&id);
	struct key_t key = {};

	if (!start)
		return 0;
	key.syscall = start->syscall;
	key.slot = bpf_log2l(bpf_ktime_get_ns() - start->ns);
	nanoseconds.increment(key);
	starts.delete(&id);
	return 0;
}

/* What the last system call of a thread left: exit(2) does not return. */
TRACEPOINT_PROBE(sched, sched_process_exit)
{
	u64 id = bpf_get_current_pid_tgid();

	starts.delete(&id);
	return 0;
}
