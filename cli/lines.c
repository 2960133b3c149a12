/* SPDX-License-Identifier: Apache-2.0 */
/* --format: a line of the user's own making for each event. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "line_format.h"
#include "output.h"
#include "stacks.h"
#include "value.h"

/* Where a field of the format is in the events of one table. */
struct place {
	struct hotprobe_value value; /* as it is in one of them */
	size_t offset;
	bool exists;
	enum conversion conversion;
	bool number;
	bool decimals; /* what follows the point is their number, not that of columns */
};

static enum conversion conversion_of(const struct output *out, const struct line_field *field,
				     const struct hotprobe_value *value)
{
	if (field->conversion != LINE_AUTO)
		return (enum conversion)field->conversion;
	if (out->raw)
		return CONVERT_NONE;
	return out->hp && stack_is_id(out->hp, value) ? CONVERT_STACK : conversion_for(value);
}

static void find_place(struct output_table *table, const struct line_field *field,
		       struct place *place)
{
	struct hotprobe_value value;
	struct output_record record;

	if (!field->path || !output_read(table, "", 0, &record) ||
	    hotprobe_field(table->type, record.value.data, record.value.size, field->path,
			   &value)) {
		place->decimals = field->path && !strcmp(field->path, "time");
		return;
	}
	*place = (struct place){
		.value = value,
		.exists = true,
		.offset = (size_t)((const char *)value.data - (const char *)record.value.data),
		.conversion = conversion_of(table->out, field, &value),
		.number = value_is_number(&value),
	};
	place->decimals = convert_has_decimals(place->conversion, &value);
	if (convert_makes_text(place->conversion))
		place->number = false;
}

static const struct place *places_of(struct output_table *table)
{
	const struct line_format *format = table->out->line_format;
	struct place *places = table->layout;

	if (places)
		return places;
	places = calloc(format->count + 1, sizeof(*places));
	if (!places) {
		table->out->buffer.failed = true;
		return NULL;
	}
	for (size_t i = 0; i < format->count; i++)
		find_place(table, &format->pieces[i].field, &places[i]);
	table->layout = places;
	return places;
}

static void put_time(struct text *cell, int decimals)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	convert_clock(cell, now.tv_sec, (unsigned)now.tv_nsec, decimals);
}

static void put_built_in(struct text *cell, const struct output_table *table,
			 const struct line_field *field, int cpu)
{
	const char *path = field->path;

	if (!strcmp(path, "cpu"))
		text_signed(cell, cpu);
	else if (!strcmp(path, "event"))
		text_string(cell, table->name);
	else if (!strcmp(path, "time"))
		put_time(cell, field->limit);
	else
		text_char(cell, '-');
}

static void put_member(struct output_table *table, const struct place *place,
		       const struct line_field *field, const struct output_record *record)
{
	const struct converter with = {table->out->hp, &record->value, field->limit};
	struct hotprobe_value value = place->value;
	struct text *cell = &table->out->cell;

	hotprobe_reread(&value, (const char *)record->value.data + place->offset);
	if (output_has(record, &value))
		convert(cell, &with, place->conversion, &value);
	else
		text_char(cell, '-');
}

static void put_cell(struct output *out, const struct line_field *field, const struct place *place)
{
	struct text *cell = &out->cell, *line = &out->buffer;
	size_t width, before = 0, after = 0;

	if (field->limit >= 0 && !place->decimals)
		cell->length = text_prefix(cell->data, cell->length, (size_t)field->limit);
	width = text_columns(cell->data, cell->length);
	if (width < field->width) {
		char align = field->align ? field->align : place->number ? '>' : '<';

		before = align == '>'	? field->width - width
			 : align == '^' ? (field->width - width) / 2
					: 0;
		after = field->width - width - before;
	}
	text_fill(line, ' ', before);
	text_bytes(line, cell->data, cell->length);
	text_fill(line, ' ', after);
}

static void lines_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	const struct line_format *format = table->out->line_format;
	const struct place *places = places_of(table);
	struct output *out = table->out;
	struct output_record record;
	bool typed = output_read(table, data, size, &record);

	for (size_t i = 0; places && i < format->count; i++) {
		const struct line_piece *piece = &format->pieces[i];

		text_bytes(&out->buffer, piece->literal.data, piece->literal.length);
		if (!piece->has_field)
			continue;
		text_clear(&out->cell);
		if (typed && places[i].exists)
			put_member(table, &places[i], &piece->field, &record);
		else
			put_built_in(&out->cell, table, &piece->field, cpu);
		put_cell(out, &piece->field, &places[i]);
	}
	text_char(&out->buffer, '\n');
}

static void lines_forget(struct output_table *table)
{
	free(table->layout);
	table->layout = NULL;
}

const struct output_format output_lines = {
	.name = "lines",
	.event = lines_event,
	.written = columns_written,
	.printk = columns_printk,
	.time = columns_time,
	.table = columns_print_table,
	.forget = lines_forget,
};
