/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code that a process and its descendants map, as the kernel tells it when they do: so that
 * addresses have names when the processes have ended. It is what perf record does.
 */
#ifndef HOTPROBE_PROCESS_WATCH_H
#define HOTPROBE_PROCESS_WATCH_H

#include "internal.h"

/* From now on notes what pid maps, and the processes that it forks. Returns 0 or a negative errno,
   without a message. */
int process_watch_start(struct hotprobe *hp, pid_t pid);
/* Takes in what the kernel has told so far. */
void process_watch_read(struct hotprobe *hp);
/* Readable when there is something to take in; -1 if nothing is watched. */
int process_watch_fd(const struct hotprobe *hp);
void process_watch_free(struct hotprobe *hp);

#endif
