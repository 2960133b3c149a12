/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOTPROBE_CLI_DOCTOR_PRIVILEGES_H
#define HOTPROBE_CLI_DOCTOR_PRIVILEGES_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

#include "doctor.h"
#include "text.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))
/* What it takes to load and attach programs that trace. */
#define TRACING_CAPABILITIES (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON))

/* The effective ones of this process. */
uint64_t capabilities_read(void);
/* In one whose capabilities do not count for what hotprobe does. */
bool is_in_user_namespace(void);
/* Appends their names, "CAP_BPF and CAP_PERFMON". */
void capability_names(struct text *text, uint64_t capabilities);
/* What to do to have them. */
void capability_remedy(struct finding *finding, uint64_t capabilities);

#endif
