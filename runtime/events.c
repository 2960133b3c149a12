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
#include "printk.h"
#include "ring_buffer.h"
#include "process_watch.h"
#include "submit.h"

enum {
	READY_MAX = 64,
};

/* One CPU's perf buffer of a table, or its ring buffer. */
struct channel {
	struct perf_ring perf;
	struct ring_buffer_map ring; /* used if it is mapped */
	struct event_buffer *buffer;
	int cpu;	   /* -1 for a ring buffer */
	uint64_t reported; /* lost records that the callback was told of */
};

struct event_buffer {
	struct hotprobe_table *table;
	size_t event_size; /* of the event's type, 0 if it isn't known */
	hotprobe_event_fn event;
	hotprobe_lost_fn lost;
	void *ctx;
	struct channel *channels;
	int channel_count;
};

struct event_loop {
	int epoll_fd;
	int stop_fd; /* an eventfd: hotprobe_stop() makes it readable */
	ARRAY(struct event_buffer *) buffers;
};

/* ---- Buffers
 * ------------------------------------------------------------------------------------- */

static int watch(struct hotprobe *hp, struct channel *c, int fd)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};

	return epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_ADD, fd, &interest) ? -errno : 0;
}

static struct channel *add_channel(struct event_buffer *b, int cpu)
{
	struct channel *c = &b->channels[b->channel_count++];

	*c = (struct channel){.buffer = b, .cpu = cpu};
	perf_ring_init(&c->perf);
	return c;
}

static int open_perf(struct hotprobe *hp, struct event_buffer *b, int cpu)
{
	struct channel *c = add_channel(b, cpu);
	int err = perf_ring_open(&c->perf, cpu, hp->opts.perf_pages);

	if (err)
		return err;
	if (bpf_map_update_elem(b->table->fd, &cpu, &c->perf.fd, BPF_ANY))
		return -errno;
	return watch(hp, c, c->perf.fd);
}

static int open_ring(struct hotprobe *hp, struct event_buffer *b)
{
	struct channel *c = add_channel(b, -1);
	int err = ring_buffer_open(&c->ring, b->table->fd, b->table->max_entries);

	return err ? err : watch(hp, c, b->table->fd);
}

static void free_buffer(struct event_buffer *b)
{
	for (int i = 0; i < b->channel_count; i++) {
		perf_ring_close(&b->channels[i].perf);
		ring_buffer_close(&b->channels[i].ring);
	}
	free(b->channels);
	free(b);
}

static struct event_buffer *new_buffer(struct hotprobe *hp, struct hotprobe_table *table,
				       int channels)
{
	struct event_buffer *b = calloc(1, sizeof(*b));
	const struct hotprobe_type *type = hotprobe_event_type(hp, table->name);

	if (!b)
		return NULL;
	b->table = table;
	b->event_size = type ? hotprobe_type_size(type) : 0;
	b->channels = calloc(channels, sizeof(*b->channels));
	if (!b->channels || array_push(&hp->loop->buffers, b)) {
		free(b->channels);
		free(b);
		return NULL;
	}
	table->events = b;
	return b;
}

static bool is_ring(const struct hotprobe_table *table)
{
	return table->uses_ring || table->image->map_type == BPF_MAP_TYPE_RINGBUF;
}

static int open_buffer(struct hotprobe *hp, struct hotprobe_table *table)
{
	int cpus = is_ring(table) ? 1 : (int)table->max_entries, err = 0;
	struct event_buffer *b = new_buffer(hp, table, cpus);

	if (!b)
		return fail(hp, -ENOMEM, "out of memory");
	if (is_ring(table))
		err = open_ring(hp, b);
	for (int cpu = 0; cpu < cpus && !err && !is_ring(table); cpu++)
		if (kernel_cpu_online(cpu))
			err = open_perf(hp, b, cpu);
	note(hp, HOTPROBE_NOTE, "%s: %s", table->name,
	     is_ring(table) ? "ring buffer" : "perf buffers");
	if (!err)
		return 0;
	return fail_at(hp, err, "", 0, 0,
		       err == -EPERM || err == -EACCES
			       ? "run it as root, or with CAP_PERFMON; RLIMIT_MEMLOCK and "
				 "/proc/sys/kernel/perf_event_mlock_kb limit the pages"
			       : "use fewer pages for the buffers (perf_pages)",
		       "cannot make the event buffer of %s: %s", table->name, strerror(-err));
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

static int watch_printk(struct hotprobe *hp)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = hp->printk};

	if (epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_ADD, printk_fd(hp->printk), &interest))
		return fail(hp, -errno, "cannot wait for messages: %s", strerror(errno));
	return 0;
}

int events_watch_processes(struct hotprobe *hp)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = hp->watch};

	return epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_ADD, process_watch_fd(hp), &interest)
		       ? -errno
		       : 0;
}

int events_open(struct hotprobe *hp)
{
	int err = open_loop(hp);

	if (err)
		return fail(hp, err, "cannot wait for events: %s", strerror(-err));
	for (size_t i = 0; i < hp->table_count && !err; i++)
		if (table_takes_perf_events(&hp->tables[i]) || is_ring(&hp->tables[i]))
			err = open_buffer(hp, &hp->tables[i]);
	if (!err && hp->printk)
		err = watch_printk(hp);
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

static void deliver_perf(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;
	struct event_buffer *b = c->buffer;

	/* The kernel pads a record to 8 bytes, its size included. */
	if (b->event_size && size > b->event_size && size - b->event_size < 8)
		size = b->event_size;
	if (b->event)
		b->event(b->ctx, c->cpu, data, size);
}

static void deliver_submitted(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;
	const struct submit_header *header = data;

	if (c->buffer->event)
		c->buffer->event(c->buffer->ctx, (int)header->cpu, header + 1,
				 size - sizeof(*header));
}

static void deliver_ring(void *ctx, const void *data, size_t size)
{
	struct channel *c = ctx;

	if (c->buffer->event)
		c->buffer->event(c->buffer->ctx, -1, data, size);
}

static uint64_t lost_by(const struct channel *c)
{
	return c->cpu < 0 ? submit_lost(c->buffer->table) : perf_ring_lost(&c->perf);
}

static void report_lost(struct channel *c, uint64_t lost)
{
	uint64_t more = lost - c->reported;

	if (lost <= c->reported)
		return;
	c->reported = lost;
	if (c->buffer->lost)
		c->buffer->lost(c->buffer->ctx, c->cpu, more);
}

static int consume_channel(struct channel *c)
{
	const struct hotprobe_table *table = c->buffer->table;
	int count;

	if (c->cpu < 0) {
		count = ring_buffer_consume(&c->ring,
					    table->uses_ring ? deliver_submitted : deliver_ring, c);
		report_lost(c, submit_lost(table)); /* a read from memory */
	} else {
		count = perf_ring_consume(&c->perf, deliver_perf, c);
		report_lost(c, c->perf.lost);
	}
	return count;
}

/* The kernel writes a PERF_RECORD_LOST only before the next record that fits: what was lost last
   is asked for, when there is time. */
static void ask_for_lost(struct event_loop *loop)
{
	for (size_t i = 0; i < loop->buffers.count; i++) {
		struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++)
			report_lost(&b->channels[j], lost_by(&b->channels[j]));
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
	bool stopped = false, told = false;
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
		if (ready[i].data.ptr == hp->watch) {
			process_watch_read(hp);
			told = true;
			continue;
		}
		got = ready[i].data.ptr == hp->printk ? printk_consume(hp->printk)
						      : consume_channel(ready[i].data.ptr);
		if (got < 0)
			return consume_failed(hp, got);
		count += got;
	}
	if (!n)
		ask_for_lost(hp->loop);
	/* That was for the library itself. */
	if (told && !count && !stopped)
		return hotprobe_poll(hp, timeout_ms);
	return stopped && !count ? -EINTR : count;
}

int hotprobe_consume(struct hotprobe *hp)
{
	int count = 0;

	if (!hp->loop)
		return not_loaded(hp);
	for (size_t i = 0; i < hp->loop->buffers.count; i++) {
		struct event_buffer *b = hp->loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++) {
			int got = consume_channel(&b->channels[j]);

			if (got < 0)
				return consume_failed(hp, got);
			count += got;
		}
	}
	if (hp->printk)
		count += printk_consume(hp->printk);
	process_watch_read(hp);
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
	uint64_t lost = !table && hp->printk ? printk_lost(hp->printk) : 0;

	for (size_t i = 0; hp->loop && i < hp->loop->buffers.count; i++) {
		const struct event_buffer *b = hp->loop->buffers.at[i];

		if (table && strcmp(table, b->table->name))
			continue;
		for (int j = 0; j < b->channel_count; j++)
			lost += lost_by(&b->channels[j]);
	}
	return lost;
}
