/* SPDX-License-Identifier: Apache-2.0 */
/* One handle takes over from another: its tables, its processes, and where it is attached. */
#ifndef HOTPROBE_SUCCEED_H
#define HOTPROBE_SUCCEED_H

#include "internal.h"

/*
 * Puts the link's program, prog_fd, beside that of the predecessor's link at the same place.
 * Returns true if there is such a one; it is the link's with succeed(), or given back by
 * succeed_undo().
 */
bool succeed_adopt(struct hotprobe_link *link, int prog_fd);
void succeed_undo(struct hotprobe_link *link);
/* A link that was about to be taken over is detached before that. */
void succeed_lose_heir(struct hotprobe_link *old);

/* Everything is attached: makes it hp's turn, and has the predecessor deliver its last events and
   hand over what is left. Returns 0 or a negative errno with the message set, and then nothing has
   changed. */
int succeed(struct hotprobe *hp);

/* Before hp is freed: no other handle knows of it any more. */
void succeed_forget(struct hotprobe *hp);

#endif
