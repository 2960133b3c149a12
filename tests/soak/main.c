/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak BUILD [SECONDS [MODE...]]: every mode for that time (1200), with a line of figures for each.
 * The status is 1 if anything that must hold did not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static void print(const char *name, const struct soak_figures *f)
{
	printf("%-18s %8.0f %13llu %10.0f %13llu %13llu %7u %7zu %7zu %5zu %5zu  %s\n", name,
	       f->seconds, (unsigned long long)f->produced,
	       f->seconds > 0 ? (double)f->produced / f->seconds : 0,
	       (unsigned long long)f->delivered, (unsigned long long)f->lost, f->checkpoints,
	       f->first_kb, f->last_kb, f->first_fds, f->last_fds,
	       *f->wrong ? f->wrong : "equal at each");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char hotprobe[4096], worker[4096], producer[4096], scratch[4096];
	struct soak_options options = {
		.seconds = argc > 2 ? atof(argv[2]) : 1200,
		.stall_ms = 10000,
		.pinned = true,
		.hotprobe = hotprobe,
		.worker = worker,
		.producer = producer,
		.program = "tests/soak/event.c",
		.scratch = scratch,
	};
	char template[] = "/tmp/hotprobe-soak-XXXXXX";
	bool failed = false;

	if (argc < 2 || options.seconds <= 0 || !mkdtemp(template)) {
		fprintf(stderr, "usage: %s BUILD [SECONDS [MODE...]]\n", argv[0]);
		return 2;
	}
	snprintf(hotprobe, sizeof(hotprobe), "%s/hotprobe", argv[1]);
	snprintf(worker, sizeof(worker), "%s/hotprobe-cc", argv[1]);
	snprintf(producer, sizeof(producer), "%s/tests/soak/producer", argv[1]);
	snprintf(scratch, sizeof(scratch), "%s", template);
	/* One each 12 seconds, so that a stall of 10 is part of each interval. */
	options.checkpoints = (unsigned)(options.seconds / 12);
	if (options.checkpoints < 2)
		options.checkpoints = 2;
	printf("%-18s %8s %13s %10s %13s %13s %7s %7s %7s %5s %5s  %s\n", "consumer", "seconds",
	       "produced", "/s", "delivered", "lost", "checks", "KB then", "KB now", "fds", "now",
	       "produced = delivered + lost");
	for (size_t i = 0; i < soak_mode_count; i++) {
		struct soak_figures figures;

		if (!is_wanted(soak_modes[i].name, argv + (argc > 2 ? 3 : 2)))
			continue;
		soak(&soak_modes[i], &options, &figures);
		print(soak_modes[i].name, &figures);
		failed |= *figures.wrong;
	}
	rmdir(template);
	return failed;
}
