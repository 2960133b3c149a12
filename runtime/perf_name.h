/* SPDX-License-Identifier: Apache-2.0 */
/* Events of perf_event_open(2) by the names that perf list gives them. */
#ifndef HOTPROBE_PERF_NAME_H
#define HOTPROBE_PERF_NAME_H

#include <stdbool.h>
#include <stdint.h>

/* "cpu-clock", "LLC-load-misses", "r1a8"; false if there is none of that name. */
bool perf_event_of_name(const char *name, uint32_t *type, uint64_t *config);

#endif
