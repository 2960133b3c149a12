/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pygc: every run of Python's garbage collector, by the static probes (USDT) that Debian's python3
 * has: how long it takes and how many objects it frees.
 *
 *     # hotprobe run pygc.c -- /usr/bin/python3 -c 'import gc; gc.collect()'
 *         pid generation latency_ns      freed
 *       10170          0     19.3us          0
 *       10170          0     13.1us          0
 *       10170          0     15.2us          0
 *       10170          0     46.0us          0
 *       10170          0     38.6us         24
 *       10170          0     73.8us          0
 *       10170          0     65.4us          0
 *       10170          0     99.0us          0
 *       10170          2      377us          0
 *       10170          2      215us          0
 *       10170          2      234us        184
 *       10170          2      243us       1148
 *       10170          2      113us        191
 *
 * readelf -n $(readlink -f /usr/bin/python3) lists the probes of the program.
 */
#include <uapi/linux/ptrace.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct start_t {
	u64 ns;
	u32 generation;
};

struct collection_t {
	u32 pid;
	u32 generation;
	u64 latency_ns;
	s64 freed;
};

BPF_HASH(starts, u64, struct start_t);
BPF_PERF_OUTPUT(collections);

HOTPROBE("usdt:/usr/bin/python3:python:gc__start")
int on_start(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t start = {};
	int generation = 0;

	bpf_usdt_readarg(1, ctx, &generation);
	start.ns = bpf_ktime_get_ns();
	start.generation = generation;
	starts.update(&id, &start);
	return 0;
}

HOTPROBE("usdt:/usr/bin/python3:python:gc__done")
int on_done(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct start_t *start = starts.lookup(&id);
	struct collection_t collection = {};
	s64 freed = 0;

	if (!start)
		return 0;
	bpf_usdt_readarg(1, ctx, &freed);
	collection.pid = id >> 32;
	collection.generation = start->generation;
	collection.latency_ns = bpf_ktime_get_ns() - start->ns;
	collection.freed = freed;
	collections.perf_submit(ctx, &collection, sizeof(collection));
	starts.delete(&id);
	return 0;
}
