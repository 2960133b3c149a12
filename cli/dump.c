/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a table, adds up the values of CPUs, sorts. */
#include "dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words)
		if (!strcmp(word, *words++))
			return true;
	return false;
}

bool dump_possible(const struct hotprobe_table *table)
{
	static const char *const kinds[] = {
		"hash",	    "array",	       "histogram", "percpu_hash", "percpu_array",
		"lru_hash", "lru_percpu_hash", "lpm_trie",  "queue",	   "stack",
		NULL,
	};

	return is_one_of(hotprobe_table_kind(table), kinds);
}

bool dump_is_histogram(const struct dump *dump)
{
	return !strcmp(hotprobe_table_kind(dump->table), "histogram");
}

static bool is_array(const struct dump *dump)
{
	static const char *const kinds[] = {"array", "percpu_array", "histogram", NULL};

	/* A histogram with a struct as its key is a hash. */
	return is_one_of(hotprobe_table_kind(dump->table), kinds) && dump->key_type &&
	       hotprobe_type_kind(dump->key_type) == HOTPROBE_INT;
}

static bool is_zero(const void *bytes, size_t size)
{
	const char *byte = bytes;

	return !size || (!*byte && !memcmp(byte, byte + 1, size - 1));
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct reader {
	struct dump *dump;
	size_t row; /* bytes of a key and its values, each on a multiple of 8 */
	bool sparse;
};

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static void add_padded(struct text *bytes, const void *data, size_t size)
{
	text_bytes(bytes, data, size);
	text_fill(bytes, '\0', padded(size) - size);
}

static bool read_entry(void *ctx, const void *key, const void *values)
{
	struct reader *reader = ctx;
	struct dump *dump = reader->dump;
	size_t size = hotprobe_table_value_size(dump->table);

	if (reader->sparse && is_zero(values, size))
		return false;
	if (key)
		add_padded(&dump->bytes, key, dump->key_size);
	else
		text_fill(&dump->bytes, '\0', padded(dump->key_size));
	add_padded(&dump->bytes, values, size);
	text_fill(&dump->bytes, '\0', padded(dump->value_size)); /* the sum */
	dump->total++;
	return dump->bytes.failed;
}

/* Adds the integers of one value to those of another of the same type, which begins at sum. What
   cannot be added is taken over from the first that has it. */
static void add_value(const struct hotprobe_value *value, const char *base, char *sum)
{
	struct hotprobe_value member;
	uint64_t number = 0;
	char *to;

	if (value_has_members(value)) {
		for (size_t i = 0; !hotprobe_member(value, i, &member); i++)
			add_value(&member, base, sum);
		return;
	}
	if (!value->data)
		return;
	to = sum + ((const char *)value->data - base);
	if (value->kind == HOTPROBE_INT && !value->bit_size && value->size <= 8) {
		/* The low bytes come first on every machine that this runs on. */
		memcpy(&number, to, value->size);
		number += value->u;
		memcpy(to, &number, value->size);
	} else if (is_zero(to, value->size)) {
		memcpy(to, value->data, value->size);
	}
}

static void add_up(const struct dump *dump, const struct dump_entry *entry, char *sum)
{
	struct hotprobe_value value;

	for (size_t cpu = 0; cpu < dump->cpu_count; cpu++) {
		if (dump_cpu_value(dump, entry, cpu, &value))
			add_value(&value, value.data, sum);
		else if (!cpu)
			memcpy(sum, entry->values, dump->value_size);
	}
}

static int make_entries(struct dump *dump, bool keyless)
{
	size_t key = padded(dump->key_size), sum = padded(dump->value_size);
	size_t values = padded(hotprobe_table_value_size(dump->table));
	char *at = dump->bytes.data;

	if (dump->bytes.failed)
		return -ENOMEM;
	dump->entries = calloc(dump->total + 1, sizeof(*dump->entries));
	if (!dump->entries)
		return -ENOMEM;
	for (; dump->count < dump->total; dump->count++, at += key + values + sum) {
		struct dump_entry *entry = &dump->entries[dump->count];

		*entry = (struct dump_entry){
			.key = keyless ? NULL : at,
			.values = at + key,
			.value = at + key,
		};
		if (dump->cpu_count > 1) {
			add_up(dump, entry, at + key + values);
			entry->value = at + key + values;
		}
	}
	return 0;
}

/* ---- Order --------------------------------------------------------------------------------- */

/* The first number of a value. */
static bool first_number(const struct hotprobe_value *value, struct hotprobe_value *number)
{
	struct hotprobe_value member;

	if (value_has_members(value)) {
		for (size_t i = 0; !hotprobe_member(value, i, &member); i++)
			if (first_number(&member, number))
				return true;
		return false;
	}
	*number = *value;
	return value->kind == HOTPROBE_INT || value->kind == HOTPROBE_FLOAT;
}

static int compare_numbers(const struct hotprobe_value *a, const struct hotprobe_value *b)
{
	if (a->kind == HOTPROBE_FLOAT)
		return (a->f > b->f) - (a->f < b->f);
	if (a->is_signed)
		return (a->i > b->i) - (a->i < b->i);
	return (a->u > b->u) - (a->u < b->u);
}

static int compare_keys(const struct dump *dump, const struct dump_entry *a,
			const struct dump_entry *b)
{
	struct hotprobe_value x, y;

	if (dump_key(dump, a, &x) && dump_key(dump, b, &y) && first_number(&x, &x) &&
	    first_number(&y, &y) && compare_numbers(&x, &y))
		return compare_numbers(&x, &y);
	return memcmp(a->key, b->key, dump->key_size);
}

/* The largest first; among equals by key, so that two dumps of the same contents are the same. */
static int compare_entries(const void *first, const void *second, void *ctx)
{
	const struct dump_entry *a = first, *b = second;
	const struct dump *dump = ctx;
	struct hotprobe_value x, y;
	int order = 0;

	if (dump_value(dump, a, &x) && dump_value(dump, b, &y) && first_number(&x, &x) &&
	    first_number(&y, &y))
		order = compare_numbers(&y, &x);
	return order ? order : compare_keys(dump, a, b);
}

int dump_read(struct dump *dump, struct hotprobe *hp, struct hotprobe_table *table, size_t top,
	      bool clear)
{
	struct reader reader = {.dump = dump};
	bool queue = !strcmp(hotprobe_table_kind(table), "queue") ||
		     !strcmp(hotprobe_table_kind(table), "stack");
	int err;

	*dump = (struct dump){
		.hp = hp,
		.table = table,
		.name = hotprobe_table_name(table),
		.key_type = hotprobe_table_key_type(table),
		.value_type = hotprobe_table_value_type(table),
		.key_size = hotprobe_table_key_size(table),
		.cpu_count = hotprobe_table_cpu_count(table),
		.top = top,
	};
	dump->value_size = hotprobe_table_value_size(table) / dump->cpu_count;
	reader.sparse = is_array(dump);
	err = queue || clear ? hotprobe_table_drain(table, read_entry, &reader) : -EINVAL;
	/* Entries of an array cannot be taken out. */
	dump->stays = err == -EINVAL && !queue;
	if (dump->stays)
		err = hotprobe_table_each(table, read_entry, &reader);
	if (err >= 0 && clear && dump->stays && !dump_counts(dump))
		err = hotprobe_table_clear(table);
	if (err >= 0)
		err = make_entries(dump, queue);
	if (err < 0)
		return err;
	if (!queue && (top || !reader.sparse))
		qsort_r(dump->entries, dump->count, sizeof(*dump->entries), compare_entries, dump);
	if (top && dump->count > top && !dump_is_histogram(dump))
		dump->count = top;
	return 0;
}

bool dump_counts(const struct dump *dump)
{
	return dump_is_histogram(dump) && is_array(dump) && dump->value_type &&
	       hotprobe_type_kind(dump->value_type) == HOTPROBE_INT;
}

void dump_since(struct dump *dump, uint64_t *before)
{
	size_t kept = 0;

	for (size_t i = 0; i < dump->count; i++) {
		struct dump_entry *entry = &dump->entries[i];
		struct hotprobe_value key, value;
		uint64_t count;

		if (!dump_key(dump, entry, &key) || !dump_value(dump, entry, &value) ||
		    key.u >= hotprobe_table_max_entries(dump->table))
			continue;
		count = value.u - before[key.u];
		before[key.u] = value.u;
		memcpy((char *)entry->value, &count, dump->value_size);
		if (count)
			dump->entries[kept++] = *entry;
	}
	dump->count = dump->total = kept;
}

void dump_free(struct dump *dump)
{
	free(dump->entries);
	text_free(&dump->bytes);
	*dump = (struct dump){0};
}

bool dump_key(const struct dump *dump, const struct dump_entry *entry, struct hotprobe_value *value)
{
	return entry->key && dump->key_type &&
	       !hotprobe_read(dump->key_type, entry->key, dump->key_size, value);
}

bool dump_value(const struct dump *dump, const struct dump_entry *entry,
		struct hotprobe_value *value)
{
	return dump->value_type &&
	       !hotprobe_read(dump->value_type, entry->value, dump->value_size, value);
}

bool dump_cpu_value(const struct dump *dump, const struct dump_entry *entry, size_t cpu,
		    struct hotprobe_value *value)
{
	const char *data = entry->values;

	return dump->value_type && !hotprobe_read(dump->value_type, data + cpu * dump->value_size,
						  dump->value_size, value);
}
