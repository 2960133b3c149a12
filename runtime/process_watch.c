/* SPDX-License-Identifier: Apache-2.0 */
#include "process_watch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel.h"
#include "perf_ring.h"
#include "symbols.h"

enum {
	PAGES = 32,
	HUNG_UP_MAX = 16,
};

/* A record that waits to be put in order with those of other CPUs. */
struct told {
	uint64_t time;
	struct perf_event_header *record; /* malloc'ed */
};

struct process_watch {
	int epoll_fd;
	struct perf_ring *rings; /* one for each CPU */
	int count;
	ARRAY(struct told) told;
};

/* ---- What the kernel writes, see perf_event_open(2) ---- */

struct sample_id { /* PERF_SAMPLE_TID | PERF_SAMPLE_TIME, at the end of each record */
	uint32_t pid, tid;
	uint64_t time;
};

struct mmap_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
	char path[];
};

struct task_record {
	struct perf_event_header header;
	uint32_t pid, other; /* FORK: the parent; COMM: the thread */
};

/* ---- Taking it in ---- */

/* Makes room for a mapping, which lies over what was there. */
static void remove_overlap(struct mappings *maps, const struct mapping *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < maps->list.count; i++) {
		struct mapping *old = &maps->list.at[i];

		if (old->start < m->end && m->start < old->end)
			free(old->path);
		else
			maps->list.at[kept++] = *old;
	}
	maps->list.count = kept;
}

/* Takes over m->path. Returns 0 or -ENOMEM. */
static int add_mapping(struct mappings *maps, const struct mapping *m)
{
	size_t at;

	remove_overlap(maps, m);
	if (array_push(&maps->list, *m)) {
		free(m->path);
		return -ENOMEM;
	}
	for (at = maps->list.count - 1; at && maps->list.at[at - 1].start > m->start; at--)
		maps->list.at[at] = maps->list.at[at - 1];
	maps->list.at[at] = *m;
	return 0;
}

static int take_mmap(struct hotprobe *hp, const struct mmap_record *r)
{
	bool is_anonymous = !strcmp(r->path, "//anon");
	struct process *p = symbols_process(hp, (pid_t)r->pid);
	struct mapping m = {
		.start = r->address,
		.end = r->address + r->length,
		.offset = r->offset,
		.device = makedev(r->major, r->minor),
		.inode = r->inode,
		.path = strdup(is_anonymous ? "" : r->path),
	};

	if (!p || !m.path) {
		free(m.path);
		return -ENOMEM;
	}
	return add_mapping(&p->maps, &m);
}

static int take_fork(struct hotprobe *hp, const struct task_record *r)
{
	struct process *parent, *child;
	int err = 0;

	if (r->pid == r->other)
		return 0; /* a thread */
	child = symbols_new_process(hp, (pid_t)r->pid);
	parent = child ? symbols_process(hp, (pid_t)r->other) : NULL;
	if (!parent)
		return -ENOMEM;
	for (size_t i = 0; i < parent->maps.list.count && !err; i++) {
		struct mapping m = parent->maps.list.at[i];

		m.path = strdup(m.path);
		err = m.path ? add_mapping(&child->maps, &m) : -ENOMEM;
	}
	return err;
}

static int take(struct hotprobe *hp, const struct perf_event_header *record)
{
	const struct task_record *task = (const void *)record;

	switch (record->type) {
	case PERF_RECORD_MMAP2:
		return take_mmap(hp, (const void *)record);
	case PERF_RECORD_FORK:
		return take_fork(hp, task);
	case PERF_RECORD_COMM:
		if (!(record->misc & PERF_RECORD_MISC_COMM_EXEC))
			return 0;
		return symbols_new_process(hp, (pid_t)task->pid) ? 0 : -ENOMEM;
	default:
		return 0;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static void keep_record(void *ctx, const struct perf_event_header *record)
{
	struct process_watch *w = ctx;
	struct told told = {.record = malloc(record->size)};
	const struct sample_id *id;

	if (record->size < sizeof(*record) + sizeof(*id) || record->type == PERF_RECORD_LOST ||
	    !told.record) {
		free(told.record);
		return;
	}
	memcpy(told.record, record, record->size);
	id = (const void *)((const char *)told.record + record->size - sizeof(*id));
	told.time = id->time;
	if (array_push(&w->told, told))
		free(told.record);
}

/* An event whose processes have all ended is readable for ever. */
static void drop_ended(struct process_watch *w)
{
	struct epoll_event ready[HUNG_UP_MAX];
	int n = epoll_wait(w->epoll_fd, ready, HUNG_UP_MAX, 0);

	for (int i = 0; i < n; i++)
		if (ready[i].events & EPOLLHUP)
			epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, ready[i].data.fd, NULL);
}

void process_watch_read(struct hotprobe *hp)
{
	struct process_watch *w = hp->watch;

	if (!w)
		return;
	drop_ended(w);
	for (int i = 0; i < w->count; i++)
		if (w->rings[i].fd >= 0)
			perf_ring_each(&w->rings[i], keep_record, w);
	if (w->told.count)
		qsort(w->told.at, w->told.count, sizeof(*w->told.at), by_time);
	for (size_t i = 0; i < w->told.count; i++) {
		/* Without memory some addresses will have no names. */
		take(hp, w->told.at[i].record);
		free(w->told.at[i].record);
	}
	w->told.count = 0;
}

/* ---- Start and end ---- */

static int open_ring(struct process_watch *w, struct perf_ring *ring, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.inherit = 1,
		.mmap = 1,
		.mmap2 = 1,
		.task = 1,
		.comm = 1,
		.comm_exec = 1,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(PAGES / 2 * sysconf(_SC_PAGESIZE)),
	};
	struct epoll_event interest = {.events = EPOLLIN};
	int fd = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	int err = fd < 0 ? -errno : perf_ring_map(ring, fd, PAGES);

	if (err)
		return err;
	interest.data.fd = fd;
	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &interest) ? -errno : 0;
}

int process_watch_start(struct hotprobe *hp, pid_t pid)
{
	int cpus = kernel_possible_cpus(), err = 0;
	struct process_watch *w;

	if (hp->watch)
		return -EBUSY;
	w = hp->watch = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->rings = calloc((size_t)cpus, sizeof(*w->rings));
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		err = -errno;
	if (!w->rings)
		err = -ENOMEM;
	for (; !err && w->count < cpus; w->count++) {
		perf_ring_init(&w->rings[w->count]);
		if (kernel_cpu_online(w->count))
			err = open_ring(w, &w->rings[w->count], pid, w->count);
	}
	if (err)
		process_watch_free(hp);
	return err;
}

int process_watch_fd(const struct hotprobe *hp)
{
	return hp->watch ? hp->watch->epoll_fd : -1;
}

void process_watch_free(struct hotprobe *hp)
{
	struct process_watch *w = hp->watch;

	if (!w)
		return;
	for (int i = 0; i < w->count; i++)
		perf_ring_close(&w->rings[i]);
	free(w->rings);
	for (size_t i = 0; i < w->told.count; i++)
		free(w->told.at[i].record);
	array_free(&w->told);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	free(w);
	hp->watch = NULL;
}
