/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hosts of the benchmark have in common: how they are told what to do and what they say.
 *
 * A host traces the processes it is given, prints "ready TIME" (CLOCK_MONOTONIC, nanoseconds) on
 * its standard output once it is attached, takes events until its standard input ends, takes what
 * is left, and prints "events N lost M".
 */
#ifndef HOTPROBE_BENCH_HOST_H
#define HOTPROBE_BENCH_HOST_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* Of each CPU's buffer; a ring buffer has that for each CPU. All hosts have the same. */
enum { HOST_PAGES = 64 };

struct counts {
	uint64_t events, lost;
	uint64_t sum; /* of the events' times, so that they are read */
};

static inline void host_ready(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("ready %" PRIu64 "\n", (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec);
	fflush(stdout);
}

static inline void host_done(const struct counts *counts)
{
	printf("events %" PRIu64 " lost %" PRIu64 "\n", counts->events, counts->lost);
}

#endif
