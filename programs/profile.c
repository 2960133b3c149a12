/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: where the CPU spends its time, by samples of the stack.
 *
 *     # hotprobe run profile.c --flame profile.svg --top 2 -- gzip -k file
 *     samples:
 *      pid comm value
 *     9952 gzip    23
 *         [gzip] 0x4330
 *     9952 gzip     3
 *         [gzip] 0x4337
 *     (24 more)
 *
 * FREQUENCY times a second of CPU time (-D FREQUENCY=997). User stacks go as far as there are frame
 * pointers (gcc -fno-omit-frame-pointer).
 */
#include <linux/sched.h>
#include <uapi/linux/bpf_perf_event.h>

#ifndef FREQUENCY
#define FREQUENCY 99
#endif
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number
#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct key_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	int user_stack;
	int kernel_stack;
};

BPF_STACK_TRACE(stacks, 16384);
BPF_HASH(samples, struct key_t);

HOTPROBE("perf_event:cpu-clock:freq=" TEXT(FREQUENCY))
int on_tick(struct bpf_perf_event_data *ctx)
{
	struct key_t key = {};

	key.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&key.comm, sizeof(key.comm));
	key.user_stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);
	key.kernel_stack = stacks.get_stackid(ctx, 0);
	samples.increment(key);
	return 0;
}
