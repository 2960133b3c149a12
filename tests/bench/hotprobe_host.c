/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with libhotprobe (host.h): hotprobe_host [-p] [-n] [-DNAME=VALUE]... WORKER PROGRAM PID...
 *
 * -p forces perf buffers, -n does without the cache; WORKER is hotprobe-cc.
 */
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "hotprobe.h"

enum { FLAGS_MAX = 8 };

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	struct counts *counts = ctx;
	uint64_t at;

	(void)cpu;
	(void)size;
	memcpy(&at, data, sizeof(at));
	counts->events++;
	counts->sum += at;
}

static void count_lost(void *ctx, int cpu, uint64_t lost)
{
	struct counts *counts = ctx;

	(void)cpu;
	counts->lost += lost;
}

static void check(struct hotprobe *hp, int status)
{
	if (status < 0)
		errx(1, "%s", hotprobe_error(hp));
}

static void take_events(struct hotprobe *hp)
{
	struct pollfd fds[] = {
		{.fd = hotprobe_fd(hp), .events = POLLIN},
		{.fd = 0, .events = POLLIN},
	};

	while (poll(fds, 2, -1) >= 0 && !fds[1].revents)
		check(hp, hotprobe_poll(hp, 0));
}

int main(int argc, char **argv)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .confine = true, .perf_pages = HOST_PAGES};
	const char *flags[FLAGS_MAX + 1] = {0};
	struct counts counts = {0};
	struct hotprobe *hp;
	int arg = 1, count = 0;

	for (; arg < argc && *argv[arg] == '-'; arg++) {
		opts.perf_buffer |= !strcmp(argv[arg], "-p");
		opts.no_cache |= !strcmp(argv[arg], "-n");
		if (!strncmp(argv[arg], "-D", 2) && count < FLAGS_MAX)
			flags[count++] = argv[arg];
	}
	if (arg + 1 >= argc)
		errx(2, "usage: %s [-p] [-n] [-DNAME=VALUE]... WORKER PROGRAM PID...", argv[0]);
	opts.cflags = flags;
	opts.compiler = argv[arg++];
	hp = hotprobe_new(&opts);
	if (!hp)
		err(1, "hotprobe_new");
	check(hp, hotprobe_open_file(hp, argv[arg++]));
	check(hp, hotprobe_load(hp));
	check(hp, hotprobe_on_event(hp, "events", count_event, count_lost, &counts));
	for (; arg < argc; arg++)
		check(hp, hotprobe_trace_pid(hp, atoi(argv[arg])));
	check(hp, hotprobe_attach(hp));
	host_ready();
	take_events(hp);
	hotprobe_detach(hp);
	while (hotprobe_consume(hp) > 0)
		;
	counts.lost = hotprobe_lost(hp, NULL);
	host_done(&counts);
	hotprobe_free(hp);
	return 0;
}
