/* SPDX-License-Identifier: Apache-2.0 */
/* Places programs at targets, and attaches them there. */
#ifndef HOTPROBE_ATTACH_H
#define HOTPROBE_ATTACH_H

#include "internal.h"

/* Places every program whose name follows a convention. */
int attach_place_by_names(struct hotprobe *hp);
/* The same for the targets that the source names with HOTPROBE(). */
int attach_place_by_source(struct hotprobe *hp);

/* Takes a link's program through the verifier in the form its target needs, unless that was done.
   Returns the descriptor, which stays the program's, or a negative errno with the message set. */
int attach_load(struct hotprobe_link *link);

/* The same for a form that a provider chooses while it attaches; what it returns is to be attached,
   and stays the link's. */
int attach_variant(struct hotprobe_link *link, const struct plan *plan);

/* Frees all links, detaching them. */
void attach_free(struct hotprobe *hp);

#endif
