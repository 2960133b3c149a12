/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps line numbers right; see lines.h. */
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "ring_query.h"
#include "text.h"

/* Lines that no source has, a hundred for what is put into each function. BTF has 22 bits. */
enum {
	ARGUMENTS_FIRST = SOURCE_LINES_MAX + 1000,
	ARGUMENTS_EACH = 100,
	ARGUMENTS_LAST = (1 << 22) - 1,
};

struct insertion {
	size_t offset;
	size_t order; /* among those at the same offset */
	char *text;
};

struct insertions {
	struct insertion *items;
	size_t count;
};

static void insert(struct insertions *list, size_t offset, char *text)
{
	list->items = cc_grow(list->items, list->count, sizeof(*list->items));
	list->items[list->count] =
		(struct insertion){.offset = offset, .order = list->count, .text = text};
	list->count++;
}

static int compare(const void *a, const void *b)
{
	const struct insertion *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* The name as a C string literal: on one line, whatever the file is called. */
static char *quoted(const char *name)
{
	struct text t = {0};

	text_puts(&t, "\"");
	for (; *name; name++) {
		if (*name == '\n' || *name == '\r') {
			text_printf(&t, "\\%03o", (unsigned)*name);
			continue;
		}
		if (*name == '"' || *name == '\\')
			text_puts(&t, "\\");
		text_add(&t, name, 1);
	}
	text_puts(&t, "\"");
	return t.data;
}

/* A directive that what follows offset is on the line it is on, padded so that it keeps its
   column, too. */
static char *restate(const struct source *source, const char *name, size_t offset)
{
	unsigned line = source_line_of(source, offset);

	return cc_printf("\n#line %u %s\n%*s", line, name, (int)(offset - source->lines[line - 1]),
			 "");
}

static unsigned arguments_line(size_t index)
{
	size_t line = ARGUMENTS_FIRST + index * ARGUMENTS_EACH;

	return line < ARGUMENTS_LAST ? (unsigned)line : 0;
}

static bool begins_with(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strncmp(text, *words, strlen(*words)))
			return true;
	return false;
}

/* BCC's macros that begin with the definition they make... */
static const char *const probe_macros[] = {"TRACEPOINT_PROBE", "RAW_TRACEPOINT_PROBE", "BPF_ITER",
					   NULL};
/* ... and those that make another function in front, which calls it. */
static const char *const wrapper_macros[] = {"KFUNC_PROBE", "KRETFUNC_PROBE", "KMOD_RET",
					     "LSM_PROBE", NULL};

/*
 * libbcc puts the section on a line of its own in front of each function that lacks one, which
 * would move the function's first line. So it is given one here.
 */
static void mark_start(struct insertions *list, const struct source *source, const char *name,
		       const struct parsed *parsed, size_t index)
{
	const struct parse_function *function = &parsed->functions[index];
	const char *text = source->text + function->start;
	unsigned number = arguments_line(index);
	char *line;

	if (!function->external || function->has_section)
		return;
	if (function->from_macro && number && begins_with(text, wrapper_macros))
		line = cc_printf("\n#line %u %s\n", number, name);
	else if (!function->from_macro || begins_with(text, probe_macros))
		line = restate(source, name, function->start);
	else
		return;
	insert(list, function->start,
	       cc_printf("__attribute__((section(\".bpf.fn.%s\")))%s", function->name, line));
}

static void mark_brace(struct insertions *list, const struct source *source, const char *name,
		       const struct parsed *parsed, size_t index)
{
	const struct parse_function *function = &parsed->functions[index];
	unsigned line = arguments_line(index);

	if (function->brace == PARSE_NOWHERE)
		return;
	if (function->external && function->parameters > 1 && line)
		insert(list, function->brace, cc_printf("\n#line %u %s\n", line, name));
	insert(list, function->brace + 1, restate(source, name, function->brace + 1));
}

static void mark_ring_queries(struct insertions *list, const struct source *source,
			      const char *name, const struct parsed *parsed)
{
	size_t i;

	for (i = 0; i < parsed->ring_query_count; i++) {
		const struct parse_range *call = &parsed->ring_queries[i];

		insert(list, call->start,
		       cc_printf("%s%s", ring_query_before, restate(source, name, call->start)));
		insert(list, call->end,
		       cc_printf("%s%s", ring_query_after, restate(source, name, call->end)));
	}
}

char *lines_mark(const struct source *source, const struct parsed *parsed)
{
	struct insertions list = {0};
	struct text out = {0};
	char *name = quoted(source->name);
	size_t i, line, at = 0;

	for (i = 0; i < parsed->function_count; i++) {
		mark_start(&list, source, name, parsed, i);
		mark_brace(&list, source, name, parsed, i);
	}
	mark_ring_queries(&list, source, name, parsed);
	for (i = 0; i < parsed->resync_count; i++) {
		line = source_line_of(source, parsed->resync[i]);
		insert(&list, source->lines[line - 1], cc_printf("#line %zu %s\n", line, name));
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	text_printf(&out, "#ifndef " LINES_SKIPPED "\n#define HOTPROBE(target)\n%s%s#line 1 %s\n",
		    parsed->usdt.data ? parsed->usdt.data : "",
		    parsed->ring_query_count ? ring_query_define : "", name);
	for (i = 0; i < list.count; i++) {
		text_add(&out, source->text + at, list.items[i].offset - at);
		text_puts(&out, list.items[i].text);
		at = list.items[i].offset;
	}
	text_add(&out, source->text + at, source->size - at);
	text_puts(&out, "\n#endif\n");
	return out.data;
}

unsigned lines_resolve(const struct parsed *parsed, unsigned line)
{
	size_t index;

	if (line < ARGUMENTS_FIRST)
		return line;
	index = (line - ARGUMENTS_FIRST) / ARGUMENTS_EACH;
	return index < parsed->function_count ? parsed->functions[index].line : 0;
}
