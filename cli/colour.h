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
	COLOUR_BOLD,
	COLOUR_DIM,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_MAGENTA,
	COLOUR_CYAN,
};

/* The argument of --color: auto, always or never. False if it is none of these. */
bool colour_choose(const char *when);
/* Does what is written to that descriptor get colours? */
bool colour_wanted(int fd);
/* Appends what makes a terminal write in that colour, always bold; COLOUR_NONE ends it. */
void colour_start(struct text *text, enum colour colour);

#endif
