/* SPDX-License-Identifier: Apache-2.0 */
/* Values as people read them. */
#include "value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int value_float_digits(const struct hotprobe_value *value)
{
	bool single = value->size == sizeof(float);
	char number[32];

	for (int digits = single ? 6 : 15; digits < (single ? 9 : 17); digits++) {
		snprintf(number, sizeof(number), "%.*g", digits, value->f);
		if (single ? strtof(number, NULL) == (float)value->f
			   : strtod(number, NULL) == value->f)
			return digits;
	}
	return single ? 9 : 17;
}

bool value_is_number(const struct hotprobe_value *value)
{
	switch (value->kind) {
	case HOTPROBE_INT:
	case HOTPROBE_INT128:
	case HOTPROBE_FLOAT:
	case HOTPROBE_POINTER:
		return true;
	default:
		return false;
	}
}

bool value_is_address(const struct hotprobe_value *value)
{
	const char *type = hotprobe_type_name(value->type);

	return value->kind == HOTPROBE_STRUCT && ((value->size == 4 && !strcmp(type, "in_addr")) ||
						  (value->size == 16 && !strcmp(type, "in6_addr")));
}

bool value_is_padding(const struct hotprobe_value *value)
{
	return !*value->name && value->bit_size;
}

bool value_is_zero(const struct hotprobe_value *value)
{
	const char *byte = value->data;

	for (size_t i = 0; byte && i < value->size; i++)
		if (byte[i])
			return false;
	return true;
}

/* path holds the names on the way here and is left as it was. */
static void each_leaf(const struct hotprobe_value *value, struct text *path, value_leaf_fn fn,
		      void *ctx)
{
	struct hotprobe_value member;
	size_t length = path->length;

	if (!value_is_aggregate(value)) {
		fn(ctx, value, text_cstr(path));
		return;
	}
	for (size_t i = 0; !hotprobe_member(value, i, &member); i++) {
		if (*member.name) {
			if (length)
				text_char(path, '.');
			text_string(path, member.name);
		}
		each_leaf(&member, path, fn, ctx);
		path->length = length;
	}
}

void value_each_leaf(const struct hotprobe_value *value, const char *whole, value_leaf_fn fn,
		     void *ctx)
{
	struct text path = {0};

	if (!value_is_aggregate(value))
		text_string(&path, whole);
	each_leaf(value, &path, fn, ctx);
	text_free(&path);
}

static void integer(struct text *text, const struct hotprobe_value *value)
{
	if (value->is_signed)
		text_signed(text, value->i);
	else
		text_unsigned(text, value->u);
}

/* quote: text stands inside of [] or {}, where its end could not be seen otherwise. */
static void write_value(struct text *text, const struct hotprobe_value *value, bool quote);

static void quoted(struct text *text, const char *bytes, size_t size, bool quote)
{
	if (quote)
		text_char(text, '"');
	text_escaped(text, bytes, size, quote ? '"' : 0);
	if (quote)
		text_char(text, '"');
}

/* An image may have been made to do something to a terminal. */
static void put_name(struct text *text, const char *name)
{
	text_escaped(text, name, strlen(name), 0);
}

static void members(struct text *text, const struct hotprobe_value *value)
{
	bool aggregate = value_is_aggregate(value);
	struct hotprobe_value member;

	text_char(text, aggregate ? '{' : '[');
	for (size_t i = 0; !hotprobe_member(value, i, &member); i++) {
		if (i)
			text_char(text, ',');
		if (aggregate && *member.name) {
			put_name(text, member.name);
			text_char(text, '=');
		}
		write_value(text, &member, true);
	}
	text_char(text, aggregate ? '}' : ']');
}

static void write_address(struct text *text, const struct hotprobe_value *value)
{
	char buffer[INET6_ADDRSTRLEN] = "";

	inet_ntop(value->size == 4 ? AF_INET : AF_INET6, value->data, buffer, sizeof(buffer));
	text_string(text, buffer);
}

static void write_value(struct text *text, const struct hotprobe_value *value, bool quote)
{
	switch (value->kind) {
	case HOTPROBE_INT:
		integer(text, value);
		break;
	case HOTPROBE_INT128:
		if (value->is_signed && value->u128.high >> 63) {
			text_char(text, '-');
			text_u128(text, ~value->u128.high + !value->u128.low, -value->u128.low);
		} else {
			text_u128(text, value->u128.high, value->u128.low);
		}
		break;
	case HOTPROBE_BOOL:
		text_string(text, value->u ? "true" : "false");
		break;
	case HOTPROBE_CHAR:
		quoted(text, &(const char){(char)value->u}, 1, quote);
		break;
	case HOTPROBE_FLOAT:
		text_format(text, "%.*g", value_float_digits(value), value->f);
		break;
	case HOTPROBE_ENUM:
		if (value->enumerator)
			put_name(text, value->enumerator);
		else
			integer(text, value);
		break;
	case HOTPROBE_POINTER:
		text_format(text, "0x%llx", (unsigned long long)value->u);
		break;
	case HOTPROBE_STRING:
		quoted(text, value->string.text, value->string.length, quote);
		break;
	case HOTPROBE_ARRAY:
	case HOTPROBE_STRUCT:
	case HOTPROBE_UNION:
		if (value_is_address(value))
			write_address(text, value);
		else
			members(text, value);
		break;
	case HOTPROBE_VOID:
		value_hex(text, value->data, value->size);
		break;
	}
}

void value_text(struct text *text, const struct hotprobe_value *value)
{
	write_value(text, value, false);
}

void value_hex(struct text *text, const void *data, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *byte = data;

	for (size_t i = 0; i < size; i++) {
		text_char(text, hex[byte[i] >> 4]);
		text_char(text, hex[byte[i] & 15]);
	}
}
