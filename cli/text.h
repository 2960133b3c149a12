/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string of bytes, and what makes foreign bytes fit to be shown: UTF-8, escapes, widths.
 *
 * A struct text begins zero-initialised. An allocation that fails is remembered in failed; until
 * then appended bytes are lost, nothing else breaks, so that callers check once, at the end.
 */
#ifndef HOTPROBE_CLI_TEXT_H
#define HOTPROBE_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data; /* not terminated */
	size_t length, capacity;
	bool failed;
};

void text_free(struct text *text);
static inline void text_clear(struct text *text)
{
	text->length = 0;
}
/* Makes room for size more bytes; returns where they go, or NULL. */
char *text_reserve(struct text *text, size_t size);
/* The bytes with a NUL behind them that length does not count; "" if there is no memory. */
const char *text_cstr(struct text *text);

void text_char(struct text *text, char c);
void text_fill(struct text *text, char c, size_t count);
void text_bytes(struct text *text, const char *bytes, size_t size);
void text_string(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_unsigned(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);
/* In decimal. */
void text_u128(struct text *text, uint64_t high, uint64_t low);

/*
 * Looks at the first character of size (more than 0) bytes. Returns how many bytes it has and
 * sets *code; for bytes that are no UTF-8 returns minus the number of those that belong together
 * (the longest beginning of a character, else one byte), as Unicode advises to replace them.
 */
int utf8_next(const char *bytes, size_t size, uint32_t *code);

/* A control character, or one that is invisible or changes the direction of writing: it must not
   reach a terminal as it is. */
bool text_is_unsafe(uint32_t code);

/*
 * Appends the bytes so that they can do nothing to a terminal and stand on one line: \n, \r, \t,
 * \\ by name; as \xNN, byte by byte, other control characters, what is no UTF-8, and
 * characters that are invisible or change the direction of writing. also, if not 0, is one more
 * character that gets a backslash: the quote around the text.
 */
void text_escaped(struct text *text, const char *bytes, size_t size, char also);

/* Columns that text which text_escaped() made takes up on a terminal. */
size_t text_columns(const char *bytes, size_t size);
/* The number of its leading bytes that fit into so many columns. */
size_t text_prefix(const char *bytes, size_t size, size_t columns);

#endif
