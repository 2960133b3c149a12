/* SPDX-License-Identifier: Apache-2.0 */
/* The user's program: its text, its lines, and the copy of it that libbcc gets. */
#ifndef HOTPROBE_CC_SOURCE_H
#define HOTPROBE_CC_SOURCE_H

#include <stddef.h>

#include "diag.h"
#include "text.h"

/* What libbcc calls a program that it was given as a string. */
#define SOURCE_PATH "/virtual/main.c"

/* Above this a line number does not fit BTF's 22 bits beside those that lines.h uses. */
enum { SOURCE_LINES_MAX = 3000000, SOURCE_SIZE_MAX = 8 << 20 };

struct source {
	const char *name; /* what messages call it */
	char *text;	  /* without a first line of #!, NUL-terminated */
	size_t size;
	size_t *lines; /* offsets of their first bytes */
	size_t line_count;
};

/* Takes size bytes of text; what makes it no program goes to diags, and then -1 is returned. */
int source_take(struct source *source, const char *name, const char *text, size_t size,
		struct diag_list *diags);
/* A line without its newline, from 1; "" and size 0 if there is none. */
const char *source_line(const struct source *source, unsigned line, size_t *size);
/* The number of the line, from 1, that holds the byte at offset. */
unsigned source_line_of(const struct source *source, size_t offset);

#endif
