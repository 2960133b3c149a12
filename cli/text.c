/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings, UTF-8, and escapes. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

char *text_reserve(struct text *text, size_t size)
{
	size_t capacity = text->capacity ? text->capacity : 256;
	char *data;

	if (text->data && size <= text->capacity - text->length)
		return text->data + text->length;
	while (capacity - text->length < size) {
		if (capacity > SIZE_MAX / 2) {
			text->failed = true;
			return NULL;
		}
		capacity *= 2;
	}
	data = realloc(text->data, capacity);
	if (!data) {
		text->failed = true;
		return NULL;
	}
	text->data = data;
	text->capacity = capacity;
	return data + text->length;
}

const char *text_cstr(struct text *text)
{
	char *end = text_reserve(text, 1);

	if (!end)
		return "";
	*end = '\0';
	return text->data;
}

void text_char(struct text *text, char c)
{
	char *end = text_reserve(text, 1);

	if (!end)
		return;
	*end = c;
	text->length++;
}

void text_fill(struct text *text, char c, size_t count)
{
	char *end = text_reserve(text, count);

	if (!end)
		return;
	memset(end, c, count);
	text->length += count;
}

void text_bytes(struct text *text, const char *bytes, size_t size)
{
	char *end;

	if (!size)
		return;
	end = text_reserve(text, size);
	if (!end)
		return;
	memcpy(end, bytes, size);
	text->length += size;
}

void text_string(struct text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args;
	char *end;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	end = length < 0 ? NULL : text_reserve(text, (size_t)length + 1);
	if (!end)
		return;
	va_start(args, format);
	vsnprintf(end, (size_t)length + 1, format, args);
	va_end(args);
	text->length += (size_t)length;
}

void text_unsigned(struct text *text, uint64_t value)
{
	char digits[20], *first = digits + sizeof(digits);

	do
		*--first = (char)('0' + value % 10);
	while (value /= 10);
	text_bytes(text, first, (size_t)(digits + sizeof(digits) - first));
}

void text_signed(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_unsigned(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_u128(struct text *text, uint64_t high, uint64_t low)
{
	unsigned __int128 value = (unsigned __int128)high << 64 | low;
	char digits[39], *first = digits + sizeof(digits);

	do
		*--first = (char)('0' + (int)(value % 10));
	while (value /= 10);
	text_bytes(text, first, (size_t)(digits + sizeof(digits) - first));
}

/* How a character of several bytes goes on: the range of its second byte rules out what UTF-8
   forbids (overlong forms, surrogates, beyond U+10FFFF). */
struct utf8_form {
	int length;
	uint32_t bits; /* of the first byte */
	unsigned char low, high;
};

static struct utf8_form utf8_form(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return (struct utf8_form){2, first & 0x1fu, 0x80, 0xbf};
	if ((first & 0xf0) == 0xe0)
		return (struct utf8_form){3, first & 0x0fu, first == 0xe0 ? 0xa0 : 0x80,
					  first == 0xed ? 0x9f : 0xbf};
	if (first >= 0xf0 && first <= 0xf4)
		return (struct utf8_form){4, first & 0x07u, first == 0xf0 ? 0x90 : 0x80,
					  first == 0xf4 ? 0x8f : 0xbf};
	return (struct utf8_form){0};
}

int utf8_next(const char *bytes, size_t size, uint32_t *code)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	struct utf8_form form;

	if (byte[0] < 0x80) {
		*code = byte[0];
		return 1;
	}
	form = utf8_form(byte[0]);
	if (!form.length)
		return -1;
	*code = form.bits;
	for (int i = 1; i < form.length; i++) {
		unsigned char low = i == 1 ? form.low : 0x80, high = i == 1 ? form.high : 0xbf;

		if ((size_t)i >= size || byte[i] < low || byte[i] > high)
			return -i;
		*code = *code << 6 | (byte[i] & 0x3fu);
	}
	return form.length;
}

/* Columns of a character, -1 if it must not reach a terminal. */
static int columns_of(uint32_t code)
{
	int width;

	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return -1;
	if (code < 0x7f)
		return 1;
	if ((code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2060 && code <= 0x206f) || code == 0x061c || code == 0xfeff ||
	    (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff))
		return -1;
	width = wcwidth((wchar_t)code);
	return width < 0 ? 1 : width;
}

bool text_is_unsafe(uint32_t code)
{
	return columns_of(code) < 0;
}

static void escape_byte(struct text *text, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

	text_bytes(text, escape, sizeof(escape));
}

static void escape_ascii(struct text *text, char c, char also)
{
	switch (c) {
	case '\n':
		text_string(text, "\\n");
		break;
	case '\r':
		text_string(text, "\\r");
		break;
	case '\t':
		text_string(text, "\\t");
		break;
	case '\\':
		text_string(text, "\\\\");
		break;
	default:
		if (c < 0x20 || c == 0x7f) {
			escape_byte(text, (unsigned char)c);
			break;
		}
		if (c == also)
			text_char(text, '\\');
		text_char(text, c);
	}
}

static bool plain(char c, char also)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != also;
}

void text_escaped(struct text *text, const char *bytes, size_t size, char also)
{
	size_t at = 0;

	while (at < size) {
		size_t run = at;
		uint32_t code;
		int length;

		while (run < size && plain(bytes[run], also))
			run++;
		text_bytes(text, bytes + at, run - at);
		at = run;
		if (at == size)
			break;
		length = utf8_next(bytes + at, size - at, &code);
		if (length == 1)
			escape_ascii(text, bytes[at], also);
		else if (length > 1 && columns_of(code) >= 0)
			text_bytes(text, bytes + at, (size_t)length);
		else
			for (int i = 0; i < abs(length); i++)
				escape_byte(text, (unsigned char)bytes[at + (size_t)i]);
		at += (size_t)abs(length);
	}
}

/* Walks until the end or the column given; returns the bytes, and in *columns the columns. */
static size_t walk(const char *bytes, size_t size, size_t limit, size_t *columns)
{
	size_t at = 0;

	*columns = 0;
	while (at < size) {
		uint32_t code;
		int length = utf8_next(bytes + at, size - at, &code);
		int width = length > 0 ? columns_of(code) : 1;

		if (width < 0)
			width = 1;
		if (*columns + (size_t)width > limit)
			break;
		*columns += (size_t)width;
		at += (size_t)abs(length);
	}
	return at;
}

size_t text_columns(const char *bytes, size_t size)
{
	size_t columns;

	walk(bytes, size, SIZE_MAX, &columns);
	return columns;
}

size_t text_prefix(const char *bytes, size_t size, size_t columns)
{
	size_t taken;

	return walk(bytes, size, columns, &taken);
}
