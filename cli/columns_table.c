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

void columns_stacks(const struct output *out, struct text *text, const struct hotprobe_value *value,
		    pid_t pid)
{
	size_t length = text->length, begin;

	output_colour(out, text, COLOUR_DIM);
	begin = text->length;
	stack_lines(text, out->hp, value, pid);
	if (text->length == begin)
		text->length = length;
	else
		output_colour(out, text, COLOUR_NONE);
}

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
	const struct hotprobe_value *whole;
};

static void put_value(struct text *text, const struct output *out,
		      const struct hotprobe_value *whole, const struct hotprobe_value *value)
{
	const struct converter with = {out->hp, whole, -1};

	convert(text, &with, out->raw ? CONVERT_NONE : conversion_for(value), value);
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
	put_value(&walk->grid->text, walk->out, walk->whole, leaf);
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
		walk.whole = &key;
		value_each_leaf(&key, "", add_cell, &walk);
	} else if (entry->key) {
		value_hex(&grid->text, entry->key, dump->key_size);
		grid_end(grid);
	}
	if (has_value) {
		walk.whole = has_key && value_is_aggregate(&key) ? &key : &value;
		value_each_leaf(&value, "", add_cell, &walk);
	} else {
		value_hex(&grid->text, entry->value, dump->value_size);
		grid_end(grid);
	}
	if (dump->cpu_count > 1)
		cpu_cell(grid, dump, entry);
	if (has_key)
		columns_stacks(out, &grid->text, &key, pid);
	if (has_value)
		columns_stacks(out, &grid->text, &value, pid);
	grid_end(grid);
}

static void put_name(struct output *out, const char *name)
{
	output_colour(out, &out->buffer, COLOUR_BOLD);
	text_escaped(&out->buffer, name, strlen(name), 0);
	output_colour(out, &out->buffer, COLOUR_NONE);
}

static void print_rows(struct output *out, const struct dump *dump)
{
	struct grid grid = {0};

	put_name(out, dump->name);
	text_string(&out->buffer, ":\n");
	add_columns(out, &grid, dump);
	for (size_t i = 0; i < dump->count; i++)
		add_row(out, &grid, dump, &dump->entries[i]);
	grid_print(&grid, &out->buffer, out->width, out->colours);
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
	put_name(out, dump->name);
	text_string(&out->buffer, ": ");
	value_text(&out->buffer, &value);
	text_char(&out->buffer, '\n');
	return true;
}

/* ---- Histograms ---------------------------------------------------------------------------- */

struct section {
	struct output *out;
	const struct dump *dump;
	const struct hotprobe_value *key;
	const void *slot;
	bool any;
};

static void add_section(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct section *section = ctx;

	if (!is_shown(section->dump, leaf) || leaf->data == section->slot)
		return;
	text_string(&section->out->buffer, section->any ? ", " : "");
	text_format(&section->out->buffer, "%s = ", path);
	put_value(&section->out->buffer, section->out, section->key, leaf);
	section->any = true;
}

static void print_section(struct output *out, const struct dump *dump,
			  const struct histogram *histogram)
{
	struct hotprobe_value key;
	struct section section = {
		.out = out,
		.dump = dump,
		.key = &key,
		.slot = histogram_slot(dump, histogram->section),
	};

	if (!dump_key(dump, histogram->section, &key))
		return;
	output_colour(out, &out->buffer, COLOUR_BOLD);
	value_each_leaf(&key, "", add_section, &section);
	output_colour(out, &out->buffer, COLOUR_NONE);
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
		histogram_text(&out->buffer, &histograms.list[i], dump->name, out->width,
			       out->colours);
	}
	if (!err && histograms.count < histograms.total)
		text_format(&out->buffer, "\n(%zu more)\n", histograms.total - histograms.count);
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
