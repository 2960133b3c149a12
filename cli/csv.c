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
#include <string.h>

#include "csv.h"
#include "stacks.h"
#include "value.h"

/* ---- Cells ------------------------------------------------------------------------------------
 */

void csv_cell(struct csv_row *row, const char *bytes, size_t size)
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

void csv_name_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct csv_row *row = ctx;

	if (!value_is_padding(leaf))
		csv_cell(row, path, strlen(path));
}

/* Text has its escapes, so that a record is a line and a terminal is safe. */
void csv_value_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct csv_row *row = ctx;
	struct text *scratch = &row->out->cell;

	(void)path;
	if (value_is_padding(leaf))
		return;
	text_clear(scratch);
	if (!row->record || output_has(row->record, leaf))
		value_text(scratch, leaf);
	csv_cell(row, scratch->data, scratch->length);
}

void csv_hex_cell(struct csv_row *row, const void *bytes, size_t size)
{
	struct text *scratch = &row->out->cell;

	text_clear(scratch);
	value_hex(scratch, bytes, size);
	csv_cell(row, scratch->data, scratch->length);
}

/* ---- Stacks -----------------------------------------------------------------------------------
 */

/* Walks over the stack ids of a value, for the columns that follow its own. */
struct stack_walk {
	struct csv_row *row;
	pid_t pid;
};

void csv_stack_name(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct csv_row *row = ctx;
	struct text *name = &row->out->cell;

	if (!row->out->hp || !stack_is_id(row->out->hp, leaf))
		return;
	text_clear(name);
	text_string(name, path);
	text_string(name, ".frames");
	csv_cell(row, name->data, name->length);
}

static void stack_cell(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct stack_walk *walk = ctx;
	struct output *out = walk->row->out;

	(void)path;
	if (!out->hp || !stack_is_id(out->hp, leaf))
		return;
	text_clear(&out->cell);
	stack_text(&out->cell, out->hp, leaf, walk->pid);
	csv_cell(walk->row, out->cell.data, out->cell.length);
}

void csv_stack_cells(struct csv_row *row, const struct hotprobe_value *value, pid_t pid)
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

static void event_names(struct csv_row *row, const struct hotprobe_value *event, bool stacks)
{
	value_each_leaf(event, "value", csv_name_cell, row);
	if (stacks)
		value_each_leaf(event, "value", csv_stack_name, row);
}

static void heading(struct output_table *table)
{
	struct csv_row row = {.out = table->out};
	struct output_record record;

	if (output_read(table, "", 0, &record))
		event_names(&row, &record.value, table->stacks);
	else
		csv_cell(&row, "data", 4);
	text_char(&table->out->buffer, '\n');
}

static void leaf_cells(struct csv_row *row, struct output_table *table)
{
	const struct output_leaf *leaves = output_leaves(table);
	struct hotprobe_value value;

	if (!leaves)
		row->out->buffer.failed = true;
	for (size_t i = 0; leaves && i < table->leaf_count; i++) {
		output_read_leaf(&leaves[i], row->record, &value);
		csv_value_cell(row, &value, "");
	}
}

static void event_cells(struct csv_row *row, struct output_table *table)
{
	const struct hotprobe_value *event = &row->record->value;

	leaf_cells(row, table);
	if (table->stacks)
		csv_stack_cells(row, event, stack_process(row->out->hp, event));
}

static void csv_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output_record record;
	struct csv_row row = {.out = table->out, .record = &record};

	(void)cpu;
	if (begin_block(table->out, table))
		heading(table);
	if (output_read(table, data, size, &record))
		event_cells(&row, table);
	else
		csv_hex_cell(&row, data, size);
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
		struct csv_row row = {.out = out};

		csv_cell(&row, function, strlen(function));
		text_clear(&out->cell);
		text_escaped(&out->cell, bytes, length, 0);
		csv_cell(&row, out->cell.data, out->cell.length);
		text_char(&out->buffer, '\n');
		length += newline != NULL;
		bytes += length;
		size -= length;
	}
}

static void csv_printk(struct output *out, const struct hotprobe_printk *message)
{
	struct csv_row row = {.out = out};

	if (begin_block(out, &printk_block))
		text_string(&out->buffer, "time_ns,cpu,tid,comm,text\n");
	text_format(&out->buffer, "%llu,%d,%d", (unsigned long long)message->time_ns, message->cpu,
		    (int)message->tid);
	row.any = true;
	text_clear(&out->cell);
	text_escaped(&out->cell, message->comm, strlen(message->comm), 0);
	csv_cell(&row, out->cell.data, out->cell.length);
	text_clear(&out->cell);
	text_escaped(&out->cell, message->text, message->length, 0);
	csv_cell(&row, out->cell.data, out->cell.length);
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

static void put_table(struct output *out, const struct dump *dump)
{
	begin_block(out, dump->table);
	csv_table(out, dump);
}

const struct output_format output_csv = {
	.name = "csv",
	.event = csv_event,
	.written = csv_written,
	.printk = csv_printk,
	.time = csv_time,
	.table = put_table,
	.forget = csv_forget,
};
