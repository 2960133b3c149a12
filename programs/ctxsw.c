/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctxsw: how often each thread leaves the CPU, and why: it waits for something, or another's turn
 * has come.
 *
 *     # hotprobe run ctxsw.c -- sh -c 'sleep 0.1; echo >/dev/null'
 *     switches:
 *      pid comm  reason    value
 *     9320 sh    PREEMPTED     1
 *     9320 sh    SLEEPS        1
 *     9320 sh    WAITS         1
 *     9320 sh    ENDED         1
 *     9321 sleep PREEMPTED     1
 *     9321 sleep SLEEPS        1
 *     9321 sleep ENDED         1
 */
#include <linux/sched.h>

enum reason {
	PREEMPTED,
	SLEEPS,	     /* can be woken by a signal */
	WAITS,	     /* cannot, mostly for a disk */
	STOPPED,     /* or traced */
	ENDED,
};

struct key_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	enum reason reason;
};

BPF_HASH(switches, struct key_t);

TRACEPOINT_PROBE(sched, sched_switch)
{
	long state = args->prev_state & 0xff;
	struct key_t key = {};

	key.pid = args->prev_pid;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	/* As include/linux/sched.h has the bits; 0x100 says that it was preempted. */
	key.reason = !state	    ? PREEMPTED
		     : state & 0x01 ? SLEEPS
		     : state & 0x02 ? WAITS
		     : state & 0x0c ? STOPPED
				    : ENDED;
	switches.increment(key);
	return 0;
}
