/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how long a tracer takes from its exec until it is attached, and how much memory it
 * then has.
 *
 *   bench_start ROUNDS HOTPROBE PROGRAM.c IMAGE PEER.py
 *   bench_start stamp          prints the time, waits until its input ends
 *
 * Each tracer says when it is attached by printing CLOCK_MONOTONIC in nanoseconds: PEER.py by
 * itself, hotprobe by the command that it starts once all is attached. They run in turn, so that
 * what the machine does meanwhile hits all of them. The first round is not counted: files are in
 * the page cache then.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 1000,
};

struct tracer {
	const char *name;
	const char *const *argv;
	double ms[ROUNDS_MAX];
	long rss_kb[ROUNDS_MAX], peak_kb[ROUNDS_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int stamp(void)
{
	char byte;

	printf("%" PRIu64 "\n", now_ns());
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

/* A line "Name:   N kB" of /proc/PID/status. */
static long status_kb(pid_t pid, const char *name)
{
	char path[64], line[256];
	long kb = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && kb < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			kb = strtol(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return kb;
}

/* The stamp among what a tracer prints: the line that is a number alone. */
static uint64_t read_stamp(FILE *out, const char *name)
{
	char line[4096], *end;

	while (fgets(line, sizeof(line), out)) {
		uint64_t ns = strtoull(line, &end, 10);

		if (end > line + 10 && *end == '\n')
			return ns;
	}
	errx(1, "%s ended without being attached", name);
}

static void measure(struct tracer *tracer, int round)
{
	int in[2], out[2], status;
	uint64_t start;
	FILE *printed;
	pid_t pid;

	if (pipe(in) || pipe(out))
		err(1, "pipe");
	start = now_ns();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		execvp(tracer->argv[0], (char *const *)tracer->argv);
		err(1, "%s", tracer->argv[0]);
	}
	close(in[0]);
	close(out[1]);
	printed = fdopen(out[0], "r");
	tracer->ms[round] = (double)(read_stamp(printed, tracer->name) - start) / 1e6;
	tracer->rss_kb[round] = status_kb(pid, "VmRSS:");
	tracer->peak_kb[round] = status_kb(pid, "VmHWM:");
	close(in[1]); /* the end of its input ends it */
	while (getc(printed) != EOF)
		;
	fclose(printed);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "%s failed", tracer->name);
}

static int compare_ms(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_kb(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void print_table(struct tracer *tracers, size_t count, int rounds)
{
	size_t n = (size_t)rounds;

	for (size_t i = 0; i < count; i++) {
		qsort(tracers[i].ms, n, sizeof(*tracers[i].ms), compare_ms);
		qsort(tracers[i].rss_kb, n, sizeof(*tracers[i].rss_kb), compare_kb);
		qsort(tracers[i].peak_kb, n, sizeof(*tracers[i].peak_kb), compare_kb);
	}
	printf("\n%-28s %9s %19s %6s  %9s %6s  %9s\n", "", "start", "quartiles", "ratio",
	       "resident", "ratio", "peak");
	for (size_t i = 0; i < count; i++) {
		const struct tracer *t = &tracers[i];

		printf("%-28s %6.1f ms %8.1f ..%6.1f ms %6.3f %6.1f MB %6.3f %6.1f MB\n", t->name,
		       t->ms[n / 2], t->ms[n / 4], t->ms[n * 3 / 4],
		       t->ms[n / 2] / tracers[0].ms[n / 2], (double)t->rss_kb[n / 2] / 1024,
		       (double)t->rss_kb[n / 2] / (double)tracers[0].rss_kb[n / 2],
		       (double)t->peak_kb[n / 2] / 1024);
	}
	printf("\nstart: from exec until attached; resident, peak: of the tracer's process then.\n"
	       "Medians of %d runs in turn; ratios to the first line.\n",
	       rounds);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "stamp"))
		return stamp();
	if (argc != 6)
		errx(2, "usage: %s ROUNDS HOTPROBE PROGRAM.c IMAGE PEER.py", argv[0]);

	const char *const peer[] = {"/usr/bin/python3", argv[5], argv[3], NULL};
	const char *const compiled[] = {argv[2], "run",	  "--no-cache", "--json", argv[3],
					"--",	 argv[0], "stamp",	NULL};
	const char *const image[] = {argv[2], "run",   "--json", argv[4],
				     "--",    argv[0], "stamp",	 NULL};
	static struct tracer tracers[] = {
		{.name = "python3-bpfcc"},
		{.name = "hotprobe"},
		{.name = "hotprobe, from an image"},
	};
	const size_t count = sizeof(tracers) / sizeof(*tracers);
	int rounds = atoi(argv[1]);

	if (rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "ROUNDS is from 1 to %d", ROUNDS_MAX);
	tracers[0].argv = peer;
	tracers[1].argv = compiled;
	tracers[2].argv = image;
	signal(SIGPIPE, SIG_IGN);
	for (int round = -1; round < rounds; round++)
		for (size_t i = 0; i < count; i++)
			measure(&tracers[i], round < 0 ? 0 : round);
	print_table(tracers, count, rounds);
	return 0;
}
