/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_buffer.h"

#include <errno.h>
#include <linux/bpf.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_buffer_open(struct ring_buffer_map *ring, int map_fd, size_t data_size)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	void *consumer, *producer;
	int err;

	*ring = (struct ring_buffer_map){
		.map_fd = map_fd, .page_size = page_size, .data_size = data_size};
	consumer = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page_size + 2 * data_size, PROT_READ, MAP_SHARED, map_fd,
			(off_t)page_size);
	if (producer == MAP_FAILED) {
		err = -errno;
		munmap(consumer, page_size);
		return err;
	}
	ring->consumer = consumer;
	ring->producer = producer;
	ring->data = (const char *)producer + page_size;
	return 0;
}

void ring_buffer_close(struct ring_buffer_map *ring)
{
	if (!ring->consumer)
		return;
	munmap(ring->consumer, ring->page_size);
	munmap(ring->producer, ring->page_size + 2 * ring->data_size);
	memset(ring, 0, sizeof(*ring));
}

static size_t record_size(uint32_t length)
{
	length &= ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	return (length + BPF_RINGBUF_HDR_SZ + 7) & ~(size_t)7;
}

int ring_buffer_consume(struct ring_buffer_map *ring, ring_buffer_fn record, void *ctx)
{
	unsigned long at = *ring->consumer, end;
	int count = 0;

	/* What comes while this runs is left to the next call, so that it ends. */
	end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
	while (at < end && count < INT_MAX) {
		const uint32_t *header = (const void *)(ring->data + (at & (ring->data_size - 1)));
		uint32_t length = __atomic_load_n(header, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			break;
		at += record_size(length);
		if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
			record(ctx, (const char *)header + BPF_RINGBUF_HDR_SZ, length);
			count++;
		}
		/* Each at once: a callback that is slow must not keep the room of those it had. */
		__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
	}
	return count;
}

bool ring_buffer_has_any(const struct ring_buffer_map *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) != *ring->consumer;
}
