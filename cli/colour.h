/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colours, for standard output and standard error alike: one decision for each of the two. By
 * itself a terminal has them unless NO_COLOR is set or TERM says that it is a dumb one; --color
 * decides otherwise.
 */
#ifndef HOTPROBE_CLI_COLOUR_H
#define HOTPROBE_CLI_COLOUR_H

#include <stdbool.h>

#include "text.h"

enum colour {
	COLOUR_NONE,
	COLOUR_BOLD, /* names and headings */
	COLOUR_ERROR,
	COLOUR_WARNING,
	COLOUR_NOTE,
	COLOUR_CARET,
	COLOUR_BAR,
	COLOUR_DIM, /* what stands below a row */
};

/* The argument of --color: auto, always or never. False if it is none of these. */
bool colour_choose(const char *when);
/* Does what is written there get colours? */
bool colour_on(int fd);

/* Appends the escape sequence that begins a colour, COLOUR_NONE ends it. */
void colour_text(struct text *text, enum colour colour);

#endif
