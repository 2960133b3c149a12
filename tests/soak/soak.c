/* SPDX-License-Identifier: Apache-2.0 */
/* A soak from its start to its end: whoever consumes, the checkpoints are the same. */
#include "soak.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "consumer.h"

enum { PATIENCE_S = 60 };

const struct soak_mode soak_modes[] = {
	{.name = "callback"},
	{.name = "json", .format = "--json"},
	{.name = "columns", .format = ""},
	{.name = "csv", .format = "--csv"},
	{.name = "two-producers", .producers = 2},
	{.name = "slow-callback", .slow_us = 20},
	{.name = "stall", .stalls = true},
	{.name = "other-thread", .in_other_thread = true},
	{.name = "perf-buffer", .perf_buffer = true},
	{.name = "perf-buffer-stall", .perf_buffer = true, .stalls = true},
};
const size_t soak_mode_count = sizeof(soak_modes) / sizeof(*soak_modes);

void soak_wrong(struct soak *soak, const char *format, ...)
{
	char *wrong = soak->figures->wrong;
	va_list args;

	if (*wrong)
		return; /* what came first explains the rest */
	va_start(args, format);
	vsnprintf(wrong, sizeof(soak->figures->wrong), format, args);
	va_end(args);
}

double soak_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool soak_wait(struct soak *soak, bool (*done)(const struct soak *soak), const char *what)
{
	double end = soak_now() + PATIENCE_S;

	while (!done(soak)) {
		if (soak_now() > end) {
			soak_wrong(soak, "waited in vain for %s", what);
			return false;
		}
		usleep(500);
	}
	return true;
}

/* ---- The producers ------------------------------------------------------------------------- */

static unsigned producers(const struct soak *soak)
{
	return soak->mode->producers ? soak->mode->producers : 1;
}

uint64_t soak_produced(const struct soak *soak)
{
	uint64_t calls = 0;

	for (unsigned i = 0; i < producers(soak); i++)
		calls += atomic_load(&soak->control->producer[i].calls);
	return calls;
}

static bool all_ready(const struct soak *soak)
{
	for (unsigned i = 0; i < producers(soak); i++)
		if (!atomic_load(&soak->control->producer[i].ready))
			return false;
	return true;
}

static bool all_rest(const struct soak *soak)
{
	uint32_t order = atomic_load(&soak->control->order);

	for (unsigned i = 0; i < producers(soak); i++)
		if (atomic_load(&soak->control->producer[i].obeyed) != order)
			return false;
	return true;
}

static bool make_control(struct soak *soak)
{
	int fd;

	snprintf(soak->control_file, sizeof(soak->control_file), "%s/control-XXXXXX",
		 soak->options->scratch);
	fd = mkostemp(soak->control_file, O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, sizeof(*soak->control))) {
		soak_wrong(soak, "%s: %s", soak->control_file, strerror(errno));
		return false;
	}
	soak->control =
		mmap(NULL, sizeof(*soak->control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (soak->control != MAP_FAILED)
		return true;
	soak_wrong(soak, "mmap: %s", strerror(errno));
	return false;
}

/* What is started from here on runs where the producers are not. */
static void keep_off_producers(const struct soak *soak)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (!soak->options->pinned || cpus < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpus - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- Checkpoints ---------------------------------------------------------------------------- */

static size_t resident_kb(pid_t pid)
{
	char path[64];
	size_t size = 0, pages = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (file && fscanf(file, "%zu %zu", &size, &pages) != 2)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static size_t open_files(pid_t pid)
{
	char path[64];
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static void measure(struct soak *soak)
{
	struct soak_figures *figures = soak->figures;

	figures->last_kb = resident_kb(soak->consumer_pid);
	figures->last_fds = open_files(soak->consumer_pid);
	if (figures->checkpoints)
		return;
	figures->first_kb = figures->last_kb;
	figures->first_fds = figures->last_fds;
}

/* The producers work for a while, and rest; then all they sent is taken and compared. */
static void interval(struct soak *soak, double seconds)
{
	double begin = soak_now();

	atomic_fetch_add(&soak->control->order, 1);
	soak->consumer->take(soak, seconds);
	soak->figures->seconds += soak_now() - begin;
	atomic_fetch_add(&soak->control->order, 1);
	if (!soak_wait(soak, all_rest, "the producers to rest"))
		return;
	soak->produced = soak_produced(soak);
	soak->consumer->settle(soak);
	if (*soak->figures->wrong)
		return;
	measure(soak);
	soak->figures->checkpoints++;
}

static void compare_at_the_end(struct soak *soak)
{
	struct soak_figures *figures = soak->figures;

	figures->produced = soak->produced;
	figures->delivered = soak->delivered;
	figures->lost = soak->lost;
	if (figures->produced != figures->delivered + figures->lost)
		soak_wrong(soak, "%llu produced, but %llu delivered and %llu lost",
			   (unsigned long long)figures->produced,
			   (unsigned long long)figures->delivered,
			   (unsigned long long)figures->lost);
}

void soak(const struct soak_mode *mode, const struct soak_options *options,
	  struct soak_figures *figures)
{
	struct soak soak = {
		.mode = mode,
		.options = options,
		.figures = figures,
		.consumer = mode->format ? &soak_command : &soak_host,
	};
	cpu_set_t before;

	*figures = (struct soak_figures){0};
	sched_getaffinity(0, sizeof(before), &before);
	if (!make_control(&soak))
		goto out;
	snprintf(soak.count, sizeof(soak.count), "%u", producers(&soak));
	keep_off_producers(&soak);
	if (soak.consumer->start(&soak) && soak_wait(&soak, all_ready, "the producers"))
		for (unsigned i = 0; i < options->checkpoints && !*figures->wrong; i++)
			interval(&soak, options->seconds / options->checkpoints);
	atomic_store(&soak.control->order, ORDER_END);
	soak.consumer->end(&soak);
	compare_at_the_end(&soak);
	munmap(soak.control, sizeof(*soak.control));
out:
	unlink(soak.control_file);
	sched_setaffinity(0, sizeof(before), &before);
}
