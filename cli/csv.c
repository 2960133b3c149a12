/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --csv: comma-separated values (RFC 4180) under a line of names.
 *
 * The lines of one table are one block, which begins with its names; an empty line ends it when
 * another table's begins. Numbers are as they are, nested members are columns called "addr.port".
 * What a table holds at the end is a block with its keys and values; stack ids stay numbers.
 */
#include <string.h>

#include "dump.h"
#include "output.h"
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

static void heading(struct output_table *table)
{
	struct row row = {.out = table->out};
	struct output_record record;

	if (output_read(table, "", 0, &record))
		value_each_leaf(&record.value, "value", name_cell, &row);
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

static void csv_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output_record record;
	struct row row = {.out = table->out, .record = &record};

	(void)cpu;
	if (begin_block(table->out, table))
		heading(table);
	if (output_read(table, data, size, &record))
		leaf_cells(&row, table);
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

static void table_heading(struct output *out, const struct dump *dump)
{
	struct row row = {.out = out};
	struct hotprobe_value value;

	cell(&row, "table", 5);
	if (dump_key(dump, dump->entries, &value))
		value_each_leaf(&value, "key", name_cell, &row);
	else if (dump->entries->key)
		cell(&row, "key", 3);
	if (dump_value(dump, dump->entries, &value))
		value_each_leaf(&value, "value", name_cell, &row);
	else
		cell(&row, "value", 5);
	text_char(&out->buffer, '\n');
}

static void table_row(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	struct row row = {.out = out};
	struct hotprobe_value value;

	cell(&row, dump->name, strlen(dump->name));
	if (dump_key(dump, entry, &value))
		value_each_leaf(&value, "", value_cell, &row);
	else if (entry->key)
		hex_cell(&row, entry->key, dump->key_size);
	if (dump_value(dump, entry, &value))
		value_each_leaf(&value, "", value_cell, &row);
	else
		hex_cell(&row, entry->value, dump->value_size);
	text_char(&out->buffer, '\n');
}

static void csv_table(struct output *out, const struct dump *dump)
{
	begin_block(out, dump->table);
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
