/* SPDX-License-Identifier: Apache-2.0 */
/* What libbcc, clang's passes inside it and LLVM's BPF backend write to standard error. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "stray.h"
#include "text.h"

struct stray {
	const struct source *source;
	const struct parsed *parsed;
	struct diag_list *diags;
	struct text rest; /* lines that are nothing known */
};

static const struct {
	const char *word;
	enum hotprobe_severity severity;
} severities[] = {
	{"fatal error: ", HOTPROBE_ERROR},
	{"error: ", HOTPROBE_ERROR},
	{"warning: ", HOTPROBE_WARNING},
	{"note: ", HOTPROBE_NOTE},
};

/* Clang ends a warning with the flag that it belongs to; libclang, which came first, does not. */
static const char *without_flag(const char *text)
{
	size_t size = strlen(text);
	const char *flag = strrchr(text, '[');

	if (!flag || flag == text || strncmp(flag, "[-W", 3) || text[size - 1] != ']')
		return text;
	return cc_strndup(text, (size_t)(flag - 1 - text));
}

static bool find_severity(const char *line, const char **at, const char **text,
			  enum hotprobe_severity *severity)
{
	const char *found;
	size_t i;

	for (i = 0; i < sizeof(severities) / sizeof(*severities); i++) {
		found = strstr(line, severities[i].word);
		if (!found || (found != line && (found - line < 2 || found[-1] != ' ')))
			continue;
		*at = found;
		*text = without_flag(found + strlen(severities[i].word));
		*severity = severities[i].severity;
		return true;
	}
	return false;
}

/* Splits "FILE:LINE:COLUMN: " (size bytes) from its end, since a name may hold colons. */
static bool split_place(const char *place, size_t size, char **file, unsigned *line,
			unsigned *column)
{
	unsigned *number[] = {column, line};
	size_t i, end;

	while (size && (place[size - 1] == ' ' || place[size - 1] == ':'))
		size--;
	for (i = 0; i < 2; i++) {
		end = size;
		while (size && isdigit((unsigned char)place[size - 1]))
			size--;
		if (!size || size == end || place[size - 1] != ':')
			return false;
		*number[i] = (unsigned)strtoul(place + size, NULL, 10);
		size--;
	}
	*file = cc_strndup(place, size);
	return true;
}

static bool is_users(const char *file)
{
	return strncmp(file, "/virtual/", 9) && strncmp(file, "./include/", 10) &&
	       strncmp(file, "include/", 8) && strncmp(file, "arch/", 5);
}

static void add_located(struct stray *stray, enum hotprobe_severity severity, const char *file,
			unsigned line, unsigned column, const char *text)
{
	if (!is_users(file)) {
		if (severity == HOTPROBE_ERROR)
			diag_add(stray->diags, severity, "", 0, 0,
				 cc_printf("%s (line %u of %s, which comes before the source)",
					   text, line, file),
				 NULL);
		return;
	}
	if (severity == HOTPROBE_NOTE &&
	    (!strncmp(text, "expanded from", 13) || !strncmp(text, "(skipping ", 10)))
		return;
	if (lines_resolve(stray->parsed, line) != line)
		column = 0;
	diag_add(stray->diags, severity, file, lines_resolve(stray->parsed, line), column, text,
		 NULL);
}

/* The only function is where it must be; else the source is all that is known. */
static void add_unlocated(struct stray *stray, enum hotprobe_severity severity, const char *text)
{
	const struct parse_function *function = NULL;
	size_t i;

	for (i = 0; i < stray->parsed->function_count; i++) {
		if (!stray->parsed->functions[i].external)
			continue;
		if (function) {
			function = NULL;
			break;
		}
		function = &stray->parsed->functions[i];
	}
	diag_add(stray->diags, severity, stray->source->name, function ? function->line : 0,
		 function ? function->column : 0, text, NULL);
}

/* "too many args to 0x55: i64 = GlobalAddress<i32 (i32)* @f> 0, x.c:1:2": what counts is f. A
   helper is a number. */
static const char *without_node(const char *text)
{
	const char *at = strstr(text, " 0x"), *name = at ? strstr(at, "GlobalAddress<") : NULL;

	name = name ? strchr(name, '@') : NULL;
	if (!name && at && strstr(at, " = Constant<"))
		return cc_printf("%.*s a helper", (int)(at - text), text);
	if (!name)
		return text;
	return cc_printf("%.*s %.*s", (int)(at - text), text, (int)strcspn(name + 1, ">"),
			 name + 1);
}

/*
 * "Cannot select: 0x55: i64 = sdiv 0x56, 0x57, x.c:3:13": there is no such instruction. Its place
 * comes last, if it has one.
 */
static bool add_cannot_select(struct stray *stray, const char *text)
{
	const char *operation = strstr(text, " = "), *place = strrchr(text, ' ');
	unsigned line, column;
	char *message, *file;

	if (strncmp(text, "Cannot select: ", 15) || !operation)
		return false;
	operation += 3;
	message = cc_printf("BPF has no instruction for '%.*s'", (int)strcspn(operation, "< ,"),
			    operation);
	if (split_place(place + 1, strlen(place + 1), &file, &line, &column))
		add_located(stray, HOTPROBE_ERROR, file, line, column, message);
	else
		add_unlocated(stray, HOTPROBE_ERROR, message);
	return true;
}

/*
 * "FILE:LINE:COLUMN: in function NAME TYPE: MESSAGE", from the backend, with "<unknown>:0:0"
 * where it has no place. The function's own place is better than none.
 */
static bool add_backend(struct stray *stray, enum hotprobe_severity severity, const char *text)
{
	static const char word[] = "in function ";
	const char *at = strstr(text, word), *name, *message;
	const struct parse_function *function;
	unsigned line, column;
	char *file;

	if (!at || !split_place(text, (size_t)(at - text), &file, &line, &column))
		return false;
	name = at + strlen(word);
	message = strstr(name, "): ");
	message = without_node(message ? message + 3 : name);
	name = cc_strndup(name, strcspn(name, " :"));
	function = parse_find_function(stray->parsed, name);
	if (!line && function)
		add_located(stray, severity, stray->source->name, function->line, function->column,
			    cc_printf("%s: %s", name, message));
	else
		add_located(stray, severity, line ? file : "", line, column,
			    cc_printf("%s: %s", name, message));
	return true;
}

/* The source line and the markers below it, which clang prints after a message. */
static bool is_marker(const char *line)
{
	return *line && line[strspn(line, " \t^~")] == 0;
}

static char *skip_snippet(char *next)
{
	char *second = strchr(next, '\n'), *end;
	char *marker;

	if (!second)
		return next;
	second++;
	end = strchr(second, '\n');
	marker = end ? cc_strndup(second, (size_t)(end - second)) : cc_strdup(second);
	if (!is_marker(marker))
		return next;
	return end ? end + 1 : second + strlen(second);
}

static bool is_noise(const char *line)
{
	return !*line || strstr(line, " generated.") || !strncmp(line, "In file included from", 21);
}

static char *take_line(struct stray *stray, char *line)
{
	char *end = strchr(line, '\n'), *next = end ? end + 1 : line + strlen(line);
	enum hotprobe_severity severity;
	const char *at, *text;
	unsigned number, column;
	char *file;

	if (end)
		*end = 0;
	if (is_noise(line))
		return next;
	if (!strncmp(line, "LLVM ERROR: ", 12)) {
		if (!add_cannot_select(stray, line + 12))
			add_unlocated(stray, HOTPROBE_ERROR, line + 12);
		return next;
	}
	if (find_severity(line, &at, &text, &severity)) {
		if (split_place(line, (size_t)(at - line), &file, &number, &column)) {
			add_located(stray, severity, file, number, column, text);
			return skip_snippet(next);
		}
		if (at == line && add_backend(stray, severity, text))
			return next;
		if (at == line) {
			add_unlocated(stray, severity, text);
			return next;
		}
	}
	text_printf(&stray->rest, "%s%s", stray->rest.size ? "; " : "", line);
	return next;
}

void stray_parse(char *text, bool failed, const struct source *source, const struct parsed *parsed,
		 struct diag_list *diags)
{
	struct stray stray = {.source = source, .parsed = parsed, .diags = diags};

	while (*text)
		text = take_line(&stray, text);
	if (!failed)
		return;
	diag_promote(diags, "implicit declaration of");
	if (!diags->error_count)
		diag_add(diags, HOTPROBE_ERROR, source->name, 0, 0,
			 stray.rest.size ? stray.rest.data : "libbcc could not compile this", NULL);
}
