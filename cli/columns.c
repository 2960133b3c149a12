/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aligned columns, one for each member, under their names.
 *
 * Nested members are columns of their own, "addr.port". A column is as wide as values of its type
 * usually are. A longer one is not cut: it shifts what follows in its line until the padding of
 * later columns has made up for it. On a terminal text is cut (with an ellipsis) where the line
 * would otherwise get longer than the terminal is wide; numbers and the last column never are.
 */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "columns_table.h"
#include "convert.h"
#include "stacks.h"
#include "value.h"

#define TEXT_WIDTH 40	 /* of a column of text, unless its array is smaller */
#define TEXT_MIN_WIDTH 8 /* what a narrow terminal leaves of it */
#define ELLIPSIS "\xe2\x80\xa6"

struct column {
	char *head;
	unsigned width;
	bool right; /* aligned, as numbers are */
	bool text;  /* can be cut */
	enum conversion conversion;
};

struct layout {
	struct column *columns;
	size_t count;
	bool raw;	 /* no conversions */
	unsigned screen; /* the terminal's width for which this layout was made */
	unsigned spare;	 /* columns of the screen that it leaves free */
};

/* ---- Making the layout of a type -------------------------------------------------------- */

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned integer_width(const struct hotprobe_value *value)
{
	/* Small ones in full; of the larger ones what pids, sizes and nanoseconds take. */
	switch (value->size) {
	case 1:
		return value->is_signed ? 4 : 3;
	case 2:
		return value->is_signed ? 6 : 5;
	case 4:
		return 7;
	default:
		return 10;
	}
}

/* Of what a number is converted to; 0 if that is as wide as the number. */
static unsigned converted_width(const struct hotprobe_value *value, enum conversion conversion)
{
	switch (conversion) {
	case CONVERT_IP:
	case CONVERT_IPV4:
	case CONVERT_IPV6:
		return value->size == 4 ? sizeof("255.255.255.255") - 1 : 24;
	case CONVERT_TIME:
		return sizeof("12:34:56.123456") - 1;
	case CONVERT_KERNEL_SYMBOL:
	case CONVERT_SYMBOL:
		return 24;
	case CONVERT_FAMILY:
		return sizeof("AF_INET6") - 1;
	case CONVERT_SYSCALL:
		return 16;
	case CONVERT_SIGNAL:
		return sizeof("SIGVTALRM") - 1;
	default:
		return 0;
	}
}

static unsigned usual_width(const struct hotprobe_value *value)
{
	switch (value->kind) {
	case HOTPROBE_INT:
		return integer_width(value);
	case HOTPROBE_INT128:
		return 20;
	case HOTPROBE_BOOL:
		return sizeof("false") - 1;
	case HOTPROBE_CHAR:
		return sizeof("\\x00") - 1;
	case HOTPROBE_FLOAT:
	case HOTPROBE_ENUM:
		return 12;
	case HOTPROBE_POINTER:
		return sizeof("0xffff888100000000") - 1;
	case HOTPROBE_STRING:
		return value->size <= TEXT_WIDTH ? max((unsigned)value->size, 2) - 1 : TEXT_WIDTH;
	default:
		return 16;
	}
}

static bool add_column(struct layout *layout, const char *head, struct column column)
{
	struct column *columns =
		realloc(layout->columns, (layout->count + 1) * sizeof(*layout->columns));

	if (!columns)
		return false;
	layout->columns = columns;
	column.head = strdup(head);
	if (!column.head)
		return false;
	column.width = max(column.width, (unsigned)text_columns(head, strlen(head)));
	columns[layout->count++] = column;
	return true;
}

static bool add_leaf(struct layout *layout, const char *head, const struct hotprobe_value *value)
{
	enum conversion conversion = layout->raw ? CONVERT_NONE : conversion_for(value);
	bool number = value_is_number(value) && !convert_makes_text(conversion);

	return add_column(layout, head,
			  (struct column){.width = max(usual_width(value),
						       converted_width(value, conversion)),
					  .right = number,
					  .text = !value_is_number(value),
					  .conversion = conversion});
}

/* path holds the names on the way here and is left as it was. */
static bool add_columns(struct layout *layout, const struct hotprobe_value *value,
			struct text *path)
{
	struct hotprobe_value member;
	size_t length = path->length;
	bool ok = true;

	if (*value->name) {
		if (length)
			text_char(path, '.');
		text_escaped(path, value->name, strlen(value->name), 0);
	}
	if (value_is_aggregate(value))
		for (size_t i = 0; ok && !hotprobe_member(value, i, &member); i++)
			ok = value_is_padding(&member) || add_columns(layout, &member, path);
	else
		ok = add_leaf(layout, path->length ? text_cstr(path) : "value", value);
	path->length = length;
	return ok && !path->failed;
}

/* Makes text columns narrower, the widest first, until the line fits the screen. */
static void fit(struct layout *layout, unsigned screen)
{
	unsigned total = layout->count ? (unsigned)layout->count - 1 : 0;

	for (size_t i = 0; i < layout->count; i++)
		total += layout->columns[i].width;
	while (total > screen) {
		struct column *widest = NULL;

		for (size_t i = 0; i < layout->count; i++) {
			struct column *column = &layout->columns[i];

			if (column->text && column->width > TEXT_MIN_WIDTH &&
			    column->width > text_columns(column->head, strlen(column->head)) &&
			    (!widest || column->width > widest->width))
				widest = column;
		}
		if (!widest)
			break;
		widest->width--;
		total--;
	}
	layout->screen = screen;
	layout->spare = total < screen ? screen - total : 0;
}

static void free_layout(struct layout *layout)
{
	if (!layout)
		return;
	for (size_t i = 0; i < layout->count; i++)
		free(layout->columns[i].head);
	free(layout->columns);
	free(layout);
}

/* NULL without memory. */
static struct layout *make_layout(struct output_table *table)
{
	struct layout *layout = calloc(1, sizeof(*layout));
	struct output_record record;
	struct text path = {0};
	bool ok;

	if (!layout)
		return NULL;
	layout->raw = table->out->raw;
	/* Types have no members to ask for, values have: a record without bytes is read as zeroes.
	 */
	if (output_read(table, "", 0, &record))
		ok = add_columns(layout, &record.value, &path);
	else
		ok = add_column(layout, "data", (struct column){.width = 16, .text = true});
	text_free(&path);
	if (!ok) {
		free_layout(layout);
		return NULL;
	}
	if (table->out->terminal)
		fit(layout, table->out->width);
	return layout;
}

static void columns_forget(struct output_table *table)
{
	free_layout(table->layout);
	table->layout = NULL;
}

/* ---- Printing lines --------------------------------------------------------------------- */

struct line {
	struct output *out;
	const struct layout *layout;
	size_t index;	   /* of the next column */
	unsigned start;	   /* where that would begin if nothing before it was too long */
	unsigned position; /* where the line is */
};

/* How long the next cell may get before it is cut. */
static unsigned room(const struct line *line, const struct column *column, unsigned begin)
{
	unsigned end = line->start + column->width + line->layout->spare;
	unsigned least = column->width < TEXT_MIN_WIDTH ? column->width : TEXT_MIN_WIDTH;

	return max(end > begin ? end - begin : 0, least);
}

static unsigned cut(struct text *cell, unsigned columns)
{
	cell->length = text_prefix(cell->data, cell->length, columns ? columns - 1 : 0);
	text_string(cell, ELLIPSIS);
	return (unsigned)text_columns(cell->data, cell->length);
}

/* Prints out->cell as the next cell. */
static void put_cell(struct line *line, enum colour colour)
{
	const struct column *column = &line->layout->columns[line->index];
	struct text *buffer = &line->out->buffer, *cell = &line->out->cell;
	unsigned length = (unsigned)text_columns(cell->data, cell->length);
	unsigned gap = line->index ? 1 : 0;
	unsigned begin = max(line->start, line->position + gap);
	bool last = ++line->index == line->layout->count;

	if (line->out->terminal && column->text && !last) {
		unsigned limit = room(line, column, begin);

		if (length > limit)
			length = cut(cell, limit);
	}
	if (column->right && line->start + column->width > line->position + gap + length)
		begin = line->start + column->width - length;
	text_fill(buffer, ' ', begin - line->position);
	if (colour)
		output_colour(line->out, buffer, colour);
	text_bytes(buffer, cell->data, cell->length);
	if (colour)
		output_colour(line->out, buffer, COLOUR_NONE);
	line->position = begin + length;
	line->start += column->width + 1;
	if (last)
		text_char(buffer, '\n');
}

static void heading(struct output_table *table)
{
	struct output *out = table->out;
	struct line line = {.out = out, .layout = table->layout};

	if (out->table_count > 1) {
		output_colour(out, &out->buffer, COLOUR_BOLD);
		text_escaped(&out->buffer, table->name, strlen(table->name), 0);
		output_colour(out, &out->buffer, COLOUR_NONE);
		text_string(&out->buffer, ":\n");
	}
	for (size_t i = 0; i < line.layout->count; i++) {
		text_clear(&out->cell);
		text_string(&out->cell, line.layout->columns[i].head);
		put_cell(&line, COLOUR_BOLD);
	}
}

/* The name of an error. */
static enum colour colour_of(const struct line *line, const struct text *cell)
{
	const struct column *column = &line->layout->columns[line->index];

	return column->conversion == CONVERT_ERRNO && cell->length && *cell->data == 'E'
		       ? COLOUR_RED
		       : COLOUR_NONE;
}

/* There is a column for each leaf. */
static void put_values(struct line *line, struct output_table *table,
		       const struct output_record *record)
{
	const struct output_leaf *leaves = output_leaves(table);
	const struct converter with = {line->out->hp, &record->value, -1};
	struct text *cell = &line->out->cell;
	struct hotprobe_value value;

	if (!leaves)
		line->out->buffer.failed = true;
	for (size_t i = 0; leaves && i < line->layout->count; i++) {
		text_clear(cell);
		if (output_read_leaf(&leaves[i], record, &value))
			convert(cell, &with, line->layout->columns[i].conversion, &value);
		else
			text_char(cell, '-');
		put_cell(line, colour_of(line, cell));
	}
}

/* A layout for the screen as it is now, with the heading printed if the last one was another. */
static const struct layout *begin(struct output_table *table)
{
	struct output *out = table->out;
	struct layout *layout = table->layout;

	bool headed = out->current == table && (!layout || layout->screen == out->width);

	if (layout && headed)
		return layout;
	if (layout && layout->screen != out->width)
		columns_forget(table);
	if (!table->layout)
		table->layout = make_layout(table);
	if (!table->layout)
		out->buffer.failed = true;
	else if (!headed)
		heading(table);
	return table->layout;
}

static void columns_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output *out = table->out;
	struct line line = {.out = out, .layout = begin(table)};
	struct output_record record;

	(void)cpu;
	if (!line.layout || !line.layout->count)
		return;
	if (output_read(table, data, size, &record)) {
		put_values(&line, table, &record);
		if (table->stacks)
			columns_stacks(out, &out->buffer, &record.value,
				       stack_process(out->hp, &record.value));
	} else {
		text_clear(&out->cell);
		value_hex(&out->cell, data, size);
		put_cell(&line, COLOUR_NONE);
	}
}

/* Where only one table can send events, its heading need not wait for one. */
static void columns_start(struct output *out)
{
	if (out->table_count != 1)
		return;
	begin(out->tables[0]);
	out->current = out->tables[0];
	out->apart = true;
}

/* As it was written, but for what could do something to a terminal. */
void columns_written(struct output *out, const char *function, const char *bytes, size_t size)
{
	(void)function;
	while (out->terminal && size) {
		size_t length = 0;

		while (length < size && bytes[length] != '\n' && bytes[length] != '\t')
			length++;
		text_escaped(&out->buffer, bytes, length, 0);
		if (length < size)
			text_char(&out->buffer, bytes[length++]);
		bytes += length;
		size -= length;
	}
	text_bytes(&out->buffer, bytes, size);
}

/* A line as trace_pipe has it. Tabs are layout; a newline inside would end the line. */
void columns_printk(struct output *out, const struct hotprobe_printk *message)
{
	const char *at = message->text, *end = at + message->length;
	struct text *text = &out->buffer;

	text_escaped(text, message->comm, strlen(message->comm), 0);
	text_format(text, "-%d [%03d] %llu.%06llu: ", (int)message->tid, message->cpu,
		    (unsigned long long)(message->time_ns / 1000000000),
		    (unsigned long long)(message->time_ns / 1000 % 1000000));
	while (at < end) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));

		text_escaped(text, at, (size_t)((tab ? tab : end) - at), 0);
		if (tab)
			text_char(text, '\t');
		at = tab ? tab + 1 : end;
	}
	text_char(text, '\n');
}

void columns_time(struct output *out, time_t seconds)
{
	char text[32];
	struct tm local;

	strftime(text, sizeof(text), "%H:%M:%S", localtime_r(&seconds, &local));
	if (out->apart)
		text_char(&out->buffer, '\n');
	output_colour(out, &out->buffer, COLOUR_BOLD);
	text_string(&out->buffer, text);
	output_colour(out, &out->buffer, COLOUR_NONE);
	text_char(&out->buffer, '\n');
}

/* Sets it apart from what stands above. */
void columns_print_table(struct output *out, const struct dump *dump)
{
	if (out->apart)
		text_char(&out->buffer, '\n');
	columns_table(out, dump);
}

const struct output_format output_columns = {
	.name = "columns",
	.start = columns_start,
	.event = columns_event,
	.written = columns_written,
	.printk = columns_printk,
	.time = columns_time,
	.table = columns_print_table,
	.forget = columns_forget,
};
