/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format file that tracefs has of each tracepoint, a line for each field:
 *
 *     field:__data_loc char[] name;	offset:8;	size:4;	signed:0;
 */
#ifndef HOTPROBE_TP_FORMAT_H
#define HOTPROBE_TP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct tp_field {
	const char *type, *name; /* name ends where dimension begins */
	size_t type_size, name_size;
	const char *dimension; /* "[16]", NULL if it is no array */
	size_t dimension_size;
	unsigned long offset, size;
	bool is_signed;
};

/* Reads the next field's line and moves *at, in the file's text, behind it; the field points into
   the text. False at the end. */
bool tp_next_field(const char **at, struct tp_field *field);
/* Does the type have that part, as "__data_loc"? */
bool tp_type_has(const struct tp_field *field, const char *part);
/* Is it one of those that every record begins with? */
bool tp_is_common(const struct tp_field *field);

#endif
