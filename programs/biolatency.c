/* SPDX-License-Identifier: Apache-2.0 */
/*
 * biolatency: how long disks take for a request, as a histogram of microseconds.
 *
 *     # hotprobe run biolatency.c --duration 5
 *
 * prints bars as runqlat.c does.
 *
 * A request ends in an interrupt, in the time of whatever runs there: this tells the truth for the
 * whole system alone. Run it without a command, or with --all.
 */
#include <linux/blkdev.h>

struct request_t {
	u64 sector;
	u32 device;
};

BPF_HASH(starts, struct request_t, u64);
BPF_HISTOGRAM(microseconds);

TRACEPOINT_PROBE(block, block_rq_issue)
{
	struct request_t request = {};
	u64 now = bpf_ktime_get_ns();

	request.sector = args->sector;
	request.device = args->dev;
	starts.update(&request, &now);
	return 0;
}

TRACEPOINT_PROBE(block, block_rq_complete)
{
	struct request_t request = {};
	u64 *start;

	request.sector = args->sector;
	request.device = args->dev;
	start = starts.lookup(&request);
	if (!start)
		return 0;
	microseconds.increment(bpf_log2l((bpf_ktime_get_ns() - *start) / 1000));
	starts.delete(&request);
	return 0;
}
