/* SPDX-License-Identifier: Apache-2.0 */
/* Flame graphs: an SVG that any browser shows, with all that it needs inside. */
#ifndef HOTPROBE_CLI_FLAME_H
#define HOTPROBE_CLI_FLAME_H

#include "text.h"

/* Draws folded lines (folded.h; equal ones are added up) and appends the picture. Returns 0;
   -ENODATA if there are no lines; -ENOMEM. */
int flame_draw(struct text *svg, const struct text *lines, const char *title);

#endif
