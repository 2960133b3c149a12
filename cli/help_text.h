/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the help of a command says, read by programs: the options it lists, for shells to complete.
 * An option is a line, "  -v, --verbose  text" or "      --name VALUE  text", and the lines below
 * it that are indented further.
 */
#ifndef HOTPROBE_CLI_HELP_TEXT_H
#define HOTPROBE_CLI_HELP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A part of the help. */
struct help_part {
	const char *at;
	size_t length;
};

struct help_option {
	char letter;		/* '\0': it has none */
	struct help_part name;	/* without "--"; empty if it has only a letter */
	struct help_part value; /* "FILE", "auto|never"; empty if it takes none */
	struct help_part text;	/* what it does, all lines of it */
};

/* Reads the next option after *at, which begins as the help. False after the last. */
bool help_next_option(const char **at, struct help_option *option);
/* Reads the next line of "Usage:" after *at, without what comes before its arguments. False after
   the last. */
bool help_next_usage(const char **at, struct help_part *arguments);
/* Takes the next word off a part; false at its end. */
bool help_next_word(struct help_part *part, struct help_part *word);

bool help_part_is(const struct help_part *part, const char *string);
/* Is the word a part of it? */
bool help_part_has(const struct help_part *part, const char *word);

#endif
