/* SPDX-License-Identifier: Apache-2.0 */
/* Events that the kernel names itself, below /sys/bus/event_source: "msr/tsc/". */
#ifndef HOTPROBE_PERF_PMU_H
#define HOTPROBE_PERF_PMU_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"

/* False if there is none of that name, or it takes more than perf_event_attr.config. */
bool perf_pmu_event(const char *name, uint32_t *type, uint64_t *config);
/* Adds all of them. Returns 0 or -ENOMEM. */
int perf_pmu_names(struct names *names);

#endif
