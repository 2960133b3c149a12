/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json: a table, its histograms or its entries.
 *
 *     {"table":NAME,"entries":[{"key":KEY,"value":VALUE},...]}
 *         a per-CPU table's value is the sum, and "cpus":[VALUE,...] has them all; an entry with
 *         stack ids has "stacks":{MEMBER:[...]}, see json_stacks.c;
 *         "more":N says how many entries --top left out
 *     {"table":NAME,"histograms":[{"key":KEY,"rows":[{"low":0,"high":1,"count":3},...]},...]}
 *         KEY is what the key holds besides the slot; without it, if that is nothing. "more":N says
 *         how many histograms --top left out
 */
#include <errno.h>
#include <string.h>

#include "histogram.h"
#include "json.h"
#include "value.h"

/* ---- Entries ------------------------------------------------------------------------------- */

/* A value, or its bytes where its type is not known. */
static void add_value(struct output *out, const struct hotprobe_value *value, const void *bytes,
		      size_t size)
{
	if (value) {
		json_value(out, value);
		return;
	}
	text_char(&out->buffer, '"');
	value_hex(&out->buffer, bytes, size);
	text_char(&out->buffer, '"');
}

static void add_cpus(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	text_string(&out->buffer, ",\"cpus\":[");
	for (size_t cpu = 0; cpu < dump->cpu_count; cpu++) {
		struct hotprobe_value value;
		bool known = dump_cpu_value(dump, entry, cpu, &value);

		if (cpu)
			text_char(&out->buffer, ',');
		add_value(out, known ? &value : NULL,
			  (const char *)entry->values + cpu * dump->value_size, dump->value_size);
	}
	text_char(&out->buffer, ']');
}

static void add_entry(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key), has_value = dump_value(dump, entry, &value);

	text_char(&out->buffer, '{');
	if (entry->key) {
		json_key(out, "key");
		add_value(out, has_key ? &key : NULL, entry->key, dump->key_size);
		text_char(&out->buffer, ',');
	}
	json_key(out, "value");
	add_value(out, has_value ? &value : NULL, entry->value, dump->value_size);
	if (dump->cpu_count > 1)
		add_cpus(out, dump, entry);
	json_stacks(out, has_key ? &key : NULL, has_value ? &value : NULL);
	text_char(&out->buffer, '}');
}

static void add_entries(struct output *out, const struct dump *dump)
{
	text_string(&out->buffer, ",\"entries\":[");
	for (size_t i = 0; i < dump->count; i++) {
		if (i)
			text_char(&out->buffer, ',');
		add_entry(out, dump, &dump->entries[i]);
	}
	text_char(&out->buffer, ']');
	if (dump->count < dump->total)
		text_format(&out->buffer, ",\"more\":%zu", dump->total - dump->count);
}

/* ---- Histograms ---------------------------------------------------------------------------- */

static void add_histogram(struct output *out, const struct dump *dump,
			  const struct histogram *histogram, bool section)
{
	struct hotprobe_value key;

	text_char(&out->buffer, '{');
	if (section && dump_key(dump, histogram->section, &key)) {
		json_key(out, "key");
		json_value_without(out, &key, histogram_slot(dump, histogram->section));
		text_char(&out->buffer, ',');
	}
	text_string(&out->buffer, "\"rows\":[");
	for (size_t i = 0; i < histogram->count; i++) {
		const struct histogram_row *row = &histogram->rows[i];

		text_format(&out->buffer, "%s{\"low\":%llu,\"high\":%llu,\"count\":%llu}",
			    i ? "," : "", (unsigned long long)row->low,
			    (unsigned long long)row->high, (unsigned long long)row->count);
	}
	text_string(&out->buffer, "]}");
}

/* Returns false if the table is no histogram that can be drawn. */
static bool add_histograms(struct output *out, const struct dump *dump)
{
	struct histograms histograms;
	int err = histograms_make(&histograms, dump);

	if (err == -ENOMEM)
		out->buffer.failed = true;
	if (!err)
		text_string(&out->buffer, ",\"histograms\":[");
	for (size_t i = 0; !err && i < histograms.count; i++) {
		if (i)
			text_char(&out->buffer, ',');
		add_histogram(out, dump, &histograms.list[i], histograms.sections);
	}
	if (!err)
		text_char(&out->buffer, ']');
	if (!err && histograms.count < histograms.total)
		text_format(&out->buffer, ",\"more\":%zu", histograms.total - histograms.count);
	histograms_free(&histograms);
	return !err;
}

void json_table(struct output *out, const struct dump *dump)
{
	text_char(&out->buffer, '{');
	json_key(out, "table");
	json_text(out, dump->name, strlen(dump->name));
	if (!dump_is_histogram(dump) || !add_histograms(out, dump))
		add_entries(out, dump);
	text_string(&out->buffer, "}\n");
}
