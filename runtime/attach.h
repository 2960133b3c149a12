/* SPDX-License-Identifier: Apache-2.0 */
/* Places programs at targets, and attaches them there. */
#ifndef HOTPROBE_ATTACH_H
#define HOTPROBE_ATTACH_H

#include "internal.h"

/* Places every program whose name follows a convention. */
int attach_place_by_names(struct hotprobe *hp);

/* Frees all links, detaching them. */
void attach_free(struct hotprobe *hp);

#endif
