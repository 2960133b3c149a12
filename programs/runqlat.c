/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runqlat: how long threads that could run wait for a CPU, as a histogram of microseconds.
 *
 *     # hotprobe run runqlat.c --duration 5
 *       microseconds  count  distribution
 *           8 -> 15       1  |***                                     |
 *          16 -> 31       1  |***                                     |
 *          32 -> 63       2  |*******                                 |
 *          64 -> 127      6  |*********************                   |
 *         128 -> 255     11  |****************************************|
 *         256 -> 511      4  |**************                          |
 *
 * Threads are woken and switched to in the time of others, so this tells the truth for the whole
 * system alone: run it without a command, or with --all.
 */
#include <linux/sched.h>

BPF_HASH(waiting, u32, u64);
BPF_HISTOGRAM(microseconds);

static int wait(u32 pid)
{
	u64 now = bpf_ktime_get_ns();

	waiting.update(&pid, &now);
	return 0;
}

TRACEPOINT_PROBE(sched, sched_wakeup)
{
	return wait(args->pid);
}

TRACEPOINT_PROBE(sched, sched_wakeup_new)
{
	return wait(args->pid);
}

TRACEPOINT_PROBE(sched, sched_switch)
{
	u32 next = args->next_pid;
	u64 *since;

	/* What was preempted goes on waiting. */
	if (!(args->prev_state & 0xff) && args->prev_pid)
		wait(args->prev_pid);
	since = waiting.lookup(&next);
	if (!since)
		return 0;
	microseconds.increment(bpf_log2l((bpf_ktime_get_ns() - *since) / 1000));
	waiting.delete(&next);
	return 0;
}
