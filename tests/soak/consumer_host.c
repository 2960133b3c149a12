/* SPDX-License-Identifier: Apache-2.0 */
/* A host of the library that takes events with a callback. */
#include "consumer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hotprobe.h"

/* As event.c has it. */
struct event {
	uint64_t number, time, twice, complement;
	uint32_t pid, cpu;
	char comm[16];
	uint64_t reserved;
};

struct host {
	struct soak *soak;
	struct hotprobe *hp;
	struct {
		uint32_t pid;
		uint64_t number;
	} last[PRODUCERS_MAX];
	uint64_t lost; /* as the callback was told */
	_Atomic bool stop;
};

static uint64_t *last_number(struct host *host, uint32_t pid)
{
	for (int i = 0; i < PRODUCERS_MAX; i++) {
		if (!host->last[i].pid)
			host->last[i].pid = pid;
		if (host->last[i].pid == pid)
			return &host->last[i].number;
	}
	return NULL;
}

static void spend(unsigned us)
{
	double end = soak_now() + us / 1e6;

	while (soak_now() < end)
		;
}

static void take_event(void *ctx, int cpu, const void *data, size_t size)
{
	struct host *host = ctx;
	struct event event = {0};
	uint64_t *last;

	(void)cpu;
	if (size != sizeof(event))
		soak_wrong(host->soak, "an event has %zu bytes", size);
	memcpy(&event, data, size < sizeof(event) ? size : sizeof(event));
	if (event.twice != 2 * event.number || event.complement != ~event.number)
		soak_wrong(host->soak, "event %llu is not whole", (unsigned long long)event.number);
	last = last_number(host, event.pid);
	/* Perf buffers are one for each CPU, and a process may change its CPU. */
	if (!last || (!host->soak->mode->perf_buffer && event.number <= *last))
		soak_wrong(host->soak, "event %llu comes after %llu",
			   (unsigned long long)event.number,
			   (unsigned long long)(last ? *last : 0));
	if (last)
		*last = event.number;
	host->soak->delivered++;
	if (host->soak->mode->slow_us)
		spend(host->soak->mode->slow_us);
}

static void take_lost(void *ctx, int cpu, uint64_t lost)
{
	struct host *host = ctx;

	(void)cpu;
	host->lost += lost;
}

static bool is_fine(struct host *host, int status)
{
	if (status >= 0)
		return true;
	soak_wrong(host->soak, "%s", hotprobe_error(host->hp));
	return false;
}

static bool host_start(struct soak *soak)
{
	const struct soak_options *options = soak->options;
	const char *const argv[] = {options->producer, soak->control_file, soak->count,
				    options->pinned ? "0" : "-1", NULL};
	const struct hotprobe_opts opts = {
		.sz = sizeof(opts),
		.confine = true,
		.no_cache = true,
		.compiler = options->worker,
		.perf_buffer = soak->mode->perf_buffer,
	};
	struct host *host = calloc(1, sizeof(*host));

	soak->own = host;
	soak->consumer_pid = getpid();
	if (!host) {
		soak_wrong(soak, "out of memory");
		return false;
	}
	host->soak = soak;
	host->hp = hotprobe_new(&opts);
	if (!host->hp) {
		soak_wrong(soak, "hotprobe_new: %s", strerror(errno));
		return false;
	}
	return is_fine(host, hotprobe_open_file(host->hp, options->program)) &&
	       is_fine(host, hotprobe_load(host->hp)) &&
	       is_fine(host, hotprobe_on_event(host->hp, "events", take_event, take_lost, host)) &&
	       is_fine(host, hotprobe_command_start(host->hp, argv, NULL)) &&
	       is_fine(host, hotprobe_attach(host->hp)) &&
	       is_fine(host, hotprobe_command_release(host->hp));
}

static void *poll_on(void *arg)
{
	struct host *host = arg;

	while (!atomic_load(&host->stop)) {
		int n = hotprobe_poll(host->hp, 100);

		if (n != -EINTR && !is_fine(host, n))
			break;
	}
	return NULL;
}

static void take_in_other_thread(struct host *host, double seconds)
{
	pthread_t thread;

	atomic_store(&host->stop, false);
	if (pthread_create(&thread, NULL, poll_on, host)) {
		soak_wrong(host->soak, "no thread can be started");
		return;
	}
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&host->stop, true);
	hotprobe_stop(host->hp);
	pthread_join(thread, NULL);
}

static void stall(struct soak *soak)
{
	uint64_t before = soak_produced(soak), produced;

	usleep(soak->options->stall_ms * 1000);
	produced = soak_produced(soak) - before;
	if (produced > soak->figures->stalled)
		soak->figures->stalled = produced;
}

static void host_take(struct soak *soak, double seconds)
{
	struct host *host = soak->own;
	double end = soak_now() + seconds;

	if (soak->mode->in_other_thread) {
		take_in_other_thread(host, seconds);
		return;
	}
	if (soak->mode->stalls)
		stall(soak);
	do {
		int n = hotprobe_poll(host->hp, 10);

		if (n != -EINTR && !is_fine(host, n))
			break;
	} while (soak_now() < end);
}

static void host_settle(struct soak *soak)
{
	struct host *host = soak->own;
	int n;

	while ((n = hotprobe_consume(host->hp)) > 0)
		;
	is_fine(host, n);
	soak->lost = hotprobe_lost(host->hp, "events");
	if (soak->lost != host->lost)
		soak_wrong(soak, "hotprobe_lost() is %llu, the callback was told of %llu",
			   (unsigned long long)soak->lost, (unsigned long long)host->lost);
	if (soak->produced != soak->delivered + soak->lost)
		soak_wrong(soak, "%llu produced, but %llu delivered and %llu lost",
			   (unsigned long long)soak->produced, (unsigned long long)soak->delivered,
			   (unsigned long long)soak->lost);
}

static void host_end(struct soak *soak)
{
	struct host *host = soak->own;

	if (host)
		hotprobe_free(host->hp);
	free(host);
}

const struct consumer soak_host = {
	.start = host_start,
	.take = host_take,
	.settle = host_settle,
	.end = host_end,
};
