/* SPDX-License-Identifier: Apache-2.0 */
/* One request, taken apart. */
#ifndef HOTPROBE_CC_JOB_H
#define HOTPROBE_CC_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "flags.h"
#include "headers.h"

struct job {
	struct headers_text source; /* name NULL if the request has none */
	struct headers_text *files;
	size_t file_count;
	struct headers_tracepoint *tracepoints;
	size_t tracepoint_count;
	struct flags flags;
	const char *btf_path;
	const char *release;
	bool whole_headers;    /* is what is wanted, and no program */
	const char *kernel_id; /* NULL if it isn't known */
	const char *kernel_headers; /* NULL: out of BTF */
	bool direct_syscalls;
};

/* Reads the request from a descriptor. The strings point into memory that stays. Returns 0, -1 if
   it is damaged or has no source. */
int job_read(int fd, struct job *job);

#endif
