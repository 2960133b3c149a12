/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets colours, and what they are. */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum { AUTO, ALWAYS, NEVER } choice;

bool colour_choose(const char *when)
{
	if (!strcmp(when, "auto"))
		choice = AUTO;
	else if (!strcmp(when, "always"))
		choice = ALWAYS;
	else if (!strcmp(when, "never"))
		choice = NEVER;
	else
		return false;
	return true;
}

bool colour_wanted(int fd)
{
	const char *no_color = secure_getenv("NO_COLOR"), *term = secure_getenv("TERM");

	if (choice != AUTO)
		return choice == ALWAYS;
	return isatty(fd) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb");
}

void colour_start(struct text *text, enum colour colour)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",	 [COLOUR_BOLD] = "\033[1m",
		[COLOUR_DIM] = "\033[2m",	 [COLOUR_RED] = "\033[1;31m",
		[COLOUR_GREEN] = "\033[1;32m",	 [COLOUR_YELLOW] = "\033[1;33m",
		[COLOUR_MAGENTA] = "\033[1;35m", [COLOUR_CYAN] = "\033[1;36m",
	};

	text_string(text, codes[colour]);
}
