/* SPDX-License-Identifier: Apache-2.0 */
/* Collects diagnostics. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "hints_code.h"
#include "source.h"
#include "text.h"

/* More errors than these come from the first ones, and no one reads them. */
enum { DIAG_MAX = 50 };

static bool is_redefinition(const char *text)
{
	return !strncmp(text, "redefinition of", 15);
}

/* One macro that declares a table defines several names. */
static bool says_the_same(const struct diag *d, unsigned column, const char *text)
{
	return !strcmp(d->text, text) ||
	       (column && is_redefinition(d->text) && is_redefinition(text));
}

static bool is_known(const struct diag_list *list, const char *file, unsigned line, unsigned column,
		     const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct diag *d = &list->items[i];

		if (d->line == line && (d->column == column || !column) && !strcmp(d->file, file) &&
		    says_the_same(d, column, text))
			return true;
	}
	return false;
}

/* A line of the source itself, without its newline; NULL if it is not known. */
static char *get_line(const struct diag_list *list, const char *file, unsigned line)
{
	const char *code;
	size_t size;

	if (!list->source || !line || strcmp(file, list->source->name))
		return NULL;
	code = source_line(list->source, line, &size);
	return cc_strndup(code, size);
}

static char *find_hint(const struct diag_list *list, const char *line, unsigned column,
		       const char *text)
{
	char *hint = hint_for_code(text, line ? line : "", column);

	return hint ? hint : hint_for(text, list->facts);
}

void diag_add(struct diag_list *list, enum hotprobe_severity severity, const char *file,
	      unsigned line, unsigned column, const char *text, const char *hint)
{
	char *code = get_line(list, file, line);

	/* Where libbcc wrote the line anew it may be longer. */
	if (code && column > strlen(code) + 1)
		column = 0;
	if (is_known(list, file, line, column, text))
		return;
	if (severity == HOTPROBE_ERROR)
		list->error_count++;
	if (list->count >= DIAG_MAX &&
	    (severity != HOTPROBE_ERROR || list->error_count > DIAG_MAX)) {
		list->left_out += severity == HOTPROBE_ERROR;
		return;
	}
	list->items = cc_grow(list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = (struct diag){
		.severity = severity,
		.file = cc_strdup(file),
		.line = line,
		.column = column,
		.text = cc_strdup(text),
		.hint = hint ? cc_strdup(hint) : find_hint(list, code, column, text),
	};
}

void diag_error(struct diag_list *list, const char *file, unsigned line, unsigned column,
		const char *hint, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	diag_add(list, HOTPROBE_ERROR, file, line, column, text, hint);
}

void diag_promote(struct diag_list *list, const char *words)
{
	struct diag *d;

	for (d = list->items; d < list->items + list->count; d++)
		if (d->severity == HOTPROBE_WARNING && strstr(d->text, words)) {
			d->severity = HOTPROBE_ERROR;
			list->error_count++;
		}
}

void diag_write(const struct diag_list *list, struct image_writer *w)
{
	const struct diag *d;
	char *text;

	for (d = list->items; d < list->items + list->count; d++)
		image_add_diag(w, d->severity, d->file, d->line, d->column, d->text, d->hint);
	if (!list->left_out)
		return;
	text = cc_printf("%zu more errors are not shown", list->left_out);
	image_add_diag(w, HOTPROBE_NOTE, "", 0, 0, text, "");
}
