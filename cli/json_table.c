/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json: a table, its histograms or its entries.
 *
 *     {"table":NAME,"entries":[{"key":KEY,"value":VALUE},...]}
 *         a per-CPU table's value is the sum, and "cpus":[VALUE,...] has them all; an entry with
 *         stack ids has "stacks":{MEMBER:[{"function":"f","offset":4,"module":"/bin/x"},...]};
 *         "more":N says how many entries --top left out
 *     {"table":NAME,"histograms":[{"key":KEY,"rows":[{"low":0,"high":1,"count":3},...]},...]}
 *         KEY is that of one entry; without it, if the slot is all of the key
 */
#include <errno.h>
#include <string.h>

#include "histogram.h"
#include "json.h"
#include "stacks.h"
#include "value.h"

/* ---- Stacks -------------------------------------------------------------------------------- */

struct stacks {
	struct output *out;
	struct hotprobe *hp;
	pid_t pid;
	bool any, frames; /* there was one already, of stacks and of frames in this one */
};

static void add_frame(void *ctx, const struct stack_frame *frame)
{
	const struct hotprobe_symbol *symbol = frame->symbol;
	struct stacks *stacks = ctx;
	struct output *out = stacks->out;

	text_string(&out->buffer, stacks->frames ? ",{" : "{");
	stacks->frames = true;
	text_format(&out->buffer, "\"address\":\"0x%llx\"", (unsigned long long)frame->address);
	if (symbol && *symbol->name) {
		text_char(&out->buffer, ',');
		json_key(out, "function");
		json_text(out, symbol->name, strlen(symbol->name));
		text_format(&out->buffer, ",\"offset\":%llu", (unsigned long long)symbol->offset);
	}
	if (symbol && *symbol->module) {
		text_char(&out->buffer, ',');
		json_key(out, "module");
		json_text(out, symbol->module, strlen(symbol->module));
	}
	text_char(&out->buffer, '}');
}

static void add_stack(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct stacks *stacks = ctx;
	struct output *out = stacks->out;

	if (!stack_is_id(stacks->hp, leaf))
		return;
	text_string(&out->buffer, stacks->any ? "," : ",\"stacks\":{");
	stacks->any = true;
	json_key(out, path);
	text_char(&out->buffer, '[');
	stacks->frames = false;
	stack_each(stacks->hp, leaf, stacks->pid, false, add_frame, stacks);
	text_char(&out->buffer, ']');
}

static void add_stacks(struct output *out, const struct dump *dump, const struct dump_entry *entry)
{
	struct stacks stacks = {.out = out, .hp = dump->hp};
	struct hotprobe_value key, value;
	bool has_key = dump_key(dump, entry, &key);

	stacks.pid = stack_process(dump->hp, has_key ? &key : NULL);
	if (has_key)
		value_each_leaf(&key, "key", add_stack, &stacks);
	if (dump_value(dump, entry, &value))
		value_each_leaf(&value, "value", add_stack, &stacks);
	if (stacks.any)
		text_char(&out->buffer, '}');
}

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
	struct hotprobe_value value;
	bool known = dump_key(dump, entry, &value);

	text_char(&out->buffer, '{');
	if (entry->key) {
		json_key(out, "key");
		add_value(out, known ? &value : NULL, entry->key, dump->key_size);
		text_char(&out->buffer, ',');
	}
	json_key(out, "value");
	known = dump_value(dump, entry, &value);
	add_value(out, known ? &value : NULL, entry->value, dump->value_size);
	if (dump->cpu_count > 1)
		add_cpus(out, dump, entry);
	add_stacks(out, dump, entry);
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
		json_value(out, &key);
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
