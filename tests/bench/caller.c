/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmark traces: calls getppid(2) for some time.
 *
 *   caller GO RESULT CPU SECONDS RATE     GO and RESULT are named pipes; RATE 0 is as fast as it
 * can caller stamp                          prints "ready TIME", waits until its input ends
 *
 * It waits for a byte from GO, makes its calls on that CPU, writes "CALLS WALL CPU" (nanoseconds,
 * and nanoseconds of its own CPU time) to RESULT, and ends with GO.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

enum {
	BURST = 16, /* calls between looks at the clock */
};

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int stamp(void)
{
	char byte;

	host_ready();
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

/* Bursts at even distances; one that is late is not made up for. */
static uint64_t make_calls(uint64_t duration, double rate)
{
	uint64_t start = now(CLOCK_MONOTONIC), at = start, next = start, calls = 0;
	uint64_t distance = rate > 0 ? (uint64_t)(BURST * 1e9 / rate) : 0;

	while (at - start < duration) {
		for (int i = 0; i < BURST; i++)
			syscall(SYS_getppid);
		calls += BURST;
		at = now(CLOCK_MONOTONIC);
		next = next + distance > at ? next + distance : at;
		while (at < next)
			at = now(CLOCK_MONOTONIC);
	}
	return calls;
}

int main(int argc, char **argv)
{
	uint64_t wall, cpu, calls;
	FILE *result;
	char byte;
	int go;

	if (argc == 2 && !strcmp(argv[1], "stamp"))
		return stamp();
	if (argc != 6)
		errx(2, "usage: %s GO RESULT CPU SECONDS RATE", argv[0]);
	pin(atoi(argv[3]));
	go = open(argv[1], O_RDONLY | O_CLOEXEC);
	result = fopen(argv[2], "we");
	if (go < 0 || !result)
		err(1, "pipes");
	if (read(go, &byte, 1) != 1)
		return 1;
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	calls = make_calls((uint64_t)(atof(argv[4]) * 1e9), atof(argv[5]));
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	fprintf(result, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", calls, wall, cpu);
	fclose(result);
	while (read(go, &byte, 1) > 0)
		;
	return 0;
}
