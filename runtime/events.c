/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kernel.h"
#include "perf_ring.h"

enum {
	DEFAULT_PERF_PAGES = 64,
	READY_MAX = 64,
};

/* One CPU's ring of a table. */
struct source_ring {
	struct perf_ring ring;
	struct event_buffer *buffer;
	int cpu;
	uint64_t reported; /* lost records that the callback was told of */
};

struct event_buffer {
	struct hotprobe_table *table;
	hotprobe_event_fn event;
	hotprobe_lost_fn lost;
	void *ctx;
	struct source_ring *rings;
	int ring_count;
};

struct event_loop {
	int epoll_fd;
	int stop_fd; /* an eventfd: hotprobe_stop() makes it readable */
	ARRAY(struct event_buffer *) buffers;
};

/* ---- Buffers
 * ------------------------------------------------------------------------------------- */

static int open_ring(struct hotprobe *hp, struct event_buffer *b, int cpu)
{
	struct source_ring *r = &b->rings[b->ring_count];
	unsigned pages = hp->opts.perf_pages ? hp->opts.perf_pages : DEFAULT_PERF_PAGES;
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = r};
	int err;

	err = perf_ring_open(&r->ring, cpu, pages);
	if (err)
		return err;
	r->buffer = b;
	r->cpu = cpu;
	b->ring_count++;
	if (bpf_map_update_elem(b->table->fd, &cpu, &r->ring.fd, BPF_ANY) ||
	    epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_ADD, r->ring.fd, &interest))
		return -errno;
	return 0;
}

static void free_buffer(struct event_buffer *b)
{
	for (int i = 0; i < b->ring_count; i++)
		perf_ring_close(&b->rings[i].ring);
	free(b->rings);
	free(b);
}

static int open_buffer(struct hotprobe *hp, struct hotprobe_table *table)
{
	struct event_buffer *b = calloc(1, sizeof(*b));
	int cpus = (int)table->max_entries, err = 0;

	if (b)
		b->rings = calloc(cpus, sizeof(*b->rings));
	if (!b || !b->rings || array_push(&hp->loop->buffers, b)) {
		free(b ? b->rings : NULL);
		free(b);
		return fail(hp, -ENOMEM, "out of memory");
	}
	b->table = table;
	table->events = b;
	for (int cpu = 0; cpu < cpus && !err; cpu++)
		if (kernel_cpu_online(cpu))
			err = open_ring(hp, b, cpu);
	if (!err)
		return 0;
	return fail_at(hp, err, "", 0, 0,
		       err == -EPERM || err == -EACCES
			       ? "run it as root, or with CAP_PERFMON; RLIMIT_MEMLOCK and "
				 "/proc/sys/kernel/perf_event_mlock_kb limit the pages"
			       : "use fewer pages for the buffers (perf_pages)",
		       "cannot make the event buffer of %s: %s", table->name, strerror(-err));
}

static bool takes_perf_events(const struct hotprobe_table *table)
{
	return table->image->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	       !strcmp(hotprobe_table_kind(table), "perf_output");
}

static int open_loop(struct hotprobe *hp)
{
	struct event_loop *loop = calloc(1, sizeof(*loop));
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = NULL};

	if (!loop)
		return -ENOMEM;
	hp->loop = loop;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->stop_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->stop_fd, &interest))
		return -errno;
	return 0;
}

int events_open(struct hotprobe *hp)
{
	int err = open_loop(hp);

	if (err)
		return fail(hp, err, "cannot wait for events: %s", strerror(-err));
	for (size_t i = 0; i < hp->table_count && !err; i++)
		if (takes_perf_events(&hp->tables[i]))
			err = open_buffer(hp, &hp->tables[i]);
	return err;
}

void events_close(struct hotprobe *hp)
{
	struct event_loop *loop = hp->loop;

	if (!loop)
		return;
	for (size_t i = 0; i < loop->buffers.count; i++) {
		loop->buffers.at[i]->table->events = NULL;
		free_buffer(loop->buffers.at[i]);
	}
	array_free(&loop->buffers);
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
	hp->loop = NULL;
}

int hotprobe_on_event(struct hotprobe *hp, const char *table, hotprobe_event_fn event,
		      hotprobe_lost_fn lost, void *ctx)
{
	struct hotprobe_table *t = hotprobe_find_table(hp, table);

	if (!t)
		return fail(hp, -ENOENT, "the program has no table %s", table);
	if (!hp->loaded)
		return fail(hp, -EBUSY, "table %s takes callbacks after hotprobe_load()", table);
	if (!t->events)
		return fail(hp, -EINVAL, "table %s is a %s: it takes no events", table,
			    hotprobe_table_kind(t));
	t->events->event = event;
	t->events->lost = lost;
	t->events->ctx = ctx;
	return 0;
}

/* ---- Delivery
 * ------------------------------------------------------------------------------------ */

static void deliver(void *ctx, const void *data, size_t size)
{
	struct source_ring *r = ctx;

	if (r->buffer->event)
		r->buffer->event(r->buffer->ctx, r->cpu, data, size);
}

static void report_lost(struct source_ring *r, uint64_t lost)
{
	uint64_t more = lost - r->reported;

	if (!more)
		return;
	r->reported = lost;
	if (r->buffer->lost)
		r->buffer->lost(r->buffer->ctx, r->cpu, more);
}

static int consume_ring(struct source_ring *r)
{
	int count = perf_ring_consume(&r->ring, deliver, r);

	if (r->ring.lost > r->reported)
		report_lost(r, r->ring.lost);
	return count;
}

/* The kernel writes a PERF_RECORD_LOST only before the next record that fits: what was lost last
   is asked for, when there is time. */
static void ask_for_lost(struct event_loop *loop)
{
	for (size_t i = 0; i < loop->buffers.count; i++) {
		struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->ring_count; j++)
			report_lost(&b->rings[j], perf_ring_lost(&b->rings[j].ring));
	}
}

static bool was_stopped(struct event_loop *loop)
{
	uint64_t count;

	return read(loop->stop_fd, &count, sizeof(count)) == sizeof(count);
}

static int not_loaded(struct hotprobe *hp)
{
	return fail(hp, -EBUSY, "there are events only after hotprobe_load()");
}

static int consume_failed(struct hotprobe *hp, int err)
{
	return fail(hp, err, "cannot read an event: %s", strerror(-err));
}

int hotprobe_poll(struct hotprobe *hp, int timeout_ms)
{
	struct epoll_event ready[READY_MAX];
	bool stopped = false;
	int count = 0, n;

	if (!hp->loop)
		return not_loaded(hp);
	n = epoll_wait(hp->loop->epoll_fd, ready, READY_MAX, timeout_ms);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		int got;

		if (!ready[i].data.ptr) {
			stopped = was_stopped(hp->loop);
			continue;
		}
		got = consume_ring(ready[i].data.ptr);
		if (got < 0)
			return consume_failed(hp, got);
		count += got;
	}
	if (!n)
		ask_for_lost(hp->loop);
	return stopped && !count ? -EINTR : count;
}

int hotprobe_consume(struct hotprobe *hp)
{
	int count = 0;

	if (!hp->loop)
		return not_loaded(hp);
	for (size_t i = 0; i < hp->loop->buffers.count; i++) {
		struct event_buffer *b = hp->loop->buffers.at[i];

		for (int j = 0; j < b->ring_count; j++) {
			int got = consume_ring(&b->rings[j]);

			if (got < 0)
				return consume_failed(hp, got);
			count += got;
		}
	}
	if (!count)
		ask_for_lost(hp->loop);
	return count;
}

int hotprobe_fd(const struct hotprobe *hp)
{
	return hp->loop ? hp->loop->epoll_fd : -1;
}

void hotprobe_stop(struct hotprobe *hp)
{
	uint64_t one = 1;
	int saved = errno; /* for a signal handler's sake */

	if (hp->loop && write(hp->loop->stop_fd, &one, sizeof(one)) < 0) {
		/* The counter is full: it is readable already. */
	}
	errno = saved;
}

uint64_t hotprobe_lost(const struct hotprobe *hp, const char *table)
{
	uint64_t lost = 0;

	for (size_t i = 0; hp->loop && i < hp->loop->buffers.count; i++) {
		const struct event_buffer *b = hp->loop->buffers.at[i];

		if (table && strcmp(table, b->table->name))
			continue;
		for (int j = 0; j < b->ring_count; j++)
			lost += perf_ring_lost(&b->rings[j].ring);
	}
	return lost;
}
