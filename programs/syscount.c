/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscount: how often each system call is made, how often it fails, and how long it takes in all.
 *
 *     # hotprobe run syscount.c --top 5 -- cat /etc/hostname
 *     vm
 *     syscalls:
 *     syscall    calls errors total_ns
 *     openat        31     13   85.0us
 *     mmap          22      0    102us
 *     close         20      0   14.7us
 *     newfstatat    19      0   17.5us
 *     read           5      0   13.8us
 *     (15 more)
 */
struct key_t {
	u32 syscall;
};

struct count_t {
	u64 calls;
	u64 errors;
	u64 total_ns;
};

struct start_t {
	u32 syscall;
	u64 ns;
};

/* By thread: a thread is in one system call at a time. */
BPF_HASH(starts, u64, struct start_t);
BPF_HASH(syscalls, struct key_t, struct count_t);

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
	struct count_t zero = {}, *count;
	struct key_t key = {};

	if (!start)
		return 0;
	key.syscall = start->syscall;
	count = syscalls.lookup_or_try_init(&key, &zero);
	if (count) {
		__sync_fetch_and_add(&count->calls, 1);
		if (args->ret < 0)
			__sync_fetch_and_add(&count->errors, 1);
		__sync_fetch_and_add(&count->total_ns, bpf_ktime_get_ns() - start->ns);
	}
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
