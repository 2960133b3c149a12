/* SPDX-License-Identifier: Apache-2.0 */
#include "perf_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PERF_FORMAT_LOST
#define PERF_FORMAT_LOST (1U << 4)
#endif

enum {
	RECORD_MAX = 1 << 16, /* its size is 16 bits */
};

static int open_event(int cpu, uint32_t wakeup_events, uint64_t read_format)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.read_format = read_format,
		.wakeup_events = wakeup_events,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

void perf_ring_init(struct perf_ring *ring)
{
	*ring = (struct perf_ring){.fd = -1, .quiet_fd = -1, .pages = MAP_FAILED};
}

int perf_ring_map(struct perf_ring *ring, int fd, unsigned pages)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	int err;

	*ring = (struct perf_ring){
		.fd = fd,
		.quiet_fd = -1,
		.pages = MAP_FAILED,
		.page_size = page_size,
		.data_size = pages * page_size,
	};
	ring->pages =
		mmap(NULL, page_size + ring->data_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->pages != MAP_FAILED)
		return 0;
	err = -errno;
	perf_ring_close(ring);
	return err;
}

int perf_ring_open(struct perf_ring *ring, int cpu, unsigned pages)
{
	int fd = open_event(cpu, 1, PERF_FORMAT_LOST), counts_lost = 1, err;

	perf_ring_init(ring);
	if (fd < 0 && errno == EINVAL) {
		fd = open_event(cpu, 1, 0);
		counts_lost = 0;
	}
	err = fd < 0 ? -errno : perf_ring_map(ring, fd, pages);
	if (err)
		return err;
	ring->counts_lost = counts_lost;
	if (!ioctl(ring->fd, PERF_EVENT_IOC_ENABLE, 0))
		return 0;
	err = -errno;
	perf_ring_close(ring);
	return err;
}

int perf_ring_open_quiet(struct perf_ring *ring, int cpu)
{
	int fd = open_event(cpu, PERF_RING_BATCH, ring->counts_lost ? PERF_FORMAT_LOST : 0), err;

	if (fd >= 0 && !ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) &&
	    !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		ring->quiet_fd = fd;
		return 0;
	}
	err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

void perf_ring_close(struct perf_ring *ring)
{
	if (ring->pages != MAP_FAILED)
		munmap(ring->pages, ring->page_size + ring->data_size);
	if (ring->quiet_fd >= 0)
		close(ring->quiet_fd);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->joined);
	perf_ring_init(ring);
}

/* The record as one piece. Its header never wraps: records are multiples of 8 bytes. */
static const struct perf_event_header *whole_record(struct perf_ring *ring, const char *data,
						    uint64_t tail)
{
	size_t at = tail & (ring->data_size - 1);
	const struct perf_event_header *header = (const void *)(data + at);
	size_t size = header->size, first = ring->data_size - at;
	void *grown;

	if (first >= size)
		return header;
	if (ring->joined_size < size) {
		grown = realloc(ring->joined, size);
		if (!grown)
			return NULL;
		ring->joined = grown;
		ring->joined_size = size;
	}
	memcpy(ring->joined, header, first);
	memcpy((char *)ring->joined + first, data, size - first);
	return ring->joined;
}

/* PERF_SAMPLE_RAW alone: a u32 size, then the bytes. */
struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	char data[];
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

int perf_ring_each(struct perf_ring *ring, perf_ring_record_fn record, void *ctx)
{
	struct perf_event_mmap_page *control = ring->pages;
	const char *data = (const char *)ring->pages + ring->page_size;
	uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = control->data_tail;

	/* Since what was lost nothing was taken: the ring is still as full as it was then. */
	if (tail != head && head - tail + RECORD_MAX > ring->data_size)
		ring->was_full = true;
	while (tail != head) {
		const struct perf_event_header *header = whole_record(ring, data, tail);
		uint16_t size;

		if (!header)
			return -ENOMEM;
		size = header->size;
		record(ctx, header);
		tail += size;
		/* Each at once: a callback that is slow must not keep the room of those it had. */
		__atomic_store_n(&control->data_tail, tail, __ATOMIC_RELEASE);
	}
	return 0;
}

struct samples {
	struct perf_ring *ring;
	perf_ring_fn sample;
	void *ctx;
	int count;
};

static void take_sample(void *ctx, const struct perf_event_header *record)
{
	struct samples *s = ctx;

	if (record->type == PERF_RECORD_SAMPLE) {
		const struct raw_sample *raw = (const void *)record;

		s->sample(s->ctx, raw->data, raw->size);
		s->count++;
	} else if (record->type == PERF_RECORD_LOST) {
		s->ring->lost += ((const struct lost_record *)record)->lost;
	}
}

int perf_ring_consume(struct perf_ring *ring, perf_ring_fn sample, void *ctx)
{
	struct samples samples = {ring, sample, ctx, 0};
	int err = perf_ring_each(ring, take_sample, &samples);

	return err ? err : samples.count;
}

bool perf_ring_has_any(const struct perf_ring *ring)
{
	const struct perf_event_mmap_page *control = ring->pages;

	return ring->pages != MAP_FAILED &&
	       __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE) != control->data_tail;
}

uint64_t perf_ring_taken(const struct perf_ring *ring)
{
	return ((const struct perf_event_mmap_page *)ring->pages)->data_tail;
}

/* Of one of its events; 0 if the kernel does not tell. */
static uint64_t read_lost(int fd)
{
	struct {
		uint64_t value;
		uint64_t lost;
	} counts;

	return read(fd, &counts, sizeof(counts)) == sizeof(counts) ? counts.lost : 0;
}

uint64_t perf_ring_lost(struct perf_ring *ring)
{
	uint64_t lost;

	/* A record may be too large for such a small ring whatever is taken from it. */
	ring->was_full = ring->data_size < RECORD_MAX;
	if (!ring->counts_lost)
		return ring->lost;
	lost = read_lost(ring->fd);
	if (ring->quiet_fd >= 0)
		lost += read_lost(ring->quiet_fd);
	return lost > ring->lost ? lost : ring->lost;
}
