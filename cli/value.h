/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people read them. */
#ifndef HOTPROBE_CLI_VALUE_H
#define HOTPROBE_CLI_VALUE_H

#include "hotprobe.h"
#include "text.h"

/* A struct in_addr or in6_addr: one thing to people, whatever members it has. */
bool value_is_address(const struct hotprobe_value *value);

static inline bool value_is_aggregate(const struct hotprobe_value *value)
{
	return (value->kind == HOTPROBE_STRUCT && !value_is_address(value)) ||
	       value->kind == HOTPROBE_UNION;
}

static inline bool value_has_members(const struct hotprobe_value *value)
{
	return value_is_aggregate(value) || value->kind == HOTPROBE_ARRAY;
}

/* To the right in a column. */
bool value_is_number(const struct hotprobe_value *value);
/* An unnamed bit-field. */
bool value_is_padding(const struct hotprobe_value *value);
bool value_is_zero(const struct hotprobe_value *value);

/* Calls fn for the value or, if it is a struct or union, for each of its members that is none, with
   the path from the whole: "addr.port"; whole if the value is no struct itself. */
typedef void (*value_leaf_fn)(void *ctx, const struct hotprobe_value *leaf, const char *path);
void value_each_leaf(const struct hotprobe_value *value, const char *whole, value_leaf_fn fn,
		     void *ctx);

/* The digits that it takes to read the same FLOAT back. */
int value_float_digits(const struct hotprobe_value *value);

/* Appends the value on one line, safe for a terminal: numbers in decimal, pointers in hex, enums by
   name, text with escapes, addresses as such, [1,2] and {a=1,b=2}. */
void value_text(struct text *text, const struct hotprobe_value *value);

/* Appends bytes whose type is unknown, two hex digits each. */
void value_hex(struct text *text, const void *data, size_t size);

#endif
