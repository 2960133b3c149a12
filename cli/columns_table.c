/* SPDX-License-Identifier: Apache-2.0 */
/* A table's contents for people: bars for histograms, else rows, with stacks below them. */
#include "columns_table.h"

#include <errno.h>
#include <string.h>

#include "convert.h"
#include "grid.h"
#include "histogram.h"
#include "stacks.h"
#include "value.h"

/* ---- Columns ------------------------------------------------------------------------------- */

/* What has a column, and what has none: a slot is in the bars, a stack below its row. */
static bool is_shown(const struct dump *dump, const struct hotprobe_value *leaf)
{
	return !value_is_padding(leaf) && !stack_is_id(dump->hp, leaf);
}

static bool is_number(const struct hotprobe_value *value)
{
	return value->kind == HOTPROBE_INT || value->kind == HOTPROBE_INT128 ||
	       value->kind == HOTPROBE_FLOAT;
}

struct walk {
	struct output *out;
	const struct dump *dump;
	struct grid *grid;
};

static void put_value(struct text *text, const struct output *out,
		      const struct hotprobe_value *value)
{
	convert(text, out->hp, out->raw ? CONVERT_NONE : conversion_for(value), value);
}

static void add_column(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct walk *walk = ctx;

	if (is_shown(walk->dump, leaf))
		grid_column(walk->grid, path,
			    is_number(leaf) &&
				    (walk->out->raw || !convert_makes_text(conversion_for(leaf))));
}

static void add_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct walk *walk = ctx;

	(void)path;
	if (!is_shown(walk->dump, leaf))
		return;
	put_value(&walk->grid->text, walk->out, leaf);
	grid_end(walk->grid);
}

/* The values of CPUs that have one: "0:12 3:5". */
static void cpu_cell(struct grid *grid, const struct dump *dump, const struct dump_entry *entry)
{
	struct hotprobe_value value;
	bool any = false;

	for (size_t cpu = 0; cpu < dump->cpu_count; cpu++) {
		if (!dump_cpu_value(dump, entry, cpu, &value) || value_is_zero(&value))
			continue;
		if (any)
			text_char(&grid->text, ' ');
		text_format(&grid->text, "%zu:", cpu);
		value_text(&grid->text, &value);
		any = true;
	}
	grid_end(grid);
}

static void add_columns(struct output *out, struct grid *grid, const struct dump *dump)
{
	struct walk walk = {.out = out, .dump = dump, .grid = grid};
	struct hotprobe_value value;

	if (dump->entries->key) {
		if (dump_key(dump, dump->entries, &value))
			value_each_leaf(&value, "key", add_column, &walk);
		else
			grid_column(grid, "key", false);
	}
	if (dump_value(dump, dump->entries, &value))
		value_each_leaf(&value, "value", add_column, &walk);
	else
		grid_column(grid, "value", false);
	if (dump->cpu_count > 1)
		grid_column(grid, "by cpu", false);
}

static void add_row(struct output *out, struct grid *grid, const struct dump *dump,
		    const struct dump_entry *entry)
{
	struct walk walk = {.out = out, .dump = dump, .grid = grid};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key), has_value = dump_value(dump, entry, &value);
	pid_t pid = stack_process(dump->hp, has_key ? &key : NULL);

	if (has_key) {
		value_each_leaf(&key, "", add_cell, &walk);
	} else if (entry->key) {
		value_hex(&grid->text, entry->key, dump->key_size);
		grid_end(grid);
	}
	if (has_value) {
		value_each_leaf(&value, "", add_cell, &walk);
	} else {
		value_hex(&grid->text, entry->value, dump->value_size);
		grid_end(grid);
	}
	if (dump->cpu_count > 1)
		cpu_cell(grid, dump, entry);
	if (has_key)
		stack_lines(&grid->text, dump->hp, &key, pid);
	if (has_value)
		stack_lines(&grid->text, dump->hp, &value, pid);
	grid_end(grid);
}

static void print_rows(struct output *out, const struct dump *dump)
{
	struct grid grid = {0};

	text_format(&out->buffer, "%s:\n", dump->name);
	add_columns(out, &grid, dump);
	for (size_t i = 0; i < dump->count; i++)
		add_row(out, &grid, dump, &dump->entries[i]);
	grid_print(&grid, &out->buffer, out->width);
	grid_free(&grid);
	if (dump->count < dump->total)
		text_format(&out->buffer, "(%zu more)\n", dump->total - dump->count);
}

/* One number that stands for itself needs no columns. */
static bool print_counter(struct output *out, const struct dump *dump)
{
	struct hotprobe_value value;

	if (hotprobe_table_max_entries(dump->table) != 1 || dump->count != 1 ||
	    !dump_value(dump, dump->entries, &value) || !is_number(&value))
		return false;
	text_format(&out->buffer, "%s: ", dump->name);
	value_text(&out->buffer, &value);
	text_char(&out->buffer, '\n');
	return true;
}

/* ---- Histograms ---------------------------------------------------------------------------- */

struct section {
	struct output *out;
	const struct dump *dump;
	bool any;
};

static void add_section(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct section *section = ctx;

	if (!is_shown(section->dump, leaf) || histogram_is_slot(section->dump, leaf))
		return;
	text_string(&section->out->buffer, section->any ? ", " : "");
	text_format(&section->out->buffer, "%s = ", path);
	put_value(&section->out->buffer, section->out, leaf);
	section->any = true;
}

static void print_section(struct output *out, const struct dump *dump,
			  const struct histogram *histogram)
{
	struct section section = {.out = out, .dump = dump};
	struct hotprobe_value key;

	if (!dump_key(dump, histogram->section, &key))
		return;
	value_each_leaf(&key, "", add_section, &section);
	text_char(&out->buffer, '\n');
}

static bool print_histograms(struct output *out, const struct dump *dump)
{
	struct histograms histograms;
	int err = histograms_make(&histograms, dump);

	if (err == -ENOMEM)
		out->buffer.failed = true;
	for (size_t i = 0; !err && i < histograms.count; i++) {
		if (i)
			text_char(&out->buffer, '\n');
		if (histograms.sections)
			print_section(out, dump, &histograms.list[i]);
		histogram_text(&out->buffer, &histograms.list[i], dump->name, out->width);
	}
	histograms_free(&histograms);
	return !err;
}

void columns_table(struct output *out, const struct dump *dump)
{
	if (dump_is_histogram(dump) && print_histograms(out, dump))
		return;
	if (!print_counter(out, dump))
		print_rows(out, dump);
}
