/* SPDX-License-Identifier: Apache-2.0 */
/* The tracing file system, also where it is not mounted. */
#ifndef HOTPROBE_TRACEFS_H
#define HOTPROBE_TRACEFS_H

#include "internal.h"
#include "pattern.h"

/*
 * The root directory of tracefs, opened once per handle: where it is mounted, else an instance
 * that is attached to no place (fsopen, Linux 5.2), which needs CAP_SYS_ADMIN and ends with the
 * handle. Returns the descriptor, which stays the handle's, or a negative errno.
 */
int tracefs_fd(struct hotprobe *hp);

/* Reads events/CATEGORY/EVENT/FILE into malloc'ed memory. Returns 0 or a negative errno: -ENOENT
   if there is no such event. */
int tracefs_read_event(struct hotprobe *hp, const char *category, const char *event,
		       const char *file, char **text);
/* The same of the format file, for the kernel to compile for: in opts.tracefs if it is set. */
int tracefs_read_format(struct hotprobe *hp, const char *category, const char *event, char **text);

/* Adds the categories of events (category NULL), or the events of one, in any order. Returns 0 or a
   negative errno: -ENOENT if there is no such category. */
int tracefs_list_events(struct hotprobe *hp, const char *category, struct names *found);
/* Has the event a number? Programs can have no other. Returns 1, 0 or a negative errno. */
int tracefs_has_number(struct hotprobe *hp, const char *category, const char *event);

#endif
