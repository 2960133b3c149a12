/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on standard error. */
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"
#include "text.h"

#define WINDOW 160 /* bytes of a long source line that are shown */
#define INDENT "    "

/* Asked each time: once a message, and the command line decides in between. */
static void colour(struct text *text, enum colour which)
{
	if (colour_wanted(STDERR_FILENO))
		colour_start(text, which);
}

static void coloured(struct text *text, enum colour which, const char *string)
{
	colour(text, which);
	text_string(text, string);
	colour(text, COLOUR_NONE);
}

/* In one write, so that lines of other processes do not get into it. */
static void emit(struct text *text)
{
	fwrite(text->data, 1, text->length, stderr);
	fflush(stderr);
	text_free(text);
}

static void severity_word(struct text *text, enum hotprobe_severity severity)
{
	static const struct {
		enum colour colour;
		const char *word;
	} words[] = {
		[HOTPROBE_NOTE] = {COLOUR_CYAN, "note: "},
		[HOTPROBE_WARNING] = {COLOUR_MAGENTA, "warning: "},
		[HOTPROBE_ERROR] = {COLOUR_RED, "error: "},
	};

	coloured(text, words[severity].colour, words[severity].word);
}

/* Appends foreign text, such as source code and messages that quote it: tabs are expanded, and a
   backslash stands for itself. */
static void show(struct text *text, const char *bytes, size_t size)
{
	uint32_t code;

	for (size_t at = 0; at < size;) {
		size_t length = (size_t)abs(utf8_next(bytes + at, size - at, &code));

		if (bytes[at] == '\t')
			text_fill(text, ' ', 8 - text_columns(text->data, text->length) % 8);
		else if (bytes[at] == '\\')
			text_char(text, '\\');
		else
			text_escaped(text, bytes + at, length, 0);
		at += length;
	}
}

static void show_string(struct text *text, const char *string)
{
	show(text, string, strlen(string));
}

static void message(struct text *line, const char *format, va_list args)
{
	char *string;

	if (vasprintf(&string, format, args) < 0)
		return;
	show_string(line, string);
	free(string);
}

static void hint(struct text *text, const char *string)
{
	coloured(text, COLOUR_CYAN, "hint: ");
	show_string(text, string);
	text_char(text, '\n');
}

void report(enum hotprobe_severity severity, const char *format, ...)
{
	struct text text = {0};
	va_list args;

	coloured(&text, COLOUR_BOLD, "hotprobe: ");
	severity_word(&text, severity);
	va_start(args, format);
	message(&text, format, args);
	va_end(args);
	text_char(&text, '\n');
	emit(&text);
}

void report_hint(const char *format, ...)
{
	struct text text = {0};
	va_list args;

	coloured(&text, COLOUR_CYAN, "hint: ");
	va_start(args, format);
	message(&text, format, args);
	va_end(args);
	text_char(&text, '\n');
	emit(&text);
}

void report_suggestion(const struct suggestion *suggestion, const char *format, ...)
{
	const char *best = suggest_best(suggestion);
	struct text text = {0};
	va_list args;

	coloured(&text, COLOUR_CYAN, "hint: ");
	if (best) {
		text_string(&text, "did you mean '");
		show_string(&text, best);
		text_string(&text, "'? ");
	}
	va_start(args, format);
	message(&text, format, args);
	va_end(args);
	text_char(&text, '\n');
	emit(&text);
}

void report_log(void *ctx, enum hotprobe_severity severity, const char *line)
{
	(void)ctx;
	if (severity == HOTPROBE_NOTE) {
		struct text text = {0};

		coloured(&text, COLOUR_BOLD, "hotprobe: ");
		show_string(&text, line);
		text_char(&text, '\n');
		emit(&text);
	} else {
		report(severity, "%s", line);
	}
}

void report_verifier_log(void *ctx, const char *program, const char *log)
{
	struct text text = {0};

	(void)ctx;
	coloured(&text, COLOUR_BOLD, "hotprobe: ");
	text_string(&text, "the verifier on ");
	show_string(&text, program);
	text_string(&text, ":\n");
	while (*log) {
		size_t length = strcspn(log, "\n");

		show(&text, log, length);
		text_char(&text, '\n');
		log += length + (log[length] == '\n');
	}
	emit(&text);
}

/* ---- Diagnostics ------------------------------------------------------------------------ */

static bool continues_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line, or of a long one the part around its column, and the caret. column counts bytes from
   1, 0 is none. */
static void source_excerpt(struct text *text, const char *line, unsigned column)
{
	size_t size = strlen(line), caret = column ? column - 1 : 0, from = 0, to, columns;
	struct text part = {0};
	const char *dots;

	if (caret > size)
		caret = size;
	if (size > WINDOW && caret > WINDOW / 2)
		from = caret - WINDOW / 2;
	while (from && from < caret && continues_character(line[from]))
		from++;
	to = size - from > WINDOW ? from + WINDOW : size;
	while (to < size && to > caret && continues_character(line[to]))
		to--;

	show(&part, line + from, caret - from);
	columns = text_columns(part.data, part.length);
	show(&part, line + caret, to - caret);
	dots = from ? "..." : "";
	text_format(text, INDENT "%s%s%s\n", dots, text_cstr(&part), to < size ? "..." : "");
	text_free(&part);
	if (!column)
		return;
	text_string(text, INDENT);
	text_fill(text, ' ', strlen(dots) + columns);
	coloured(text, COLOUR_GREEN, "^");
	text_char(text, '\n');
}

void report_diagnostic(const struct hotprobe_diagnostic *diagnostic)
{
	struct text text = {0};

	colour(&text, COLOUR_BOLD);
	show_string(&text, *diagnostic->file ? diagnostic->file : "hotprobe");
	if (diagnostic->line)
		text_format(&text, ":%u", diagnostic->line);
	if (diagnostic->line && diagnostic->column)
		text_format(&text, ":%u", diagnostic->column);
	text_string(&text, ": ");
	colour(&text, COLOUR_NONE);
	severity_word(&text, diagnostic->severity);
	show_string(&text, diagnostic->text);
	text_char(&text, '\n');
	if (*diagnostic->source_line)
		source_excerpt(&text, diagnostic->source_line, diagnostic->column);
	if (*diagnostic->hint)
		hint(&text, diagnostic->hint);
	emit(&text);
}

/* ---- Ends
 * ------------------------------------------------------------------------------------------ */

int usage_error(const struct command *command, const char *format, ...)
{
	struct text text = {0};
	va_list args;

	coloured(&text, COLOUR_BOLD, "hotprobe");
	if (command)
		text_format(&text, " %s", command->name);
	text_string(&text, ": ");
	va_start(args, format);
	message(&text, format, args);
	va_end(args);
	text_format(&text, " (see 'hotprobe help%s%s')\n", command ? " " : "",
		    command ? command->name : "");
	emit(&text);
	return EXIT_USAGE;
}

int no_such_command(const char *word)
{
	struct suggestion suggestion = suggest_for(word, strlen(word));
	const char *best;

	usage_error(NULL, "there is no command '%s'", word);
	for (size_t i = 0; commands[i]; i++)
		suggest_offer(&suggestion, commands[i]->name);
	best = suggest_best(&suggestion);
	if (best)
		report_hint("did you mean '%s'?", best);
	return EXIT_USAGE;
}

int output_failed(int error)
{
	if (error == -EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
		return EXIT_SIGNALLED + SIGPIPE;
	}
	report(HOTPROBE_ERROR, "cannot write the output: %s", strerror(-error));
	return EXIT_SYSTEM;
}
