/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the help of commands. */
#include "help_text.h"

#include <ctype.h>
#include <string.h>

enum { TEXT_INDENT = 8 }; /* lines that are indented so far go on with an option's text */

bool help_part_is(const struct help_part *part, const char *string)
{
	return strlen(string) == part->length && !strncmp(part->at, string, part->length);
}

bool help_part_has(const struct help_part *part, const char *word)
{
	return memmem(part->at, part->length, word, strlen(word)) != NULL;
}

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	const char *end = line_end(line);

	return *end ? end + 1 : end;
}

/* The part ends where two blanks, or the line does. */
static struct help_part column(const char *at)
{
	const char *end = line_end(at), *gap = memmem(at, (size_t)(end - at), "  ", 2);

	return (struct help_part){at, (size_t)((gap ? gap : end) - at)};
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* "-v, --verbose", "--name VALUE", "--define NAME[=VALUE]" */
static bool read_names(struct help_part head, struct help_option *option)
{
	const char *at = head.at, *end = head.at + head.length;

	*option = (struct help_option){0};
	if (end - at > 1 && at[0] == '-' && at[1] != '-') {
		option->letter = at[1];
		at += 2;
		if (end - at > 2 && !strncmp(at, ", ", 2))
			at += 2;
	}
	if (end - at > 2 && !strncmp(at, "--", 2)) {
		option->name.at = at + 2;
		option->name.length = strcspn(at + 2, " =[\n");
		at += 2 + option->name.length;
	}
	while (at < end && (*at == ' ' || *at == '='))
		at++;
	option->value = (struct help_part){at, (size_t)(end - at)};
	return option->letter || option->name.length;
}

bool help_next_option(const char **at, struct help_option *option)
{
	for (const char *line = *at; *line; line = next_line(line)) {
		const char *first = skip_blanks(line), *end;
		struct help_part head = column(first);

		if (first == line || *first != '-' || first - line >= TEXT_INDENT ||
		    !read_names(head, option))
			continue;
		option->text.at = head.at + head.length;
		option->text.at += strspn(option->text.at, " \n");
		for (line = next_line(line); skip_blanks(line) - line >= TEXT_INDENT;)
			line = next_line(line);
		end = line;
		option->text.length = end > option->text.at ? (size_t)(end - option->text.at) : 0;
		*at = line;
		return true;
	}
	return false;
}

bool help_next_usage(const char **at, struct help_part *arguments)
{
	const char *line = *at;

	/* "Usage: hotprobe NAME ...", and below it "       hotprobe NAME ..." */
	if (!strncmp(line, "Usage:", 6))
		line += 6;
	else if (*line != ' ')
		return false;
	line = skip_blanks(line);
	if (strncmp(line, "hotprobe ", 9))
		return false;
	line += 9;
	line += strcspn(line, " \n");
	line = skip_blanks(line);
	*arguments = (struct help_part){line, (size_t)(line_end(line) - line)};
	*at = next_line(line);
	return true;
}

bool help_next_word(struct help_part *part, struct help_part *word)
{
	while (part->length && isspace((unsigned char)*part->at)) {
		part->at++;
		part->length--;
	}
	*word = (struct help_part){.at = part->at};
	while (word->length < part->length && !isspace((unsigned char)part->at[word->length]))
		word->length++;
	part->at += word->length;
	part->length -= word->length;
	return word->length > 0;
}
