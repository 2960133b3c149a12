/* SPDX-License-Identifier: Apache-2.0 */
/* Names of addresses, in the kernel and in processes: what is known of them, kept in the handle. */
#ifndef HOTPROBE_SYMBOLS_H
#define HOTPROBE_SYMBOLS_H

#include "internal.h"
#include "process.h"

/* What is known of a process that may end any time. There is a new one after each execve. */
struct process {
	pid_t pid;
	struct process_identity identity; /* zero if only the kernel has told of it */
	struct mappings maps;
};

/* Forgets all; hp->symbols may be NULL before and is so afterwards. */
void symbols_free(struct hotprobe *hp);
/* Takes note of a running process, if possible. */
void symbols_see(struct hotprobe *hp, pid_t pid);

/* For what the kernel tells of processes: the latest that is known under that id, or a new one.
   NULL if memory is out. */
struct process *symbols_process(struct hotprobe *hp, pid_t pid);
struct process *symbols_new_process(struct hotprobe *hp, pid_t pid);

#endif
