/* SPDX-License-Identifier: Apache-2.0 */
#include "tp_format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The number behind a label such as "offset:", in the rest of a line. */
static bool find_number(const char *line, const char *end, const char *label, unsigned long *value)
{
	size_t size = strlen(label);

	for (; end - line > (long)size; line++)
		if (!memcmp(line, label, size)) {
			*value = strtoul(line + size, NULL, 10);
			return true;
		}
	return false;
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Splits "unsigned long args[6]" at the last space or star before the name. */
static bool split(const char *at, const char *end, struct tp_field *field)
{
	const char *name, *bracket = memchr(at, '[', (size_t)(end - at)), *stop = end;

	/* The brackets of __data_loc char[] belong to the type. */
	if (bracket && end[-1] == ']')
		stop = bracket;
	else
		bracket = NULL;
	for (name = stop; name > at && is_word_byte(name[-1]); name--)
		;
	if (name == stop || name == at)
		return false;
	*field = (struct tp_field){
		.type = at,
		.type_size = (size_t)(name - at),
		.name = name,
		.name_size = (size_t)(stop - name),
		.dimension = bracket,
		.dimension_size = bracket ? (size_t)(end - bracket) : 0,
	};
	while (field->type_size && field->type[field->type_size - 1] == ' ')
		field->type_size--;
	return field->type_size;
}

bool tp_next_field(const char **at, struct tp_field *field)
{
	static const char label[] = "field:";

	while (**at) {
		const char *line = *at, *end = strchrnul(line, '\n'), *semicolon;
		unsigned long is_signed = 0;

		*at = *end ? end + 1 : end;
		line = memmem(line, (size_t)(end - line), label, strlen(label));
		if (!line)
			continue;
		line += strlen(label);
		semicolon = memchr(line, ';', (size_t)(end - line));
		if (!semicolon || !split(line, semicolon, field) ||
		    !find_number(semicolon, end, "offset:", &field->offset) ||
		    !find_number(semicolon, end, "size:", &field->size))
			continue;
		find_number(semicolon, end, "signed:", &is_signed);
		field->is_signed = is_signed;
		return true;
	}
	return false;
}

bool tp_type_has(const struct tp_field *field, const char *part)
{
	return memmem(field->type, field->type_size, part, strlen(part));
}

bool tp_is_common(const struct tp_field *field)
{
	return field->name_size > 7 && !memcmp(field->name, "common_", 7);
}
