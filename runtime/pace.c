/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

enum {
	FAST = 8,	     /* records in PACE_MAX_NS from which on a timer is cheaper */
	SLOW = 4,	     /* and down to which it stays so */
	SHARE = 4,	     /* what may gather is this part of the ring, for bursts to come */
	BURST_RATE = 500000, /* records a second that each CPU may come up with at any time */
	SHORTEST_NS = 30000, /* a timer costs more than it saves below */
};

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* How long it takes to fill a part of the ring at the rate of now, or at that of a burst of records
   like these. */
static uint64_t time_to_fill(const struct pace *pace, uint64_t elapsed)
{
	double now = (double)pace->bytes / (double)elapsed;
	double burst =
		(double)pace->bytes / (double)pace->records * BURST_RATE * (double)pace->cpus / 1e9;
	double ns = (double)pace->size / SHARE / (now > burst ? now : burst);

	return ns < PACE_MAX_NS ? (uint64_t)ns : PACE_MAX_NS;
}

bool pace_look(struct pace *pace, uint64_t now, uint64_t records, uint64_t bytes)
{
	uint64_t elapsed = now - pace->since, least = pace->delay ? SLOW : FAST;

	pace->records += records;
	pace->bytes += bytes;
	/* Somebody else's looks in between say nothing about the rate. */
	if (elapsed < max(pace->delay, SHORTEST_NS))
		return false;
	if (!pace->delay && elapsed < PACE_MAX_NS && pace->records < FAST)
		return false;
	/* So many in PACE_MAX_NS, whatever the period was. */
	if (pace->records && pace->records * PACE_MAX_NS >= least * elapsed)
		pace->delay = time_to_fill(pace, elapsed);
	else
		pace->delay = 0;
	if (pace->delay < SHORTEST_NS)
		pace->delay = 0;
	pace->since = now;
	pace->records = pace->bytes = 0;
	return true;
}
