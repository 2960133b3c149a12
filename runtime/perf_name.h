/* SPDX-License-Identifier: Apache-2.0 */
/* Events of perf_event_open(2) by the names that perf list gives them. */
#ifndef HOTPROBE_PERF_NAME_H
#define HOTPROBE_PERF_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"

/* "cpu-clock", "LLC-load-misses", "r1a8", "msr/tsc/"; false if there is none of that name. */
bool perf_event_of_name(const char *name, uint32_t *type, uint64_t *config);

/* Adds all names there are, but for raw numbers; this machine may not have all of them. Returns 0
   or -ENOMEM. */
int perf_event_names(struct names *names);
/* Can this machine count it? Tried on the caller itself, with a counter that is never started. */
bool perf_event_is_there(const char *name);

#endif
