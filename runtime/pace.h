/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look at a ring buffer next.
 *
 * The kernel wakes the reader of a ring whenever a record comes and the reader had taken all before
 * it. A reader that keeps up is woken for each record, and that costs both sides several times as
 * much as the record itself. So while records come fast the reader looks by a timer: they gather,
 * at most for PACE_MAX_NS and as long as there is ample room; once they come slowly it is woken
 * again.
 */
#ifndef HOTPROBE_PACE_H
#define HOTPROBE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PACE_MAX_NS = 500000,
};

struct pace {
	uint64_t size;	/* of the ring, bytes */
	uint64_t cpus;	/* that may write to it at the same time */
	uint64_t delay; /* nanoseconds until the next look; 0: when woken */
	/* Since the last decision: */
	uint64_t since, records, bytes;
};

/* Notes a look at the ring at time now (nanoseconds) and what it took. Returns true if a period is
   over: then delay says when the next look is due. */
bool pace_look(struct pace *pace, uint64_t now, uint64_t records, uint64_t bytes);

#endif
