/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "kernel.h"
#include "printk.h"
#include "process_watch.h"

enum {
	READY_MAX = 64,
};

/* The buffers of a table. */
struct event_buffer {
	struct sink sink;
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

static void free_buffer(struct event_buffer *b)
{
	for (int i = 0; i < b->channel_count; i++)
		channel_close(&b->channels[i]);
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
	b->sink.table = table;
	b->sink.event_size = type ? hotprobe_type_size(type) : 0;
	b->channels = calloc(channels, sizeof(*b->channels));
	if (!b->channels || array_push(&hp->loop->buffers, b)) {
		free(b->channels);
		free(b);
		return NULL;
	}
	table->events = b;
	return b;
}

static int open_channels(struct hotprobe *hp, struct event_buffer *b, bool ring)
{
	const struct hotprobe_table *table = b->sink.table;
	int err = 0;

	if (ring)
		return channel_open_ring(&b->channels[b->channel_count++], &b->sink,
					 hp->loop->epoll_fd);
	for (int cpu = 0; cpu < (int)table->max_entries && !err; cpu++)
		if (kernel_cpu_online(cpu))
			err = channel_open_perf(&b->channels[b->channel_count++], &b->sink,
						hp->loop->epoll_fd, cpu, hp->opts.perf_pages);
	return err;
}

static int open_buffer(struct hotprobe *hp, struct hotprobe_table *table)
{
	bool ring = hotprobe_table_uses_ring(table);
	struct event_buffer *b = new_buffer(hp, table, ring ? 1 : (int)table->max_entries);
	int err;

	if (!b)
		return fail(hp, -ENOMEM, "out of memory");
	err = open_channels(hp, b, ring);
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

void events_leave_processes(struct hotprobe *hp)
{
	if (hp->watch)
		epoll_ctl(hp->loop->epoll_fd, EPOLL_CTL_DEL, process_watch_fd(hp), NULL);
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
		loop->buffers.at[i]->sink.table->events = NULL;
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
	t->events->sink.event = event;
	t->events->sink.lost = lost;
	t->events->sink.ctx = ctx;
	return 0;
}

/* ---- Delivery
 * ------------------------------------------------------------------------------------ */

static bool was_stopped(struct event_loop *loop)
{
	uint64_t count;

	return read(loop->stop_fd, &count, sizeof(count)) == sizeof(count);
}

typedef bool (*channel_kind)(const struct channel *c);

static bool has_channel(const struct event_loop *loop, channel_kind wanted)
{
	for (size_t i = 0; i < loop->buffers.count; i++) {
		const struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++)
			if (wanted(&b->channels[j]))
				return true;
	}
	return false;
}

/* The kernel writes a PERF_RECORD_LOST only before the next record that fits: what was lost last
   is asked for, when there is time. */
static void ask_for_lost(struct event_loop *loop)
{
	for (size_t i = 0; i < loop->buffers.count; i++) {
		struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++)
			if (channel_may_have_lost(&b->channels[j]))
				channel_report_lost(&b->channels[j]);
	}
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
static int consume_channels(struct event_loop *loop, channel_kind wanted)
{
	int count = 0;

	for (size_t i = 0; i < loop->buffers.count; i++) {
		struct event_buffer *b = loop->buffers.at[i];

		for (int j = 0; j < b->channel_count; j++) {
			int got = wanted(&b->channels[j]) ? channel_consume(&b->channels[j]) : 0;

			if (got < 0)
				return got;
			count += got;
		}
	}
	return count;
}

static int consume_ready(struct hotprobe *hp, void *source)
{
	if (source == hp->watch) {
		process_watch_read(hp);
		return 0;
	}
	return source == hp->printk ? printk_consume(hp->printk) : channel_consume(source);
}

/* One wait. Returns the number of records delivered, a negative errno, or 0 with *again set if it
   was woken for something of the library's own. */
static int poll_once(struct hotprobe *hp, int timeout_ms, bool *again)
{
	struct event_loop *loop = hp->loop;
	bool overdue = has_channel(loop, channel_is_overdue), stopped = false;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(loop->epoll_fd, ready, READY_MAX, overdue ? 0 : timeout_ms), count = 0;

	if (n < 0)
		return -errno;
	*again = n > 0 || overdue;
	for (int i = 0; i < n; i++) {
		int got = 0;

		if (!ready[i].data.ptr)
			stopped = was_stopped(loop);
		else
			got = consume_ready(hp, ready[i].data.ptr);
		if (got < 0)
			return consume_failed(hp, got);
		count += got;
	}
	if (!n) {
		count = consume_channels(loop, channel_has_unannounced);
		if (count < 0)
			return consume_failed(hp, count);
		ask_for_lost(loop);
	}
	return stopped && !count ? -EINTR : count;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int hotprobe_poll(struct hotprobe *hp, int timeout_ms)
{
	uint64_t end = timeout_ms > 0 ? now_ns() + (uint64_t)timeout_ms * 1000000 : 0;
	bool again = true;
	int count = 0;

	if (!hp->loop)
		return not_loaded(hp);
	while (again && !count) {
		count = poll_once(hp, timeout_ms, &again);
		if (again && !count && timeout_ms > 0) {
			uint64_t now = now_ns();

			timeout_ms = now < end ? (int)((end - now + 999999) / 1000000) : 0;
		}
	}
	return count;
}

int hotprobe_consume(struct hotprobe *hp)
{
	int count;

	if (!hp->loop)
		return not_loaded(hp);
	count = consume_channels(hp->loop, channel_is_any);
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
		struct event_buffer *b = hp->loop->buffers.at[i];

		if (table && strcmp(table, b->sink.table->name))
			continue;
		for (int j = 0; j < b->channel_count; j++)
			lost += channel_lost(&b->channels[j]);
	}
	return lost;
}
