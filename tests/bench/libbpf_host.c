/* SPDX-License-Identifier: Apache-2.0 */
/* The peer with libbpf: libbpf_host OBJECT PID [PID] (host.h). OBJECT is libbpf_event.bpf.c. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

/* What the object's data sections hold. */
struct settings {
	unsigned pids[2];
};

static void count(struct counts *counts, const void *data)
{
	uint64_t at;

	memcpy(&at, data, sizeof(at));
	counts->events++;
	counts->sum += at;
}

static int ring_event(void *ctx, void *data, size_t size)
{
	(void)size;
	count(ctx, data);
	return 0;
}

static void perf_event(void *ctx, int cpu, void *data, __u32 size)
{
	(void)cpu;
	(void)size;
	count(ctx, data);
}

static void perf_lost(void *ctx, int cpu, __u64 lost)
{
	struct counts *counts = ctx;

	(void)cpu;
	counts->lost += lost;
}

static struct bpf_map *section(struct bpf_object *object, const char *name)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		const char *of = strrchr(bpf_map__name(map), '.');

		if (of && !strcmp(of, name))
			return map;
	}
	errx(1, "the object has no section %s", name);
}

static struct bpf_object *load(const char *path, char **pids)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct settings settings = {0};
	struct bpf_map *events;

	if (!object)
		err(1, "%s", path);
	for (int i = 0; pids[i] && i < 2; i++)
		settings.pids[i] = (unsigned)atoi(pids[i]);
	if (bpf_map__set_initial_value(section(object, ".rodata"), &settings, sizeof(settings)))
		err(1, "settings");
	events = bpf_object__find_map_by_name(object, "events");
	if (bpf_map__type(events) == BPF_MAP_TYPE_RINGBUF)
		bpf_map__set_max_entries(events, HOST_PAGES * (unsigned)getpagesize() *
							 (unsigned)libbpf_num_possible_cpus());
	if (bpf_object__load(object))
		err(1, "load");
	return object;
}

/* Either kind of buffer. */
struct buffer {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
};

static struct buffer open_buffer(struct bpf_object *object, struct counts *counts)
{
	struct bpf_map *events = bpf_object__find_map_by_name(object, "events");
	struct buffer buffer = {0};

	if (bpf_map__type(events) == BPF_MAP_TYPE_RINGBUF)
		buffer.ring = ring_buffer__new(bpf_map__fd(events), ring_event, counts, NULL);
	else
		buffer.perf = perf_buffer__new(bpf_map__fd(events), HOST_PAGES, perf_event,
					       perf_lost, counts, NULL);
	if (!buffer.ring && !buffer.perf)
		err(1, "buffer");
	return buffer;
}

static void take_events(struct buffer buffer)
{
	struct pollfd fds[] = {
		{.fd = buffer.ring ? ring_buffer__epoll_fd(buffer.ring)
				   : perf_buffer__epoll_fd(buffer.perf),
		 .events = POLLIN},
		{.fd = 0, .events = POLLIN},
	};

	while (poll(fds, 2, -1) >= 0 && !fds[1].revents) {
		if (buffer.ring)
			ring_buffer__poll(buffer.ring, 0);
		else
			perf_buffer__poll(buffer.perf, 0);
	}
}

/* Of a ring buffer the program counts what it lost. */
static void read_lost(struct bpf_object *object, struct counts *counts)
{
	int zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(section(object, ".bss")), &zero, &counts->lost))
		err(1, "lost");
}

int main(int argc, char **argv)
{
	struct counts counts = {0};
	struct bpf_object *object;
	struct bpf_link *link;
	struct buffer buffer;

	if (argc < 2)
		errx(2, "usage: %s OBJECT PID [PID]", argv[0]);
	object = load(argv[1], argv + 2);
	buffer = open_buffer(object, &counts);
	link = bpf_program__attach(bpf_object__next_program(object, NULL));
	if (!link)
		err(1, "attach");
	host_ready();
	take_events(buffer);
	bpf_link__destroy(link);
	if (buffer.ring) {
		ring_buffer__consume(buffer.ring);
		read_lost(object, &counts);
		ring_buffer__free(buffer.ring);
	} else {
		perf_buffer__consume(buffer.perf);
		perf_buffer__free(buffer.perf);
	}
	host_done(&counts);
	bpf_object__close(object);
	return 0;
}
