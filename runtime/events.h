/* SPDX-License-Identifier: Apache-2.0 */
/* Event buffers of tables, and the loop that waits for all of them. */
#ifndef HOTPROBE_EVENTS_H
#define HOTPROBE_EVENTS_H

#include "internal.h"

/* Opens the buffers of every table that takes events, and what waits for them. */
int events_open(struct hotprobe *hp);
void events_close(struct hotprobe *hp);
/* Waits for hp->watch, too. Returns 0 or a negative errno. */
int events_watch_processes(struct hotprobe *hp);
/* And no longer. */
void events_leave_processes(struct hotprobe *hp);

#endif
