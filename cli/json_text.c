/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and floats as JSON has them. */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "value.h"

static void escape(struct text *text, uint32_t code)
{
	static const char *const names[0x80] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
		['\n'] = "\\n", ['\r'] = "\\r",	 ['\t'] = "\\t",
	};

	if (code < 0x80 && names[code])
		text_string(text, names[code]);
	else if (code < 0x10000)
		text_format(text, "\\u%04X", code);
	else
		text_format(text, "\\u%04X\\u%04X", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Returns how many of the bytes that was. */
static size_t put_character(struct output *out, const char *bytes, size_t size)
{
	struct text *text = &out->buffer;
	uint32_t code;
	int length = utf8_next(bytes, size, &code);

	if (length < 0)
		code = 0xfffd;
	/* A terminal would act on some of what a JSON string may hold as it is, and it may stand
	   behind a pipe. */
	if (code < 0x80 ? !is_plain((char)code) : out->terminal || text_is_unsafe(code))
		escape(text, code);
	else
		text_bytes(text, length < 0 ? "\xef\xbf\xbd" : bytes,
			   length < 0 ? 3 : (size_t)length);
	return (size_t)abs(length);
}

void json_text(struct output *out, const char *bytes, size_t size)
{
	size_t at = 0;

	text_char(&out->buffer, '"');
	while (at < size) {
		size_t run = at;

		while (run < size && is_plain(bytes[run]))
			run++;
		text_bytes(&out->buffer, bytes + at, run - at);
		at = run;
		if (at < size)
			at += put_character(out, bytes + at, size - at);
	}
	text_char(&out->buffer, '"');
}

/* With a point or an exponent, so that it is seen to be no integer; whatever the locale. */
void json_float(struct output *out, const struct hotprobe_value *value)
{
	struct text *text = &out->buffer;
	char number[40];
	bool whole = true;

	snprintf(number, sizeof(number), "%.*g", value_float_digits(value), value->f);
	for (char *c = number; *c; c++) {
		if (*c == ',')
			*c = '.';
		whole = whole && *c != '.' && *c != 'e';
	}
	text_string(text, number);
	if (whole)
		text_string(text, ".0");
}
