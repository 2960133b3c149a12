/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json: one object a line.
 *
 *     {"event":"open_events","cpu":1,"data":{"pid":42,"fname":"/etc/hostname"}}
 *     {"lost":17,"event":"open_events"}
 *     {"time":"2026-02-03T04:05:06Z"}    the tables that follow are of this moment
 *     {"table":"counts","entries":[{"key":{"pid":42},"value":7}]}
 *     {"table":"sizes","histograms":[{"key":{"pid":42},"rows":[{"low":0,"high":1,"count":3}]}]}
 *     {"printk":"hello","cpu":1,"tid":42,"comm":"cat","time_ns":16180339887}
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
 *     members beyond the end of a record that is shorter than its type: null
 * An event whose type the source does not tell is a string of hex digits.
 *
 * Jansson writes strings and floats. Integers and punctuation are written here: jansson's
 * integers end at 2^63 - 1, and building a tree of objects for each event costs several times as
 * much as all the rest.
 */
#include "json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

static void leaf(struct output *out, json_t *json, size_t flags)
{
	struct text *text = &out->buffer;
	size_t size;
	char *end;

	if (!json) {
		text->failed = true;
		return;
	}
	flags |= JSON_ENCODE_ANY | JSON_COMPACT;
	/* A terminal would act on some of what a JSON string may hold as it is. */
	if (out->terminal)
		flags |= JSON_ENSURE_ASCII;
	size = json_dumpb(json, NULL, 0, flags);
	end = text_reserve(text, size);
	if (end)
		text->length += json_dumpb(json, end, size, flags);
	json_decref(json);
}

/* The bytes with U+FFFD for what is no UTF-8. */
static void to_utf8(struct text *utf8, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		uint32_t code;
		int length = utf8_next(bytes + at, size - at, &code);

		if (length > 0)
			text_bytes(utf8, bytes + at, (size_t)length);
		else
			text_string(utf8, "\xef\xbf\xbd");
		at += (size_t)abs(length);
	}
}

/* Most text is ASCII that needs no escape: then there is nothing to do for jansson. */
static bool is_plain(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < 0x20 || bytes[i] >= 0x7f || bytes[i] == '"' || bytes[i] == '\\')
			return false;
	return true;
}

void json_text(struct output *out, const char *bytes, size_t size)
{
	struct text *utf8 = &out->cell;

	if (is_plain(bytes, size)) {
		text_char(&out->buffer, '"');
		text_bytes(&out->buffer, bytes, size);
		text_char(&out->buffer, '"');
		return;
	}
	text_clear(utf8);
	to_utf8(utf8, bytes, size);
	leaf(out, json_stringn_nocheck(text_cstr(utf8), utf8->length), 0);
}

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

static void value_json(struct output *out, const struct output_record *record,
		       const struct hotprobe_value *value);

/* Returns whether a comma has to come before what follows. */
static bool members(struct output *out, const struct output_record *record,
		    const struct hotprobe_value *value, bool comma)
{
	bool named = value_is_aggregate(value);
	struct hotprobe_value member;

	for (size_t i = 0; !hotprobe_member(value, i, &member); i++) {
		if (named && !*member.name) {
			/* Anonymous struct or union; an unnamed bit-field has nothing to say. */
			if (value_is_aggregate(&member))
				comma = members(out, record, &member, comma);
			continue;
		}
		if (comma)
			text_char(&out->buffer, ',');
		comma = true;
		if (named)
			json_key(out, member.name);
		value_json(out, record, &member);
	}
	return comma;
}

static void value_json(struct output *out, const struct output_record *record,
		       const struct hotprobe_value *value)
{
	struct text *text = &out->buffer;

	if (!value_has_members(value) && !output_has(record, value)) {
		text_string(text, "null");
		return;
	}
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
			leaf(out, json_real(value->f),
			     JSON_REAL_PRECISION(value_float_digits(value)));
		else
			text_string(text, "null");
		break;
	case HOTPROBE_INT128:
	case HOTPROBE_POINTER:
	case HOTPROBE_VOID:
		quoted_text(out, value);
		break;
	case HOTPROBE_ARRAY:
		text_char(text, '[');
		members(out, record, value, false);
		text_char(text, ']');
		break;
	case HOTPROBE_STRUCT:
	case HOTPROBE_UNION:
		text_char(text, '{');
		members(out, record, value, false);
		text_char(text, '}');
		break;
	}
}

void json_value(struct output *out, const struct hotprobe_value *value)
{
	struct output_record record = {
		.value = *value,
		.end = (const char *)value->data + value->size,
	};

	value_json(out, &record, value);
}

static void json_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output *out = table->out;
	struct text *text = &out->buffer;
	struct output_record record;

	text_string(text, "{\"event\":");
	json_text(out, table->name, strlen(table->name));
	text_string(text, ",\"cpu\":");
	text_signed(text, cpu);
	text_string(text, ",\"data\":");
	if (output_read(table, data, size, &record)) {
		value_json(out, &record, &record.value);
	} else {
		text_char(text, '"');
		value_hex(text, data, size);
		text_char(text, '"');
	}
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
	(void)table;
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
