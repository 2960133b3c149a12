/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --csv: comma-separated values (RFC 4180) under a line of names.
 *
 * The lines of one table are one block, which begins with its names; an empty line ends it when
 * another table's begins. Numbers are as they are, nested members are columns called "addr.port".
 * What a table holds at the end is a block with its keys and values, those of a per-CPU table added
 * up and then for each CPU in cpu0, cpu1 and so on ("cpu0.bytes"); of a histogram, with the bounds
 * and the count of each row. The functions behind a stack id, the innermost first, follow in a
 * column called "kstack.frames".
 */
#include <errno.h>
#include <string.h>

#include "dump.h"
#include "histogram.h"
#include "output.h"
#include "stacks.h"
#include "value.h"

/* ---- Cells ------------------------------------------------------------------------------------
 */

struct row {
	struct output *out;
	const struct output_record *record; /* NULL: all of the bytes are there */
	bool any;
};

static void cell(struct row *row, const char *bytes, size_t size)
{
	struct text *line = &row->out->buffer;
	bool quote = false;

	if (row->any)
		text_char(line, ',');
	row->any = true;
	for (size_t i = 0; i < size; i++)
		quote = quote || bytes[i] == ',' || bytes[i] == '"';
	if (!quote) {
		text_bytes(line, bytes, size);
		return;
	}
	text_char(line, '"');
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"')
			text_char(line, '"');
		text_char(line, bytes[i]);
	}
	text_char(line, '"');
}

static void name_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct row *row = ctx;

	if (!value_is_padding(leaf))
		cell(row, path, strlen(path));
}

/* Text has its escapes, so that a record is a line and a terminal is safe. */
static void value_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct row *row = ctx;
	struct text *scratch = &row->out->cell;

	(void)path;
	if (value_is_padding(leaf))
		return;
	text_clear(scratch);
	if (!row->record || output_has(row->record, leaf))
		value_text(scratch, leaf);
	cell(row, scratch->data, scratch->length);
}

static void hex_cell(struct row *row, const void *bytes, size_t size)
{
	struct text *scratch = &row->out->cell;

	text_clear(scratch);
	value_hex(scratch, bytes, size);
	cell(row, scratch->data, scratch->length);
}

/* ---- Stacks -----------------------------------------------------------------------------------
 */

/* Walks over the stack ids of a value, for the columns that follow its own. */
struct stack_walk {
	struct row *row;
	pid_t pid;
};

static void stack_name(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct row *row = ctx;
	struct text *name = &row->out->cell;

	if (!row->out->hp || !stack_is_id(row->out->hp, leaf))
		return;
	text_clear(name);
	text_string(name, path);
	text_string(name, ".frames");
	cell(row, name->data, name->length);
}

static void add_frame(void *ctx, const struct stack_frame *frame)
{
	struct text *frames = ctx;

	if (frames->length)
		text_char(frames, ';');
	stack_frame_name(frames, frame);
}

static void stack_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct stack_walk *walk = ctx;
	struct output *out = walk->row->out;

	(void)path;
	if (!out->hp || !stack_is_id(out->hp, leaf))
		return;
	text_clear(&out->cell);
	stack_each(out->hp, leaf, walk->pid, false, add_frame, &out->cell);
	cell(walk->row, out->cell.data, out->cell.length);
}

static void stack_cells(struct row *row, const struct hotprobe_value *value, pid_t pid)
{
	struct stack_walk walk = {.row = row, .pid = pid};

	value_each_leaf(value, "", stack_cell, &walk);
}

/* ---- Events -----------------------------------------------------------------------------------
 */

static const char written_block, printk_block, time_block;

/* True if the lines of that block (any pointer of its own) were not the last: names are due. */
static bool begin_block(struct output *out, const void *block)
{
	if (out->block == block)
		return false;
	if (out->block)
		text_char(&out->buffer, '\n');
	out->block = block;
	return true;
}

static void event_names(struct row *row, const struct hotprobe_value *event, bool stacks)
{
	value_each_leaf(event, "value", name_cell, row);
	if (stacks)
		value_each_leaf(event, "value", stack_name, row);
}

static void heading(struct output_table *table)
{
	struct row row = {.out = table->out};
	struct output_record record;

	if (output_read(table, "", 0, &record))
		event_names(&row, &record.value, table->stacks);
	else
		cell(&row, "data", 4);
	text_char(&table->out->buffer, '\n');
}

static void leaf_cells(struct row *row, struct output_table *table)
{
	const struct output_leaf *leaves = output_leaves(table);
	struct hotprobe_value value;

	if (!leaves)
		row->out->buffer.failed = true;
	for (size_t i = 0; leaves && i < table->leaf_count; i++) {
		output_read_leaf(&leaves[i], row->record, &value);
		value_cell(row, &value, "");
	}
}

static void event_cells(struct row *row, struct output_table *table)
{
	const struct hotprobe_value *event = &row->record->value;

	leaf_cells(row, table);
	if (table->stacks)
		stack_cells(row, event, stack_process(row->out->hp, event));
}

static void csv_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output_record record;
	struct row row = {.out = table->out, .record = &record};

	(void)cpu;
	if (begin_block(table->out, table))
		heading(table);
	if (output_read(table, data, size, &record))
		event_cells(&row, table);
	else
		hex_cell(&row, data, size);
	text_char(&table->out->buffer, '\n');
}

static void csv_forget(struct output_table *table)
{
	(void)table;
}

/* ---- What is no event -------------------------------------------------------------------------
 */

static void csv_written(struct output *out, const char *function, const char *bytes, size_t size)
{
	if (begin_block(out, &written_block))
		text_string(&out->buffer, "function,text\n");
	while (size) {
		const char *newline = memchr(bytes, '\n', size);
		size_t length = newline ? (size_t)(newline - bytes) : size;
		struct row row = {.out = out};

		cell(&row, function, strlen(function));
		text_clear(&out->cell);
		text_escaped(&out->cell, bytes, length, 0);
		cell(&row, out->cell.data, out->cell.length);
		text_char(&out->buffer, '\n');
		length += newline != NULL;
		bytes += length;
		size -= length;
	}
}

static void csv_printk(struct output *out, const struct hotprobe_printk *message)
{
	struct row row = {.out = out};

	if (begin_block(out, &printk_block))
		text_string(&out->buffer, "time_ns,cpu,tid,comm,text\n");
	text_format(&out->buffer, "%llu,%d,%d", (unsigned long long)message->time_ns, message->cpu,
		    (int)message->tid);
	row.any = true;
	text_clear(&out->cell);
	text_escaped(&out->cell, message->comm, strlen(message->comm), 0);
	cell(&row, out->cell.data, out->cell.length);
	text_clear(&out->cell);
	text_escaped(&out->cell, message->text, message->length, 0);
	cell(&row, out->cell.data, out->cell.length);
	text_char(&out->buffer, '\n');
}

static void csv_time(struct output *out, time_t seconds)
{
	char text[48];
	struct tm utc;

	strftime(text, sizeof(text), "time\n%Y-%m-%dT%H:%M:%SZ\n", gmtime_r(&seconds, &utc));
	begin_block(out, &time_block);
	text_string(&out->buffer, text);
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

struct cpu_walk {
	struct row *row;
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
	cell(walk->row, name->data, name->length);
}

static void table_heading(struct output *out, const struct dump *dump)
{
	struct row row = {.out = out};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, dump->entries, &key);
	bool has_value = dump_value(dump, dump->entries, &value);

	cell(&row, "table", 5);
	if (has_key)
		value_each_leaf(&key, "key", name_cell, &row);
	else if (dump->entries->key)
		cell(&row, "key", 3);
	if (has_value)
		value_each_leaf(&value, "value", name_cell, &row);
	else
		cell(&row, "value", 5);
	for (size_t cpu = 0; has_value && dump->cpu_count > 1 && cpu < dump->cpu_count; cpu++)
		value_each_leaf(&value, "", cpu_name, &(struct cpu_walk){&row, cpu});
	if (has_key)
		value_each_leaf(&key, "key", stack_name, &row);
	if (has_value)
		value_each_leaf(&value, "value", stack_name, &row);
	text_char(&out->buffer, '\n');
}

static void cpu_cells(struct row *row, const struct dump *dump, const struct dump_entry *entry)
{
	struct hotprobe_value value;

	for (size_t cpu = 0; cpu < dump->cpu_count; cpu++)
		if (dump_cpu_value(dump, entry, cpu, &value))
			value_each_leaf(&value, "", value_cell, row);
}

static void table_row(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	struct row row = {.out = out};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key), has_value = dump_value(dump, entry, &value);
	pid_t pid = out->hp ? stack_process(out->hp, has_key ? &key : NULL) : 0;

	cell(&row, dump->name, strlen(dump->name));
	if (has_key)
		value_each_leaf(&key, "", value_cell, &row);
	else if (entry->key)
		hex_cell(&row, entry->key, dump->key_size);
	if (has_value)
		value_each_leaf(&value, "", value_cell, &row);
	else
		hex_cell(&row, entry->value, dump->value_size);
	if (dump->cpu_count > 1)
		cpu_cells(&row, dump, entry);
	if (has_key)
		stack_cells(&row, &key, pid);
	if (has_value)
		stack_cells(&row, &value, pid);
	text_char(&out->buffer, '\n');
}

/* ---- Histograms -------------------------------------------------------------------------------
 */

struct section_walk {
	struct row *row;
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

static void section_cells(struct row *row, const struct dump *dump,
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
		struct row row = {.out = out};

		cell(&row, dump->name, strlen(dump->name));
		section_cells(&row, dump, histogram, value_cell);
		text_format(&out->buffer, ",%llu,%llu,%llu\n", (unsigned long long)bounds->low,
			    (unsigned long long)bounds->high, (unsigned long long)bounds->count);
	}
}

/* Returns false if the table is no histogram after all. */
static bool put_histograms(struct output *out, const struct dump *dump)
{
	struct row row = {.out = out};
	struct histograms histograms;
	int err = histograms_make(&histograms, dump);

	if (err == -ENOMEM)
		out->buffer.failed = true;
	if (!err) {
		cell(&row, "table", 5);
		section_cells(&row, dump, &histograms.list[0], name_cell);
		text_string(&out->buffer, ",low,high,count\n");
	}
	for (size_t i = 0; !err && i < histograms.count; i++)
		histogram_rows(out, dump, &histograms.list[i]);
	histograms_free(&histograms);
	return !err;
}

static void csv_table(struct output *out, const struct dump *dump)
{
	begin_block(out, dump->table);
	if (dump_is_histogram(dump) && put_histograms(out, dump))
		return;
	table_heading(out, dump);
	for (size_t i = 0; i < dump->count; i++)
		table_row(out, dump, &dump->entries[i]);
}

const struct output_format output_csv = {
	.name = "csv",
	.event = csv_event,
	.written = csv_written,
	.printk = csv_printk,
	.time = csv_time,
	.table = csv_table,
	.forget = csv_forget,
};
