/* SPDX-License-Identifier: Apache-2.0 */
/* --csv: what a table holds. */
#include <errno.h>
#include <string.h>

#include "csv.h"
#include "histogram.h"
#include "stacks.h"
#include "value.h"

struct cpu_walk {
	struct csv_row *row;
	size_t cpu;
};

static void cpu_name(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct cpu_walk *walk = ctx;
	struct text *name = &walk->row->out->cell;

	if (value_is_padding(leaf))
		return;
	text_clear(name);
	text_format(name, "cpu%zu%s%s", walk->cpu, *path ? "." : "", path);
	csv_cell(walk->row, name->data, name->length);
}

static void table_heading(struct output *out, const struct dump *dump)
{
	struct csv_row row = {.out = out};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, dump->entries, &key);
	bool has_value = dump_value(dump, dump->entries, &value);

	csv_cell(&row, "table", 5);
	if (has_key)
		value_each_leaf(&key, "key", csv_name_cell, &row);
	else if (dump->entries->key)
		csv_cell(&row, "key", 3);
	if (has_value)
		value_each_leaf(&value, "value", csv_name_cell, &row);
	else
		csv_cell(&row, "value", 5);
	for (size_t cpu = 0; has_value && dump->cpu_count > 1 && cpu < dump->cpu_count; cpu++)
		value_each_leaf(&value, "", cpu_name, &(struct cpu_walk){&row, cpu});
	if (has_key)
		value_each_leaf(&key, "key", csv_stack_name, &row);
	if (has_value)
		value_each_leaf(&value, "value", csv_stack_name, &row);
	text_char(&out->buffer, '\n');
}

static void cpu_cells(struct csv_row *row, const struct dump *dump, const struct dump_entry *entry)
{
	struct hotprobe_value value;

	for (size_t cpu = 0; cpu < dump->cpu_count; cpu++)
		if (dump_cpu_value(dump, entry, cpu, &value))
			value_each_leaf(&value, "", csv_value_cell, row);
}

static void table_row(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	struct csv_row row = {.out = out};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key), has_value = dump_value(dump, entry, &value);
	pid_t pid = out->hp ? stack_process(out->hp, has_key ? &key : NULL) : 0;

	csv_cell(&row, dump->name, strlen(dump->name));
	if (has_key)
		value_each_leaf(&key, "", csv_value_cell, &row);
	else if (entry->key)
		csv_hex_cell(&row, entry->key, dump->key_size);
	if (has_value)
		value_each_leaf(&value, "", csv_value_cell, &row);
	else
		csv_hex_cell(&row, entry->value, dump->value_size);
	if (dump->cpu_count > 1)
		cpu_cells(&row, dump, entry);
	if (has_key)
		csv_stack_cells(&row, &key, pid);
	if (has_value)
		csv_stack_cells(&row, &value, pid);
	text_char(&out->buffer, '\n');
}

/* ---- Histograms -------------------------------------------------------------------------------
 */

struct section_walk {
	struct csv_row *row;
	const void *slot;
	value_leaf_fn fn;
};

/* Of the members of a key those that are not the slot. */
static void section_leaf(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct section_walk *walk = ctx;

	if (leaf->data != walk->slot)
		walk->fn(walk->row, leaf, path);
}

static void section_cells(struct csv_row *row, const struct dump *dump,
			  const struct histogram *histogram, value_leaf_fn fn)
{
	struct section_walk walk = {
		.row = row,
		.slot = histogram_slot(dump, histogram->section),
		.fn = fn,
	};
	struct hotprobe_value key;

	if (dump_key(dump, histogram->section, &key))
		value_each_leaf(&key, "key", section_leaf, &walk);
}

static void histogram_rows(struct output *out, const struct dump *dump,
			   const struct histogram *histogram)
{
	for (size_t i = 0; i < histogram->count; i++) {
		const struct histogram_row *bounds = &histogram->rows[i];
		struct csv_row row = {.out = out};

		csv_cell(&row, dump->name, strlen(dump->name));
		section_cells(&row, dump, histogram, csv_value_cell);
		text_format(&out->buffer, ",%llu,%llu,%llu\n", (unsigned long long)bounds->low,
			    (unsigned long long)bounds->high, (unsigned long long)bounds->count);
	}
}

/* Returns false if the table is no histogram after all. */
static bool put_histograms(struct output *out, const struct dump *dump)
{
	struct csv_row row = {.out = out};
	struct histograms histograms;
	int err = histograms_make(&histograms, dump);

	if (err == -ENOMEM)
		out->buffer.failed = true;
	if (!err) {
		csv_cell(&row, "table", 5);
		section_cells(&row, dump, &histograms.list[0], csv_name_cell);
		text_string(&out->buffer, ",low,high,count\n");
	}
	for (size_t i = 0; !err && i < histograms.count; i++)
		histogram_rows(out, dump, &histograms.list[i]);
	histograms_free(&histograms);
	return !err;
}

void csv_table(struct output *out, const struct dump *dump)
{
	if (dump_is_histogram(dump) && put_histograms(out, dump))
		return;
	table_heading(out, dump);
	for (size_t i = 0; i < dump->count; i++)
		table_row(out, dump, &dump->entries[i]);
}
