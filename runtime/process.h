/* SPDX-License-Identifier: Apache-2.0 */
/* What the executable memory of a process is mapped from. */
#ifndef HOTPROBE_PROCESS_H
#define HOTPROBE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "array.h"

struct mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* of start, in the file */
	uint64_t device, inode;
	char *path; /* as the process sees it; "[vdso]"; "" for memory of its own */
};

struct mappings {
	ARRAY(struct mapping) list; /* by address */
};

/* The executable ones of a process. Returns 0; -ESRCH; -EACCES; -ENOMEM. */
int process_read_maps(pid_t pid, struct mappings *maps);
void mappings_free(struct mappings *maps);
const struct mapping *mappings_find(const struct mappings *maps, uint64_t address);

/* The path by which this process can open the file behind a mapping of a running process,
   malloc'ed; NULL if memory is out. */
char *process_file(pid_t pid, const struct mapping *mapping);
bool mapping_is_file(const struct mapping *mapping);

/* Tells a process from a later one with its id, and from itself before an execve. */
struct process_identity {
	uint64_t start_time; /* clock ticks after boot; 0 if there is no such process */
	uint64_t start_code, start_stack;
};

struct process_identity process_identify(pid_t pid);
bool process_is_same(const struct process_identity *a, const struct process_identity *b);

#endif
