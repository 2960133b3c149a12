/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks as lines. */
#include "folded.h"

#include <string.h>

#include "output.h"
#include "report.h"
#include "stacks.h"
#include "value.h"

enum { MAX_STACKS = 8 }; /* in one event or entry */

struct record {
	struct hotprobe *hp;
	struct hotprobe_value ids[MAX_STACKS], comm;
	size_t count;
	bool has_comm, has_number;
	uint64_t number; /* the first that is no stack id */
};

static void collect(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct record *record = ctx;

	(void)path;
	if (stack_is_id(record->hp, leaf)) {
		if (record->count < MAX_STACKS)
			record->ids[record->count++] = *leaf;
	} else if (leaf->kind == HOTPROBE_STRING && !record->has_comm &&
		   (!strcmp(leaf->name, "comm") || !strcmp(leaf->name, "name"))) {
		record->comm = *leaf;
		record->has_comm = true;
	} else if (leaf->kind == HOTPROBE_INT && !record->has_number) {
		record->number = leaf->u;
		record->has_number = true;
	}
}

struct line {
	struct text *text, name;
};

/* A semicolon would begin another frame, a newline another line. */
static void add_name(struct line *line)
{
	for (size_t i = 0; i < line->name.length; i++)
		if (line->name.data[i] == ';')
			line->name.data[i] = ':';
	text_bytes(line->text, line->name.data, line->name.length);
	text_clear(&line->name);
}

static void add_frame(void *ctx, const struct stack_frame *frame)
{
	struct line *line = ctx;

	stack_frame_name(&line->name, frame);
	add_name(line);
	text_string(line->text, frame->kernel ? "_[k];" : ";");
}

static bool is_kernels(const struct hotprobe_value *id)
{
	return strcasestr(id->name, "kern") != NULL;
}

/* One that was not recorded is told, so that its time is not taken for that of what called. */
static size_t add_stack(struct line *line, const struct record *record,
			const struct hotprobe_value *id, pid_t pid)
{
	if (stack_missed(id)) {
		text_format(line->text, "[missed %s];", is_kernels(id) ? "kernel stack" : "stack");
		return 1;
	}
	return stack_each(record->hp, id, pid, true, add_frame, line);
}

/* Appends the line; nothing if there are no frames. */
static bool add_line(struct text *lines, const struct record *record, pid_t pid, uint64_t count)
{
	struct line line = {.text = lines};
	size_t begin = lines->length, frames = 0;

	if (record->has_comm) {
		text_escaped(&line.name, record->comm.string.text, record->comm.string.length, 0);
		add_name(&line);
		text_char(lines, ';');
	}
	for (int kernel = 0; kernel < 2; kernel++)
		for (size_t i = 0; i < record->count; i++)
			if (is_kernels(&record->ids[i]) == (kernel == 1))
				frames += add_stack(&line, record, &record->ids[i], pid);
	if (line.name.failed)
		lines->failed = true;
	text_free(&line.name);
	if (!frames) {
		lines->length = begin;
		return false;
	}
	lines->length--; /* the last semicolon */
	text_format(lines, " %llu\n", (unsigned long long)count);
	return true;
}

bool folded_event(struct text *lines, struct hotprobe *hp, const struct hotprobe_value *event)
{
	struct record record = {.hp = hp};

	value_each_leaf(event, "", collect, &record);
	return add_line(lines, &record, stack_process(hp, event), 1);
}

static bool add_entry(struct text *lines, const struct dump *dump, const struct dump_entry *entry)
{
	struct record record = {.hp = dump->hp};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key);

	if (has_key)
		value_each_leaf(&key, "", collect, &record);
	record.has_number = false;
	if (dump_value(dump, entry, &value))
		value_each_leaf(&value, "", collect, &record);
	return add_line(lines, &record, stack_process(dump->hp, has_key ? &key : NULL),
			record.has_number ? record.number : 1);
}

size_t folded_dump(struct text *lines, const struct dump *dump)
{
	size_t count = 0;

	for (size_t i = 0; i < dump->count; i++)
		count += add_entry(lines, dump, &dump->entries[i]);
	return count;
}

/* ---- As a format ------------------------------------------------------------------------------
 */

static void format_start(struct output *out)
{
	if (out->hp && !stack_table_exists(out->hp))
		report(HOTPROBE_WARNING, "--folded prints stacks, and the program has no "
					 "BPF_STACK_TRACE: there will be nothing to print");
}

static void format_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output_record record;

	(void)cpu;
	if (output_read(table, data, size, &record))
		folded_event(&table->out->buffer, table->out->hp, &record.value);
}

static void format_table(struct output *out, const struct dump *dump)
{
	folded_dump(&out->buffer, dump);
}

/* Lines that are no stacks would be taken for some. */
static void format_written(struct output *out, const char *function, const char *bytes, size_t size)
{
	(void)out;
	(void)function;
	(void)bytes;
	(void)size;
}

static void format_printk(struct output *out, const struct hotprobe_printk *message)
{
	(void)out;
	(void)message;
}

static void format_time(struct output *out, time_t seconds)
{
	(void)out;
	(void)seconds;
}

static void format_forget(struct output_table *table)
{
	(void)table;
}

const struct output_format output_folded = {
	.name = "folded",
	.start = format_start,
	.event = format_event,
	.written = format_written,
	.printk = format_printk,
	.time = format_time,
	.table = format_table,
	.forget = format_forget,
};
