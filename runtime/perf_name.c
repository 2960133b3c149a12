/* SPDX-License-Identifier: Apache-2.0 */
#include "perf_name.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf_pmu.h"

static const struct event {
	const char *name;
	uint32_t type;
	uint64_t config;
} events[] = {
	{"cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
	{"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
	{"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
	{"faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
	{"minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
	{"major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
	{"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
	{"cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
	{"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
	{"migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
	{"alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
	{"emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
	{"cgroup-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CGROUP_SWITCHES},
	{"cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	{"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	{"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
	{"cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
	{"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
	{"branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
	{"branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
	{"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
	{"bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
	{"stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
	{"stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
	{"ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
};

struct word {
	const char *text;
	uint64_t value;
};

/* "L1-dcache-load-misses": which cache, doing what, with which result. */
static const struct word caches[] = {
	{"L1-dcache-", PERF_COUNT_HW_CACHE_L1D}, {"L1-icache-", PERF_COUNT_HW_CACHE_L1I},
	{"LLC-", PERF_COUNT_HW_CACHE_LL},	 {"dTLB-", PERF_COUNT_HW_CACHE_DTLB},
	{"iTLB-", PERF_COUNT_HW_CACHE_ITLB},	 {"branch-", PERF_COUNT_HW_CACHE_BPU},
	{"node-", PERF_COUNT_HW_CACHE_NODE},	 {NULL, 0},
};

#define CACHE_OP(op, result)                                                                       \
	(PERF_COUNT_HW_CACHE_OP_##op << 8 | PERF_COUNT_HW_CACHE_RESULT_##result << 16)

static const struct word cache_results[] = {
	{"loads", CACHE_OP(READ, ACCESS)},
	{"load-misses", CACHE_OP(READ, MISS)},
	{"stores", CACHE_OP(WRITE, ACCESS)},
	{"store-misses", CACHE_OP(WRITE, MISS)},
	{"prefetches", CACHE_OP(PREFETCH, ACCESS)},
	{"prefetch-misses", CACHE_OP(PREFETCH, MISS)},
	{NULL, 0},
};

static bool read_cache_event(const char *name, uint32_t *type, uint64_t *config)
{
	for (const struct word *cache = caches; cache->text; cache++) {
		size_t length = strlen(cache->text);

		for (const struct word *r = cache_results; r->text; r++) {
			if (strncmp(name, cache->text, length) || strcmp(name + length, r->text))
				continue;
			*type = PERF_TYPE_HW_CACHE;
			*config = cache->value | r->value;
			return true;
		}
	}
	return false;
}

/* "r1a8": the number, in hexadecimal, as the processor's manual encodes it. */
static bool read_raw_event(const char *name, uint32_t *type, uint64_t *config)
{
	const char *number = name + 1;
	size_t digits;

	if (*name != 'r')
		return false;
	digits = strspn(number, "0123456789abcdefABCDEF");
	if (!digits || digits > 16 || number[digits])
		return false;
	*type = PERF_TYPE_RAW;
	*config = strtoull(number, NULL, 16);
	return true;
}

bool perf_event_of_name(const char *name, uint32_t *type, uint64_t *config)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		if (strcmp(name, events[i].name))
			continue;
		*type = events[i].type;
		*config = events[i].config;
		return true;
	}
	return read_cache_event(name, type, config) || read_raw_event(name, type, config) ||
	       perf_pmu_event(name, type, config);
}

int perf_event_names(struct names *names)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(events) / sizeof(*events) && !err; i++)
		err = names_add(names, strdup(events[i].name));
	for (const struct word *cache = caches; cache->text; cache++)
		for (const struct word *r = cache_results; r->text && !err; r++) {
			char *name;

			if (asprintf(&name, "%s%s", cache->text, r->text) < 0)
				name = NULL;
			err = names_add(names, name);
		}
	return err ? err : perf_pmu_names(names);
}

bool perf_event_is_there(const char *name)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.sample_period = 1ULL << 40,
		.disabled = 1,
	};
	uint32_t type;
	uint64_t config;
	int fd;

	if (!perf_event_of_name(name, &type, &config))
		return false;
	attr.type = type;
	attr.config = config;
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM; /* it cannot be known */
	close(fd);
	return true;
}
