/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "perf_ring.h"
#include "printk.h"
#include "ring_buffer.h"
#include "process_watch.h"
#include "submit.h"

enum {
	READY_MAX = 64,
	TICK_MS = 50, /* between looks at perf buffers, which wake only for a batch */
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
	int tick_fd; /* a timer, or -1 where there are no perf buffers */
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

/* The first perf buffers start the timer. */
static int start_ticks(struct hotprobe *hp)
{
	struct itimerspec every = {
		.it_interval.tv_nsec = TICK_MS * 1000000L,
		.it_value.tv_nsec = TICK_MS * 1000000L,
	};
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = &hp->loop->tick_fd};

	if (hp->loop->tick_fd >= 0)
		return 0;
	hp->loop->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hp->loop->tick_fd < 0 || timerfd_settime(hp->loop->tick_fd, 0, &every, NULL) ||
	    epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_ADD, hp->loop->tick_fd, &interest))
		return -errno;
	return 0;
}

static int open_perfs(struct hotprobe *hp, struct event_buffer *b, int cpus)
{
	int err = start_ticks(hp);

	for (int cpu = 0; cpu < cpus && !err; cpu++)
		if (kernel_cpu_online(cpu))
			err = open_perf(hp, b, cpu);
	return err;
}

static int open_buffer(struct hotprobe *hp, struct hotprobe_table *table)
{
	bool ring = hotprobe_table_uses_ring(table);
	int channels = ring ? 1 : (int)table->max_entries, err;
	struct event_buffer *b = new_buffer(hp, table, channels);

	if (!b)
		return fail(hp, -ENOMEM, "out of memory");
	err = ring ? open_ring(hp, b) : open_perfs(hp, b, channels);
	note(hp, HOTPROBE_NOTE, "%s: %s", table->name, ring ? "ring buffer" : "perf buffers");
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
	loop->tick_fd = -1;
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
		if (table_takes_perf_events(&hp->tables[i]) ||
		    hotprobe_table_uses_ring(&hp->tables[i]))
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
	if (loop->tick_fd >= 0)
		close(loop->tick_fd);
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
	size_t submitted = submit_size(b->table, size);

	if (submitted)
		size = submitted;
	else if (b->event_size && size > b->event_size && size - b->event_size < 8)
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

static bool is_any(const struct channel *c)
{
	(void)c;
	return true;
}

/* Records that nobody was woken for. */
static bool has_unannounced(const struct channel *c)
{
	return c->cpu >= 0 && perf_ring_has_any(&c->perf);
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

/* True if fd, an eventfd or a timer, had counted; it has not any more. */
static bool had_counted(int fd)
{
	uint64_t count;

	return fd >= 0 && read(fd, &count, sizeof(count)) == sizeof(count);
}

static int not_loaded(struct hotprobe *hp)
{
	return fail(hp, -EBUSY, "there are events only after hotprobe_load()");
}

static int consume_failed(struct hotprobe *hp, int err)
{
	return fail(hp, err, "cannot read an event: %s", strerror(-err));
}

/* Return the number of records or a negative errno. */
static int consume_channels(struct event_loop *loop, bool (*wanted)(const struct channel *c))
{
	int count = 0;

	for (size_t i = 0; i < loop->buffers.count; i++) {
		struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++) {
			int got = wanted(&b->channels[j]) ? consume_channel(&b->channels[j]) : 0;

			if (got < 0)
				return got;
			count += got;
		}
	}
	return count;
}

static int consume_ready(struct hotprobe *hp, void *source)
{
	struct event_loop *loop = hp->loop;

	if (source == &loop->tick_fd) {
		had_counted(loop->tick_fd);
		return consume_channels(loop, has_unannounced);
	}
	if (source == hp->watch) {
		process_watch_read(hp);
		return 0;
	}
	return source == hp->printk ? printk_consume(hp->printk) : consume_channel(source);
}

/* One wait. Returns the number of records delivered, a negative errno, or 0 with *again set if it
   was woken for something of the library's own. */
static int poll_once(struct hotprobe *hp, int timeout_ms, bool *again)
{
	struct event_loop *loop = hp->loop;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(loop->epoll_fd, ready, READY_MAX, timeout_ms), count = 0;
	bool stopped = false;

	if (n < 0)
		return -errno;
	*again = n > 0;
	for (int i = 0; i < n; i++) {
		int got = 0;

		if (!ready[i].data.ptr)
			stopped = had_counted(loop->stop_fd);
		else
			got = consume_ready(hp, ready[i].data.ptr);
		if (got < 0)
			return consume_failed(hp, got);
		count += got;
	}
	if (!n) {
		count = consume_channels(loop, has_unannounced);
		if (count < 0)
			return consume_failed(hp, count);
		ask_for_lost(loop);
	}
	return stopped && !count ? -EINTR : count;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int hotprobe_poll(struct hotprobe *hp, int timeout_ms)
{
	int64_t end = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
	bool again = true;
	int count = 0;

	if (!hp->loop)
		return not_loaded(hp);
	while (again && !count) {
		count = poll_once(hp, timeout_ms, &again);
		if (again && !count && timeout_ms > 0) {
			int64_t left = end - now_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
	return count;
}

int hotprobe_consume(struct hotprobe *hp)
{
	int count;

	if (!hp->loop)
		return not_loaded(hp);
	had_counted(hp->loop->tick_fd);
	count = consume_channels(hp->loop, is_any);
	if (count < 0)
		return consume_failed(hp, count);
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
