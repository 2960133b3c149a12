/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json: one object a line, as JSON_HELP lists them.
 *
 * Every value has one JSON type that depends on its C type alone:
 *     integers                 numbers, exact up to 64 bits
 *     128-bit integers         strings of decimal digits
 *     bool                     true, false
 *     float, double            numbers; null for NaN and infinities
 *     char, char[]             strings; bytes that are no UTF-8 become U+FFFD
 *     enums                    strings, the enumerator; a number if the value has no name
 *     pointers                 strings of hex digits, "0xffff88810234": most readers of JSON
 *                              have no exact integers of that size
 *     arrays, structs, unions  arrays, objects; members of anonymous ones belong to the outer
 *     in_addr, in6_addr        strings, "192.0.2.1", "2001:db8::1"
 *     members beyond the end of a record that is shorter than its type: null
 * An event whose type the source does not tell is a string of hex digits.
 *
 * No JSON library writes this: they build a tree of objects for each event, which costs several
 * times as much as all the rest, and their integers end at 2^63 - 1. What is the same in every
 * event of a table is put together once.
 */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

/* ---- Values ---- */

void json_key(struct output *out, const char *name)
{
	json_text(out, name, strlen(name));
	text_char(&out->buffer, ':');
}

static void quoted_text(struct output *out, const struct hotprobe_value *value)
{
	text_char(&out->buffer, '"');
	value_text(&out->buffer, value);
	text_char(&out->buffer, '"');
}

/* A walk over a value that prints it, or that notes in a plan what it would print. */
struct walk {
	struct output *out;
	const char *end; /* of the bytes that the program sent */
	struct plan *plan;
	const void *without; /* a member that is left out */
};

/* What the events of a table have in common, in the order of the line: text, and a value. */
struct step {
	size_t text, text_length; /* in plan.texts, before the value */
	size_t offset;		  /* of the value in the event */
	struct hotprobe_value value;
};

struct plan {
	struct text texts;
	struct step *steps;
	size_t count, capacity;
	const char *data; /* of the event that it is made from */
	size_t noted;	  /* so much of out->buffer is in texts */
};

static void add_step(struct walk *walk, const struct hotprobe_value *value);
static void value_json(struct walk *walk, const struct hotprobe_value *value);

/* Returns whether a comma has to come before what follows. */
static bool members(struct walk *walk, const struct hotprobe_value *value, bool comma)
{
	struct output *out = walk->out;
	bool named = value_is_aggregate(value);
	struct hotprobe_value member;

	for (size_t i = 0; !hotprobe_member(value, i, &member); i++) {
		if (named && !*member.name) {
			/* Anonymous struct or union; an unnamed bit-field has nothing to say. */
			if (value_is_aggregate(&member))
				comma = members(walk, &member, comma);
			continue;
		}
		if (walk->without && member.data == walk->without && !value_has_members(&member))
			continue;
		if (comma)
			text_char(&out->buffer, ',');
		comma = true;
		if (named)
			json_key(out, member.name);
		value_json(walk, &member);
	}
	return comma;
}

static void between(struct walk *walk, char first, const struct hotprobe_value *value, char last)
{
	text_char(&walk->out->buffer, first);
	members(walk, value, false);
	text_char(&walk->out->buffer, last);
}

static void put_value(struct walk *walk, const struct hotprobe_value *value)
{
	struct output *out = walk->out;
	struct text *text = &out->buffer;

	switch (value->kind) {
	case HOTPROBE_INT:
	case HOTPROBE_BOOL:
		value_text(text, value);
		break;
	case HOTPROBE_ENUM:
		if (value->enumerator)
			json_text(out, value->enumerator, strlen(value->enumerator));
		else
			value_text(text, value);
		break;
	case HOTPROBE_CHAR:
		json_text(out, &(const char){(char)value->u}, 1);
		break;
	case HOTPROBE_STRING:
		json_text(out, value->string.text, value->string.length);
		break;
	case HOTPROBE_FLOAT:
		if (isfinite(value->f))
			json_float(out, value);
		else
			text_string(text, "null");
		break;
	case HOTPROBE_INT128:
	case HOTPROBE_POINTER:
	case HOTPROBE_VOID:
		quoted_text(out, value);
		break;
	case HOTPROBE_ARRAY:
		between(walk, '[', value, ']');
		break;
	case HOTPROBE_STRUCT:
	case HOTPROBE_UNION:
		if (value_is_address(value))
			quoted_text(out, value);
		else
			between(walk, '{', value, '}');
		break;
	}
}

static void value_json(struct walk *walk, const struct hotprobe_value *value)
{
	const struct output_record record = {.end = walk->end};

	if (walk->plan && !value_is_aggregate(value))
		add_step(walk, value);
	else if (!value_has_members(value) && !output_has(&record, value))
		text_string(&walk->out->buffer, "null");
	else
		put_value(walk, value);
}

void json_value(struct output *out, const struct hotprobe_value *value)
{
	struct walk walk = {.out = out, .end = (const char *)value->data + value->size};

	value_json(&walk, value);
}

void json_value_without(struct output *out, const struct hotprobe_value *value, const void *without)
{
	struct walk walk = {
		.out = out,
		.end = (const char *)value->data + value->size,
		.without = without,
	};

	value_json(&walk, value);
}

/* ---- Plans ---- */

/* What was printed since the last value is the same in every event. */
static void note_text(struct walk *walk, struct step *step)
{
	struct plan *plan = walk->plan;
	struct text *printed = &walk->out->buffer;

	step->text = plan->texts.length;
	step->text_length = printed->length - plan->noted;
	if (step->text_length)
		text_bytes(&plan->texts, printed->data + plan->noted, step->text_length);
	plan->noted = printed->length;
}

static void add_step(struct walk *walk, const struct hotprobe_value *value)
{
	struct plan *plan = walk->plan;
	size_t more = plan->capacity ? 2 * plan->capacity : 16;
	struct step *step;

	if (plan->count == plan->capacity) {
		step = reallocarray(plan->steps, more, sizeof(*step));
		if (!step) {
			plan->texts.failed = true;
			return;
		}
		plan->steps = step;
		plan->capacity = more;
	}
	step = &plan->steps[plan->count++];
	*step = (struct step){.value = *value};
	step->offset = (size_t)((const char *)value->data - plan->data);
	note_text(walk, step);
}

static void free_plan(struct plan *plan)
{
	if (!plan)
		return;
	text_free(&plan->texts);
	free(plan->steps);
	free(plan);
}

/* What it prints to note it is taken back. The last step is the text after the last value. NULL
   without memory. */
static struct plan *make_plan(struct output_table *table)
{
	struct output *out = table->out;
	struct plan *plan = calloc(1, sizeof(*plan));
	struct walk walk = {.out = out, .plan = plan};
	size_t length = out->buffer.length;
	struct output_record record;

	if (!plan || !output_read(table, "", 0, &record)) {
		free_plan(plan);
		return NULL;
	}
	plan->data = record.value.data;
	plan->noted = length;
	value_json(&walk, &record.value);
	add_step(&walk, &record.value);
	out->buffer.length = length;
	if (!plan->texts.failed)
		return plan;
	free_plan(plan);
	return NULL;
}

static void run_plan(struct output *out, const struct plan *plan,
		     const struct output_record *record)
{
	const char *data = record->value.data;
	struct walk walk = {.out = out, .end = record->end};

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		struct hotprobe_value value = step->value;

		if (step->text_length)
			text_bytes(&out->buffer, plan->texts.data + step->text, step->text_length);
		if (i + 1 == plan->count)
			break;
		hotprobe_reread(&value, data + step->offset);
		value_json(&walk, &value);
	}
}

/* ---- Lines ---- */

static void event_data(struct output_table *table, const void *data, size_t size)
{
	struct output *out = table->out;
	struct output_record record;

	if (!table->layout && table->type)
		table->layout = make_plan(table);
	if (!table->type || !output_read(table, data, size, &record)) {
		text_char(&out->buffer, '"');
		value_hex(&out->buffer, data, size);
		text_char(&out->buffer, '"');
	} else if (table->layout) {
		run_plan(out, table->layout, &record);
	} else {
		out->buffer.failed = true;
	}
}

static void json_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct text *text = &table->out->buffer;
	struct output_record record;

	text_string(text, "{\"event\":");
	json_text(table->out, table->name, strlen(table->name));
	text_string(text, ",\"cpu\":");
	text_signed(text, cpu);
	text_string(text, ",\"data\":");
	event_data(table, data, size);
	if (table->stacks && output_read(table, data, size, &record))
		json_stacks(table->out, NULL, &record.value);
	text_string(text, "}\n");
}

static void json_lost(struct output_table *table, uint64_t lost)
{
	struct text *text = &table->out->buffer;

	text_string(text, "{\"lost\":");
	text_unsigned(text, lost);
	text_string(text, ",\"event\":");
	json_text(table->out, table->name, strlen(table->name));
	text_string(text, "}\n");
}

/* An object for each line. */
static void json_written(struct output *out, const char *function, const char *bytes, size_t size)
{
	while (size) {
		const char *newline = memchr(bytes, '\n', size);
		size_t length = newline ? (size_t)(newline - bytes) : size;

		text_string(&out->buffer, "{\"function\":");
		json_text(out, function, strlen(function));
		text_string(&out->buffer, ",\"text\":");
		json_text(out, bytes, length);
		text_string(&out->buffer, "}\n");
		length += newline != NULL;
		bytes += length;
		size -= length;
	}
}

static void json_printk(struct output *out, const struct hotprobe_printk *message)
{
	struct text *text = &out->buffer;

	text_string(text, "{\"printk\":");
	json_text(out, message->text, message->length);
	text_string(text, ",\"cpu\":");
	text_signed(text, message->cpu);
	text_string(text, ",\"tid\":");
	text_signed(text, message->tid);
	text_string(text, ",\"comm\":");
	json_text(out, message->comm, strlen(message->comm));
	text_string(text, ",\"time_ns\":");
	text_unsigned(text, message->time_ns);
	text_string(text, "}\n");
}

static void json_time(struct output *out, time_t seconds)
{
	char text[48];
	struct tm utc;

	strftime(text, sizeof(text), "{\"time\":\"%Y-%m-%dT%H:%M:%SZ\"}\n",
		 gmtime_r(&seconds, &utc));
	text_string(&out->buffer, text);
}

static void json_forget(struct output_table *table)
{
	free_plan(table->layout);
	table->layout = NULL;
}

const struct output_format output_json = {
	.name = "json",
	.event = json_event,
	.lost = json_lost,
	.written = json_written,
	.printk = json_printk,
	.time = json_time,
	.table = json_table,
	.forget = json_forget,
};
