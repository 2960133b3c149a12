/* SPDX-License-Identifier: Apache-2.0 */
/* The last error's message, the list of diagnostics, the log. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static void set_error(struct hotprobe *hp, char *message)
{
	free(hp->error);
	hp->error = message;
	hp->has_error = true;
	if (hp->opts.errbuf && hp->opts.errbuf_size)
		snprintf(hp->opts.errbuf, hp->opts.errbuf_size, "%s", hotprobe_error(hp));
}

int fail(struct hotprobe *hp, int err, const char *format, ...)
{
	char *message = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&message, format, args) < 0)
		message = NULL;
	va_end(args);
	set_error(hp, message);
	return err;
}

int fail_at(struct hotprobe *hp, int err, const char *file, unsigned line, unsigned column,
	    const char *hint, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text) {
		set_error(hp, NULL);
		return -ENOMEM;
	}
	add_diagnostic(hp, HOTPROBE_ERROR, file, line, column, text, hint);
	if (line)
		fail(hp, err, "%s:%u: %s", file, line, text);
	else
		fail(hp, err, "%s", text);
	free(text);
	return err;
}

char *diagnostic_line(const struct hotprobe *hp, const char *file, unsigned line)
{
	char *found = source_get_line(&hp->source, file, line), *padded;
	uint32_t indent;
	const char *text = found ? NULL : image_line_text(&hp->image, file, line, &indent);

	if (!text || asprintf(&padded, "%*s%s", (int)indent, "", text) < 0)
		return found;
	return padded;
}

int add_diagnostic(struct hotprobe *hp, enum hotprobe_severity severity, const char *file,
		   unsigned line, unsigned column, const char *text, const char *hint)
{
	char *source_line = diagnostic_line(hp, file, line);
	struct diagnostic d = {.pub = {.severity = severity, .line = line, .column = column}};
	size_t file_len = strlen(file) + 1, text_len = strlen(text) + 1;
	size_t hint_len = strlen(hint) + 1;
	size_t line_len = source_line ? strlen(source_line) + 1 : 1;
	char *at;

	d.strings = at = calloc(1, file_len + text_len + hint_len + line_len);
	if (!at)
		goto fail;
	d.pub.file = memcpy(at, file, file_len);
	d.pub.text = memcpy(at += file_len, text, text_len);
	d.pub.hint = memcpy(at += text_len, hint, hint_len);
	d.pub.source_line = at += hint_len;
	if (source_line)
		memcpy(at, source_line, line_len);
	if (array_push(&hp->diags, d))
		goto fail;
	free(source_line);
	return 0;
fail:
	free(d.strings);
	free(source_line);
	return -ENOMEM;
}

void free_diagnostics(struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->diags.count; i++)
		free(hp->diags.at[i].strings);
	array_free(&hp->diags);
}

size_t hotprobe_diagnostic_count(const struct hotprobe *hp)
{
	return hp->diags.count;
}

const struct hotprobe_diagnostic *hotprobe_diagnostic_at(const struct hotprobe *hp, size_t index)
{
	return index < hp->diags.count ? &hp->diags.at[index].pub : NULL;
}

const char *hotprobe_error(const struct hotprobe *hp)
{
	if (!hp->has_error)
		return "";
	return hp->error ? hp->error : "out of memory";
}

void note(const struct hotprobe *hp, enum hotprobe_severity severity, const char *format, ...)
{
	char *line = NULL;
	va_list args;

	if (!hp->opts.log)
		return;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	if (line)
		hp->opts.log(hp->opts.log_ctx, severity, line);
	free(line);
}
