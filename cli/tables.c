/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables are shown. */
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "folded.h"

static bool sends_events(const struct hotprobe *hp)
{
	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const char *kind = hotprobe_table_kind(hotprobe_table_at(hp, i));

		if (!strcmp(kind, "perf_output") || !strcmp(kind, "ringbuf"))
			return true;
	}
	return false;
}

/* A single struct in a program that sends events is where it puts those together. */
static bool is_scratch(const struct hotprobe *hp, const struct hotprobe_table *table)
{
	const struct hotprobe_type *value = hotprobe_table_value_type(table);

	return hotprobe_table_max_entries(table) == 1 && sends_events(hp) &&
	       (!value || hotprobe_type_kind(value) == HOTPROBE_STRUCT);
}

static bool is_named(const struct table_options *options, const struct hotprobe_table *table)
{
	for (char *const *name = options->names; *name; name++)
		if (!strcmp(*name, hotprobe_table_name(table)))
			return true;
	return false;
}

static bool is_shown(const struct table_options *options, const struct hotprobe *hp,
		     const struct hotprobe_table *table)
{
	if (options->none || !dump_possible(table))
		return false;
	return options->names ? is_named(options, table) : !is_scratch(hp, table);
}

const char *tables_unknown(const struct table_options *options, const struct hotprobe *hp)
{
	for (char *const *name = options->names; name && *name; name++) {
		const struct hotprobe_table *table = hotprobe_find_table(hp, *name);

		if (!table || !dump_possible(table))
			return *name;
	}
	return NULL;
}

void tables_each_name(const struct hotprobe *hp, void (*fn)(void *ctx, const char *name), void *ctx)
{
	for (size_t i = 0; i < hotprobe_table_count(hp); i++)
		if (dump_possible(hotprobe_table_at(hp, i)))
			fn(ctx, hotprobe_table_name(hotprobe_table_at(hp, i)));
}

/* ---- Since it was last shown --------------------------------------------------------------- */

void tables_shown_free(struct tables_shown *shown)
{
	for (size_t i = 0; i < shown->count; i++)
		free(shown->counts[i]);
	free(shown->counts);
	*shown = (struct tables_shown){0};
}

static bool is_kept(const struct hotprobe_table *table)
{
	const char *anew = hotprobe_table_anew(table);

	return anew && !*anew;
}

static uint64_t *take_counts(struct tables_shown *shown, const struct hotprobe *old,
			     const char *name)
{
	for (size_t i = 0; i < shown->count; i++) {
		uint64_t *counts = shown->counts[i];

		if (strcmp(hotprobe_table_name(hotprobe_table_at(old, i)), name))
			continue;
		shown->counts[i] = NULL;
		return counts;
	}
	return NULL;
}

void tables_shown_succeed(struct tables_shown *shown, const struct hotprobe *hp,
			  const struct hotprobe *old)
{
	struct tables_shown next = {.count = hotprobe_table_count(hp)};

	next.counts = calloc(next.count + 1, sizeof(*next.counts));
	if (!next.counts)
		next.count = 0;
	for (size_t i = 0; i < next.count; i++) {
		const struct hotprobe_table *table = hotprobe_table_at(hp, i);

		if (is_kept(table))
			next.counts[i] = take_counts(shown, old, hotprobe_table_name(table));
	}
	tables_shown_free(shown);
	*shown = next;
}

static int since_shown(struct tables_shown *shown, size_t index, struct dump *dump)
{
	size_t count = hotprobe_table_count(dump->hp);

	if (!shown->counts) {
		shown->counts = calloc(count + 1, sizeof(*shown->counts));
		shown->count = shown->counts ? count : 0;
	}
	if (index < shown->count && !shown->counts[index])
		shown->counts[index] = calloc(hotprobe_table_max_entries(dump->table),
					      sizeof(*shown->counts[index]));
	if (index >= shown->count || !shown->counts[index])
		return -ENOMEM;
	dump_since(dump, shown->counts[index]);
	return 0;
}

/* ---- All that are to be shown -------------------------------------------------------------- */

int tables_print(const struct table_options *options, struct tables_shown *shown,
		 struct hotprobe *hp, struct output *out)
{
	int err = 0;

	for (size_t i = 0; !err && i < hotprobe_table_count(hp); i++) {
		struct hotprobe_table *table = hotprobe_table_at(hp, i);
		bool visible = is_shown(options, hp, table);
		struct dump dump;

		if (!visible && !(out->table_stacks && dump_possible(table)))
			continue;
		err = dump_read(&dump, hp, table, options->top, options->clear);
		if (!err && options->clear && dump.stays && dump_counts(&dump))
			err = since_shown(shown, i, &dump);
		if (!err && dump.count && visible)
			output_dump(out, &dump);
		else if (!err && out->table_stacks)
			folded_dump(out->table_stacks, &dump);
		dump_free(&dump);
	}
	return err;
}
