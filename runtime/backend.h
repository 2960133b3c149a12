/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to attach a loaded program. Each opens one descriptor; closing it detaches. */
#ifndef HOTPROBE_BACKEND_H
#define HOTPROBE_BACKEND_H

#include "internal.h"

/* Which way a target goes on this kernel, with the options of the handle. */
enum backend backend_choose(struct hotprobe *hp, const struct target *target);

/*
 * Attaches program prog_fd to the link's target. Returns the descriptor that holds it, and what
 * it was attached to in *attached_text (malloc'ed); or a negative errno with the message and a
 * diagnostic set.
 */
int backend_attach(struct hotprobe_link *link, int prog_fd, char **attached_text);

#endif
