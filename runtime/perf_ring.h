/* SPDX-License-Identifier: Apache-2.0 */
/* The ring buffer of one perf event: linux/perf_event.h, struct perf_event_mmap_page. */
#ifndef HOTPROBE_PERF_RING_H
#define HOTPROBE_PERF_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_ring {
	int fd;
	int quiet_fd; /* of perf_ring_open_quiet(), or -1 */
	void *pages;  /* one control page, then the data */
	size_t page_size;
	size_t data_size;
	void *joined; /* a record that wraps around, put together; grows as needed */
	size_t joined_size;
	uint64_t lost;	 /* told by PERF_RECORD_LOST so far */
	bool was_full;	 /* since perf_ring_lost() a record may have found no room */
	int counts_lost; /* the kernel counts them (PERF_FORMAT_LOST, Linux 6.0) */
};

/* Makes it one that is closed. */
void perf_ring_init(struct perf_ring *ring);
/* Opens and enables a ring for bpf_perf_event_output() on that CPU: through fd whoever waits for
   the ring is woken for each record. Returns 0 or a negative errno; *ring is closed then. */
int perf_ring_open(struct perf_ring *ring, int cpu, unsigned pages);
/* Opens another event that writes to the same ring, quiet_fd: it wakes only for a batch, every
   PERF_RING_BATCH records or when the ring is half full. Returns 0 or a negative errno. */
enum { PERF_RING_BATCH = 1024 };
int perf_ring_open_quiet(struct perf_ring *ring, int cpu);
void perf_ring_close(struct perf_ring *ring);

/* Makes a ring of an event, which it takes over: closed if that fails. Returns 0 or a negative
   errno. */
int perf_ring_map(struct perf_ring *ring, int fd, unsigned pages);

struct perf_event_header;
typedef void (*perf_ring_record_fn)(void *ctx, const struct perf_event_header *record);
/* Hands over all records that are there, of whatever type. Returns 0, or -ENOMEM if one that wraps
   around could not be put together (it is kept). */
int perf_ring_each(struct perf_ring *ring, perf_ring_record_fn record, void *ctx);

typedef void (*perf_ring_fn)(void *ctx, const void *data, size_t size);

/* Hands over the samples that are there, oldest first. Returns how many; -ENOMEM if one that
   wraps around could not be put together (it is kept). */
int perf_ring_consume(struct perf_ring *ring, perf_ring_fn sample, void *ctx);

/* Is there a record? */
bool perf_ring_has_any(const struct perf_ring *ring);
/* How many bytes were taken from it so far. */
uint64_t perf_ring_taken(const struct perf_ring *ring);

/* Samples the kernel could not place in the ring so far: as of the last PERF_RECORD_LOST, or, with
   a system call that interrupts the ring's CPU, as of now. */
uint64_t perf_ring_lost(struct perf_ring *ring);

#endif
