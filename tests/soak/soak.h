/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Soaks: events as fast as they can be made, taken in one of several ways, and what must hold all
 * the time: events produced = delivered + reported lost, to the last one, at every checkpoint;
 * memory and descriptors of the consumer do not grow.
 *
 * At a checkpoint the producers rest, all that is in the buffers is taken, and the counts are
 * compared.
 */
#ifndef HOTPROBE_TESTS_SOAK_H
#define HOTPROBE_TESTS_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soak_mode {
	const char *name;
	const char *format; /* of hotprobe run, "" for its columns; NULL: a host with a callback */
	unsigned producers; /* 0 is 1 */
	unsigned slow_us;   /* what the callback takes for one event */
	bool stalls;	    /* nothing is taken for soak_options.stall_ms of each interval */
	bool in_other_thread; /* events are taken in another thread for each interval */
	bool perf_buffer;
};

extern const struct soak_mode soak_modes[];
extern const size_t soak_mode_count;

struct soak_options {
	double seconds; /* in which events are produced, between all checkpoints together */
	unsigned checkpoints;
	unsigned stall_ms;
	bool pinned; /* producers and consumer on CPUs of their own */
	/* Files of the build directory, and a directory for what is needed meanwhile. */
	const char *hotprobe, *worker, *producer, *program, *scratch;
};

struct soak_figures {
	uint64_t produced, delivered, lost;
	unsigned checkpoints; /* at which the counts were equal */
	double seconds;
	uint64_t stalled; /* the most that was produced while nothing was taken */
	/* Of the consuming process, at the first checkpoint and at the last. */
	size_t first_kb, last_kb, first_fds, last_fds;
	char wrong[256]; /* what did not hold, "" if all did */
};

void soak(const struct soak_mode *mode, const struct soak_options *options,
	  struct soak_figures *figures);

#endif
