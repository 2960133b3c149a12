/* SPDX-License-Identifier: Apache-2.0 */
/* The reading side of a BPF ring buffer: kernel/bpf/ringbuf.c. */
#ifndef HOTPROBE_RING_BUFFER_H
#define HOTPROBE_RING_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_buffer_map {
	int map_fd; /* not owned */
	size_t page_size;
	size_t data_size;
	unsigned long *consumer; /* its position, on a page that user space writes */
	unsigned long *producer; /* its position, on a page before the data */
	const char *data;	 /* mapped twice in a row, so that no record wraps */
};

/* Maps the ring of that many bytes. Returns 0 or a negative errno. */
int ring_buffer_open(struct ring_buffer_map *ring, int map_fd, size_t data_size);
void ring_buffer_close(struct ring_buffer_map *ring);

typedef void (*ring_buffer_fn)(void *ctx, const void *data, size_t size);

/* Hands over the records that are there, oldest first. Returns how many. */
int ring_buffer_consume(struct ring_buffer_map *ring, ring_buffer_fn record, void *ctx);
/* Is there a record, or one that is about to be? */
bool ring_buffer_has_any(const struct ring_buffer_map *ring);

#endif
