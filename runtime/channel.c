/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "submit.h"

/* ---- Opening ---- */

static void init(struct channel *c, const struct sink *sink, int epoll_fd, int cpu)
{
	*c = (struct channel){.sink = sink, .cpu = cpu, .epoll_fd = epoll_fd, .timer_fd = -1};
	perf_ring_init(&c->perf);
}

static int watch(struct channel *c, int fd)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};

	return epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &interest) ? -errno : 0;
}

/* Programs write to the CPU's ring through that event of it. */
static int write_through(const struct channel *c, int fd)
{
	return bpf_map_update_elem(c->sink->table->fd, &c->cpu, &fd, BPF_ANY) ? -errno : 0;
}

int channel_open_perf(struct channel *c, const struct sink *sink, int epoll_fd, int cpu,
		      unsigned pages)
{
	int err;

	init(c, sink, epoll_fd, cpu);
	err = perf_ring_open(&c->perf, cpu, pages);
	if (err)
		return err;
	c->pace = (struct pace){.size = c->perf.data_size, .cpus = 1};
	err = write_through(c, c->perf.fd);
	return err ? err : watch(c, c->perf.fd);
}

int channel_open_ring(struct channel *c, const struct sink *sink, int epoll_fd)
{
	const struct hotprobe_table *table = sink->table;
	int err;

	init(c, sink, epoll_fd, -1);
	err = ring_buffer_open(&c->ring, table->fd, table->max_entries);
	c->pace =
		(struct pace){.size = table->max_entries, .cpus = (uint64_t)kernel_possible_cpus()};
	return err ? err : watch(c, table->fd);
}

void channel_close(struct channel *c)
{
	perf_ring_close(&c->perf);
	ring_buffer_close(&c->ring);
	if (c->timer_fd >= 0)
		close(c->timer_fd);
}

/* ---- Delivery ---- */

static void deliver_perf(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;
	const struct sink *sink = c->sink;
	size_t submitted = submit_size(sink->table, size);

	if (submitted)
		size = submitted;
	else if (sink->event_size && size > sink->event_size && size - sink->event_size < 8)
		size = sink->event_size;
	if (sink->event)
		sink->event(sink->ctx, c->cpu, data, size);
}

static void deliver_submitted(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;
	const struct submit_header *header = data;

	if (c->sink->event)
		c->sink->event(c->sink->ctx, (int)header->cpu, header + 1, size - sizeof(*header));
}

static void deliver_ring(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;

	if (c->sink->event)
		c->sink->event(c->sink->ctx, -1, data, size);
}

/* ---- What was lost ---- */

uint64_t channel_lost(struct channel *c)
{
	return c->cpu < 0 ? submit_lost(c->sink->table) : perf_ring_lost(&c->perf);
}

static void tell_lost(struct channel *c, uint64_t lost)
{
	uint64_t more = lost - c->reported;

	if (lost <= c->reported)
		return;
	c->reported = lost;
	if (c->sink->lost)
		c->sink->lost(c->sink->ctx, c->cpu, more);
}

void channel_report_lost(struct channel *c)
{
	tell_lost(c, channel_lost(c));
}

/* ---- Who wakes for the next records: pace.h ---- */

static int set_timer(int fd, uint64_t ns)
{
	struct itimerspec once = {.it_value.tv_nsec = (long)ns};

	return timerfd_settime(fd, 0, &once, NULL) ? -errno : 0;
}

/* Each record does, or it is left to the timer. */
static int wake_for_records(struct channel *c, bool each)
{
	struct epoll_event interest = {.events = each ? EPOLLIN : 0, .data.ptr = c};

	if (c->cpu >= 0)
		return write_through(c, each ? c->perf.fd : c->perf.quiet_fd);
	return epoll_ctl(c->epoll_fd, EPOLL_CTL_MOD, c->sink->table->fd, &interest) ? -errno : 0;
}

/* What is needed for that, once a channel first is that fast. */
static int make_timer(struct channel *c)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};
	int err = 0;

	if (c->timer_fd < 0) {
		c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (c->timer_fd < 0)
			return -errno;
		if (epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->timer_fd, &interest))
			return -errno;
	}
	if (c->cpu >= 0 && c->perf.quiet_fd < 0)
		err = perf_ring_open_quiet(&c->perf, c->cpu);
	return err;
}

static int wake_by_timer(struct channel *c, uint64_t ns)
{
	int err = make_timer(c);

	if (!err)
		err = set_timer(c->timer_fd, ns);
	return err ? err : wake_for_records(c, false);
}

static int wake_by_records(struct channel *c)
{
	int err = wake_for_records(c, true);

	return err ? err : set_timer(c->timer_fd, 0);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void set_pace(struct channel *c, int records, uint64_t bytes)
{
	uint64_t before = c->pace.delay, now;

	if (!records && !before)
		return;
	now = now_ns();
	if (!pace_look(&c->pace, now, (uint64_t)records, bytes))
		return;
	if (before && c->pace.delay)
		set_timer(c->timer_fd, c->pace.delay);
	else if (before && wake_by_records(c))
		set_timer(c->timer_fd, c->pace.delay = before);
	else if (c->pace.delay && wake_by_timer(c, c->pace.delay))
		c->pace.delay = 0; /* it goes on being woken for each record */
}

/* ---- Taking records ---- */

static uint64_t taken_from(const struct channel *c)
{
	return c->cpu < 0 ? *c->ring.consumer : perf_ring_taken(&c->perf);
}

static int take_records(struct channel *c)
{
	if (c->cpu >= 0)
		return perf_ring_consume(&c->perf, deliver_perf, c);
	return ring_buffer_consume(&c->ring,
				   c->sink->table->uses_ring ? deliver_submitted : deliver_ring, c);
}

int channel_consume(struct channel *c)
{
	uint64_t before = taken_from(c), delay = c->pace.delay;
	int count = take_records(c), more = 0;

	if (count < 0)
		return count;
	set_pace(c, count, taken_from(c) - before);
	/* What came before the records woke again. */
	if (delay && !c->pace.delay)
		more = take_records(c);
	/* A read from memory. */
	tell_lost(c, c->cpu < 0 ? submit_lost(c->sink->table) : c->perf.lost);
	return more < 0 ? more : count + more;
}

/* ---- Kinds ---- */

bool channel_is_any(const struct channel *c)
{
	(void)c;
	return true;
}

/* Those that gather; and a perf buffer wakes once, which a look at its descriptor uses up, also one
   of a host's through hotprobe_fd(). */
bool channel_has_unannounced(const struct channel *c)
{
	if (c->cpu < 0)
		return c->pace.delay && ring_buffer_has_any(&c->ring);
	return perf_ring_has_any(&c->perf);
}

bool channel_is_overdue(const struct channel *c)
{
	return c->cpu >= 0 && !c->pace.delay && perf_ring_has_any(&c->perf);
}

bool channel_may_have_lost(const struct channel *c)
{
	return c->cpu < 0 || c->perf.was_full;
}
