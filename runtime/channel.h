/* SPDX-License-Identifier: Apache-2.0 */
/* One buffer of events, a ring buffer or one CPU's perf buffer, from the kernel to the callbacks.
 */
#ifndef HOTPROBE_CHANNEL_H
#define HOTPROBE_CHANNEL_H

#include "internal.h"
#include "pace.h"
#include "perf_ring.h"
#include "ring_buffer.h"

/* Where the events of a table go. */
struct sink {
	struct hotprobe_table *table;
	size_t event_size; /* of the event's type, 0 if it isn't known */
	hotprobe_event_fn event;
	hotprobe_lost_fn lost;
	void *ctx;
};

struct channel {
	struct perf_ring perf;
	struct ring_buffer_map ring; /* used if it is mapped */
	const struct sink *sink;
	int cpu;	   /* -1 for a ring buffer */
	int epoll_fd;	   /* that waits for it; not owned */
	uint64_t reported; /* lost records that the callback was told of */
	struct pace pace;
	int timer_fd; /* for its next look, -1 until it is paced */
};

/* Open the table's ring, or the perf buffer of a CPU, and have epoll_fd wait for it, with the
   channel as its data. They return 0 or a negative errno; the channel is to be closed in any case.
 */
int channel_open_ring(struct channel *c, const struct sink *sink, int epoll_fd);
int channel_open_perf(struct channel *c, const struct sink *sink, int epoll_fd, int cpu,
		      unsigned pages);
void channel_close(struct channel *c);

/* Hands over what is there, and sees to who wakes for what comes next. Returns the number of
   records or a negative errno. */
int channel_consume(struct channel *c);

/* Kinds of channels. */
bool channel_is_any(const struct channel *c);
/* There are records that no wait may tell of. */
bool channel_has_unannounced(const struct channel *c);
/* There are records for which a wait should end, and it may not. */
bool channel_is_overdue(const struct channel *c);
bool channel_may_have_lost(const struct channel *c);

/* Lost so far, by a system call where it takes one; and the same told to the callback. */
uint64_t channel_lost(struct channel *c);
void channel_report_lost(struct channel *c);

#endif
