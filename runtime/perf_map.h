/* SPDX-License-Identifier: Apache-2.0 */
/* /tmp/perf-PID.map: functions that a process made at run time, as its JIT compiler wrote them
   down: "START SIZE NAME" on each line, numbers in hexadecimal. */
#ifndef HOTPROBE_PERF_MAP_H
#define HOTPROBE_PERF_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "array.h"

struct perf_map_entry {
	uint64_t start, size;
	uint32_t name;	/* offset in text */
	uint32_t order; /* a later one is newer */
};

struct perf_map {
	ARRAY(struct perf_map_entry) entries;
	char *text;
	off_t size; /* of the file when it was read */
	struct timespec modified;
};

/* Reads the file at path if it is newer than what was read, and uid's or root's: others must not
   give names to a process's code. Returns true if there is something new. */
bool perf_map_refresh(struct perf_map *map, const char *path, uid_t uid);
/* Makes entries of map->text, which it changes. Returns 0 or -ENOMEM. */
int perf_map_parse(struct perf_map *map);
/* Its name, NULL if there is none, and how far the address is from its start. */
const char *perf_map_find(const struct perf_map *map, uint64_t address, uint64_t *offset);
void perf_map_free(struct perf_map *map);

#endif
