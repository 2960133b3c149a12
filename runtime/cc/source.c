/* SPDX-License-Identifier: Apache-2.0 */
/* The user's program: checked for being text, and cut into lines. */
#include <stdbool.h>
#include <string.h>

#include "source.h"

/* Bytes of the UTF-8 sequence at text, 0 if it is none. */
static size_t utf8_size(const unsigned char *text, size_t left)
{
	size_t size = text[0] < 0x80   ? 1
		      : text[0] < 0xc2 ? 0
		      : text[0] < 0xe0 ? 2
		      : text[0] < 0xf0 ? 3
		      : text[0] < 0xf5 ? 4
				       : 0;
	size_t i;

	if (size > left)
		return 0;
	for (i = 1; i < size; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

/* Offset of the first byte that no C source holds, size if there is none. */
static size_t find_binary(const char *text, size_t size)
{
	size_t at = 0, step;

	while (at < size && text[at]) {
		step = utf8_size((const unsigned char *)text + at, size - at);
		if (!step)
			break;
		at += step;
	}
	return at;
}

static void find_lines(struct source *source)
{
	const char *at = source->text, *end = at + source->size;

	while (at && at < end) {
		source->lines = cc_grow(source->lines, source->line_count, sizeof(*source->lines));
		source->lines[source->line_count++] = (size_t)(at - source->text);
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
}

static bool is_blank(const struct source *source)
{
	return source->text[strspn(source->text, " \t\r\n\f\v")] == 0;
}

int source_take(struct source *source, const char *name, const char *text, size_t size,
		struct diag_list *diags)
{
	size_t bad, first = 0;

	memset(source, 0, sizeof(*source));
	source->name = name;
	if (size > SOURCE_SIZE_MAX) {
		diag_error(diags, name, 0, 0, "Is this the file that was meant?",
			   "the source has %zu bytes, more than the %d that are compiled", size,
			   SOURCE_SIZE_MAX);
		size = 0;
	}
	source->text = cc_strndup(text, size);
	source->size = size;
	/* Left out, not turned into a comment: it may end with a backslash. */
	if (size > 2 && text[0] == '#' && text[1] == '!')
		while (first < size && text[first] != '\n')
			source->text[first++] = ' ';
	find_lines(source);
	if (diags->error_count)
		return -1;
	bad = find_binary(source->text, size);
	if (bad < size) {
		diag_error(diags, name, source_line_of(source, bad),
			   (unsigned)(bad - source->lines[source_line_of(source, bad) - 1]) + 1,
			   "A program is C source text in UTF-8.", "this is not text: byte 0x%02x",
			   (unsigned char)text[bad]);
		return -1;
	}
	if (source->line_count > SOURCE_LINES_MAX) {
		diag_error(diags, name, SOURCE_LINES_MAX, 0, "Is this the file that was meant?",
			   "the source has more than %d lines", SOURCE_LINES_MAX);
		return -1;
	}
	if (is_blank(source)) {
		diag_error(diags, name, 0, 0,
			   "Define a function to attach, such as "
			   "int syscall__openat(struct pt_regs *ctx) { return 0; }",
			   "the source is empty");
		return -1;
	}
	return 0;
}

const char *source_line(const struct source *source, unsigned line, size_t *size)
{
	const char *text, *end;

	*size = 0;
	if (!line || line > source->line_count)
		return "";
	text = source->text + source->lines[line - 1];
	end = memchr(text, '\n', source->size - source->lines[line - 1]);
	*size = end ? (size_t)(end - text) : strlen(text);
	if (*size && text[*size - 1] == '\r')
		--*size;
	return text;
}

unsigned source_line_of(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->line_count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (source->lines[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return (unsigned)low;
}
