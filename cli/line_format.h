/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The argument of --format: text with fields in braces.
 *
 *     {FIELD}  {FIELD!CONVERSION}  {FIELD:SPEC}  {FIELD!CONVERSION:SPEC}
 *
 * FIELD is a path into the event ("pid", "addr.port", "args[2]"), or cpu, event (the table's name)
 * or time (of day, when it was printed), unless the event has a member of that name. SPEC is
 * [<|>|^][WIDTH][.LIMIT]: aligned to the left, right or middle, padded to WIDTH columns. LIMIT is
 * the number of decimals of fractions, durations and times; all else is cut to so many columns.
 * Numbers are to the right by themselves. {{ and }} are braces; \n, \t and \\ are as in C. A
 * newline ends the line.
 */
#ifndef HOTPROBE_CLI_LINE_FORMAT_H
#define HOTPROBE_CLI_LINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "convert.h"

enum { LINE_AUTO = CONVERSIONS }; /* the conversion that the member's name asks for */

struct line_field {
	char *path;
	int conversion; /* enum conversion, or LINE_AUTO */
	char align;	/* '<', '>', '^', or 0 for what suits the value */
	unsigned width;
	int limit; /* less than 0: none */
};

struct line_piece {
	struct text literal; /* comes first */
	struct line_field field;
	bool has_field;
};

struct line_format {
	struct line_piece *pieces;
	size_t count;
};

/* Returns NULL, or what is wrong; *at is where in the text: there begins the name of a conversion
   if it is that which is unknown. */
const char *line_format_parse(struct line_format *format, const char *text, size_t *at);
extern const char line_format_no_conversion[];
void line_format_free(struct line_format *format);

/* True for cpu, event and time. */
bool line_field_is_built_in(const char *path);
/* The first field that no event of the program has; NULL if there is none. */
const char *line_format_unknown(const struct line_format *format, const struct hotprobe *hp);

/* Calls fn with the name of each field that the program's events have. */
typedef void (*line_name_fn)(void *ctx, const char *name);
void line_format_each_name(const struct hotprobe *hp, line_name_fn fn, void *ctx);

#endif
