/* SPDX-License-Identifier: Apache-2.0 */
/* What a learner's program said, compared with what was done, point by point, in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lesson.h"

enum {
	RECORDS_MAX = 2000, /* of one table: far more than any activity is worth */
	VALUE_MAX = 160,
};

/* ---- Points --------------------------------------------------------------------------------- */

static void add_point(struct judge *judge, bool ok, const char *format, va_list args)
{
	struct point *points =
		realloc(judge->points, (judge->point_count + 1) * sizeof(*judge->points));
	char *text;

	if (points)
		judge->points = points;
	if (!points || vasprintf(&text, format, args) < 0) {
		judge->failed = true;
		return;
	}
	points[judge->point_count++] = (struct point){.ok = ok, .text = text};
}

void judge_ok(struct judge *judge, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_point(judge, true, format, args);
	va_end(args);
}

void judge_missing(struct judge *judge, const char *format, ...)
{
	va_list args;

	judge->failed = true;
	va_start(args, format);
	add_point(judge, false, format, args);
	va_end(args);
}

/* ---- What is heard -------------------------------------------------------------------------- */

static void keep(struct seen *seen, const void *data, size_t size)
{
	struct record *records = seen->records;
	void *copy;

	if (seen->total++ >= RECORDS_MAX)
		return;
	if (!(seen->count & (seen->count - 1)))
		records = realloc(records, (seen->count ? 2 * seen->count : 1) * sizeof(*records));
	if (records)
		seen->records = records;
	copy = malloc(size + 1);
	if (!records || !copy) {
		free(copy);
		seen->judge->failed = true;
		return;
	}
	memcpy(copy, data, size);
	((char *)copy)[size] = '\0';
	records[seen->count++] = (struct record){.size = size, .data = copy};
}

static void on_event(void *ctx, int cpu, const void *data, size_t size)
{
	(void)cpu;
	keep(ctx, data, size);
}

static void on_lost(void *ctx, int cpu, uint64_t lost)
{
	struct seen *seen = ctx;

	(void)cpu;
	seen->total += lost;
}

static void on_printk(void *ctx, const struct hotprobe_printk *message)
{
	keep(ctx, message->text, message->length);
}

int judge_listen(struct judge *judge)
{
	size_t count = hotprobe_table_count(judge->hp);

	judge->printk.judge = judge;
	hotprobe_on_printk(judge->hp, on_printk, &judge->printk);
	judge->tables = calloc(count + 1, sizeof(*judge->tables));
	if (!judge->tables)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const char *name = hotprobe_table_name(hotprobe_table_at(judge->hp, i));
		struct seen *seen = &judge->tables[judge->table_count];

		*seen = (struct seen){.judge = judge, .name = name};
		seen->type = hotprobe_event_type(judge->hp, name);
		if (!hotprobe_on_event(judge->hp, name, on_event, on_lost, seen))
			judge->table_count++;
	}
	return 0;
}

static void free_records(struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		free(seen->records[i].data);
	free(seen->records);
}

void judge_free(struct judge *judge)
{
	for (size_t i = 0; i < judge->table_count; i++)
		free_records(&judge->tables[i]);
	free(judge->tables);
	free_records(&judge->printk);
	for (size_t i = 0; i < judge->point_count; i++)
		free(judge->points[i].text);
	free(judge->points);
	*judge = (struct judge){0};
}

const struct seen *judge_seen(const struct judge *judge, const char *table)
{
	for (size_t i = 0; i < judge->table_count; i++)
		if (!strcmp(judge->tables[i].name, table))
			return &judge->tables[i];
	return NULL;
}

/* ---- Events --------------------------------------------------------------------------------- */

int64_t value_number(const struct hotprobe_value *value)
{
	switch (value->kind) {
	case HOTPROBE_INT:
	case HOTPROBE_ENUM:
	case HOTPROBE_CHAR:
	case HOTPROBE_BOOL:
		return value->is_signed ? value->i : (int64_t)value->u;
	case HOTPROBE_POINTER:
		return (int64_t)value->u;
	default:
		return INT64_MIN;
	}
}

static int64_t deed_number(const struct deed *deed, size_t offset)
{
	const char *at = (const char *)deed + offset;
	int narrow;
	int64_t number;

	if (offset == offsetof(struct deed, pid) || offset == offsetof(struct deed, cpu)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&number, at, sizeof(number));
	return number;
}

/* A text may be cut to the learner's array, of which the last byte is its NUL. */
static bool text_equals(const struct hotprobe_value *value, const char *text)
{
	size_t length = strlen(text);

	if (value->kind != HOTPROBE_STRING)
		return false;
	if (length >= value->size && value->size > 8)
		length = value->size - 1;
	return value->string.length == length && !memcmp(value->string.text, text, length);
}

static bool field_equals(const struct seen *seen, const struct record *record,
			 const struct field *field, const struct deed *deed)
{
	struct hotprobe_value value;

	if (hotprobe_field(seen->type, record->data, record->size, field->name, &value) ||
	    !value.data)
		return false;
	switch (field->kind) {
	case FIELD_NUMBER:
		return value_number(&value) == deed_number(deed, field->offset);
	case FIELD_TEXT:
		return text_equals(&value, (const char *)deed + field->offset);
	case FIELD_BETWEEN:
		return value_number(&value) >= (int64_t)deed->low &&
		       value_number(&value) <= (int64_t)deed->high;
	}
	return false;
}

/* One event for each deed, as far as there are any that agree in all fields of a set. */
struct match {
	bool taken[RECORDS_MAX];
	const struct deed *without; /* the first deed that got none */
	size_t count;
};

static bool agrees(const struct seen *seen, const struct record *record, const struct field *fields,
		   unsigned set, const struct deed *deed)
{
	for (size_t i = 0; set >> i; i++)
		if (set >> i & 1 && !field_equals(seen, record, &fields[i], deed))
			return false;
	return true;
}

static bool take(struct match *match, const struct seen *seen, const struct wanted *wanted,
		 unsigned set, const struct deed *deed)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (match->taken[i] || !agrees(seen, &seen->records[i], wanted->fields, set, deed))
			continue;
		match->taken[i] = true;
		match->count++;
		return true;
	}
	return false;
}

static void match_deeds(struct match *match, const struct judge *judge, const struct seen *seen,
			const struct wanted *wanted, unsigned set)
{
	*match = (struct match){0};
	for (size_t i = 0; i < judge->activity->count; i++) {
		const struct deed *deed = &judge->activity->deeds[i];

		if (!deed->beside && !take(match, seen, wanted, set, deed) && !match->without)
			match->without = deed;
	}
}

static size_t count_wanted(const struct activity *activity)
{
	size_t count = 0;

	for (size_t i = 0; i < activity->count; i++)
		count += !activity->deeds[i].beside;
	return count;
}

static void wanted_text(char text[VALUE_MAX], const struct field *field, const struct deed *deed)
{
	int64_t number;

	switch (field->kind) {
	case FIELD_NUMBER:
		number = deed_number(deed, field->offset);
		if (number < 0 && number > -4096)
			snprintf(text, VALUE_MAX, "%lld (%s)", (long long)number,
				 strerrorname_np((int)-number) ?: "an error");
		else
			snprintf(text, VALUE_MAX, "%lld", (long long)number);
		break;
	case FIELD_TEXT:
		snprintf(text, VALUE_MAX, "\"%s\"", (const char *)deed + field->offset);
		break;
	case FIELD_BETWEEN:
		snprintf(text, VALUE_MAX, "from %llu to %llu", (unsigned long long)deed->low,
			 (unsigned long long)deed->high);
		break;
	}
}

/* The event that the deed without one should have had: the first that no other took. */
static void got_text(char text[VALUE_MAX], const struct seen *seen, const struct match *match,
		     const struct field *field)
{
	struct hotprobe_value value;

	snprintf(text, VALUE_MAX, "something else");
	for (size_t i = 0; i < seen->count; i++) {
		const struct record *record = &seen->records[i];

		if (match->taken[i])
			continue;
		if (!hotprobe_field(seen->type, record->data, record->size, field->name, &value) &&
		    value.data)
			hotprobe_format(value.type, value.data, value.size, text, VALUE_MAX);
		return;
	}
}

static bool has_field(struct judge *judge, const struct seen *seen, const struct field *field)
{
	struct hotprobe_value value;
	int err = hotprobe_field(seen->type, seen->records[0].data, seen->records[0].size,
				 field->name, &value);

	if (!err && value.data)
		return true;
	if (err == -ENOENT)
		judge_missing(judge, "the struct of the events has no member '%s'", field->name);
	else
		judge_missing(
			judge,
			"the events end before their member '%s': is it sizeof the whole struct "
			"that is submitted?",
			field->name);
	return false;
}

/* Numbers below zero in an unsigned member are a mistake of their own. */
static const char *hint_of(const struct seen *seen, const struct field *field,
			   const struct deed *deed)
{
	struct hotprobe_value value;

	if (field->kind == FIELD_NUMBER && deed_number(deed, field->offset) < 0 &&
	    !hotprobe_field(seen->type, seen->records[0].data, seen->records[0].size, field->name,
			    &value) &&
	    value.kind == HOTPROBE_INT && !value.is_signed)
		return "its type is unsigned, and an error is a number below zero: make it int";
	return field->hint;
}

/* Returns whether field is right in target of the events, seen together with those of set. */
static bool judge_field(struct judge *judge, const struct seen *seen, const struct wanted *wanted,
			size_t field, unsigned set, size_t target)
{
	char want[VALUE_MAX], got[VALUE_MAX];
	const struct field *f = &wanted->fields[field];
	struct match match;

	if (!has_field(judge, seen, f))
		return false;
	match_deeds(&match, judge, seen, wanted, set | 1u << field);
	if (match.count >= target) {
		judge_ok(judge, "'%s' is right in each", f->name);
		return true;
	}
	wanted_text(want, f, match.without);
	got_text(got, seen, &match, f);
	judge_missing(judge, "'%s' is right in %zu of %zu: one should be %s, yours is %s: %s",
		      f->name, match.count, target, want, got, hint_of(seen, f, match.without));
	return false;
}

static bool judge_number(struct judge *judge, const struct seen *seen, const struct wanted *wanted,
			 size_t count)
{
	if (seen->total < count)
		judge_missing(judge, "there were %zu %s; yours sent %llu events%s%s", count,
			      wanted->deeds, (unsigned long long)seen->total,
			      wanted->shortage ? ": " : "", wanted->shortage ?: "");
	else if (seen->total > count && !wanted->others)
		judge_missing(judge, "there were %zu %s; yours sent %llu events: %s", count,
			      wanted->deeds, (unsigned long long)seen->total,
			      wanted->surplus ? wanted->surplus : "one for each is enough");
	else
		judge_ok(judge, "an event for each of the %zu %s", count, wanted->deeds);
	return seen->total == count || (wanted->others && seen->total > count);
}

bool judge_events(struct judge *judge, const struct wanted *wanted)
{
	const struct seen *seen = judge_seen(judge, "events");
	size_t count = count_wanted(judge->activity), target;
	unsigned set = 0;
	bool right;

	if (!seen) {
		judge_missing(judge, "the program has no table of events that is called events");
		return false;
	}
	if (!seen->total) {
		judge_missing(judge,
			      "there were %zu %s, but no event came out of 'events': does the "
			      "program submit one?",
			      count, wanted->deeds);
		return false;
	}
	if (!seen->count || !seen->type || hotprobe_type_kind(seen->type) != HOTPROBE_STRUCT) {
		judge_missing(judge, "what is submitted to 'events' is not a struct");
		return false;
	}
	right = judge_number(judge, seen, wanted, count);
	target = seen->count < count ? seen->count : count;
	for (size_t i = 0; i < wanted->field_count; i++) {
		if (judge_field(judge, seen, wanted, i, set, target))
			set |= 1u << i;
		else
			right = false;
	}
	return right;
}

/* ---- Tables --------------------------------------------------------------------------------- */

struct hotprobe_table *judge_table(struct judge *judge, const char *name)
{
	struct hotprobe_table *table = hotprobe_find_table(judge->hp, name);

	if (!table)
		judge_missing(judge, "the program has no table that is called %s", name);
	return table;
}

static bool one_more(void *ctx, const void *key, const void *value)
{
	(void)key;
	(void)value;
	++*(int *)ctx;
	return false;
}

int judge_entries(const struct hotprobe_table *table)
{
	int count = 0, err = hotprobe_table_each(table, one_more, &count);

	return err < 0 ? err : count;
}

struct counting {
	const struct hotprobe_table *table;
	const struct count *counts;
	size_t count;
	uint64_t *found; /* for each of counts */
	size_t others;	 /* entries above zero that are none of them */
	int64_t other;
	bool unreadable;
};

static uint64_t sum_of(const struct hotprobe_table *table, const void *value, bool *unreadable)
{
	const struct hotprobe_type *type = hotprobe_table_value_type(table);
	size_t cpus = hotprobe_table_cpu_count(table);
	uint64_t sum = 0;

	for (size_t i = 0; i < cpus; i++) {
		struct hotprobe_value one;
		const void *at = hotprobe_table_cpu_value(table, value, i);

		if (!type || !at || hotprobe_read(type, at, hotprobe_type_size(type), &one) ||
		    value_number(&one) == INT64_MIN)
			*unreadable = true;
		else
			sum += (uint64_t)value_number(&one);
	}
	return sum;
}

static bool count_entry(void *ctx, const void *key, const void *value)
{
	struct counting *counting = ctx;
	const struct hotprobe_type *type = hotprobe_table_key_type(counting->table);
	uint64_t sum = sum_of(counting->table, value, &counting->unreadable);
	struct hotprobe_value number;

	if (!type || hotprobe_read(type, key, hotprobe_type_size(type), &number) ||
	    value_number(&number) == INT64_MIN) {
		counting->unreadable = true;
		return false;
	}
	for (size_t i = 0; i < counting->count; i++) {
		if (counting->counts[i].key == value_number(&number)) {
			counting->found[i] = sum;
			return false;
		}
	}
	if (sum) {
		counting->others++;
		counting->other = value_number(&number);
	}
	return false;
}

static bool report_counts(struct judge *judge, const struct counting *counting, const char *table,
			  const char *key, const char *hint)
{
	size_t right = 0, wrong = SIZE_MAX;

	for (size_t i = 0; i < counting->count; i++) {
		if (counting->found[i] == counting->counts[i].count)
			right++;
		else if (wrong == SIZE_MAX)
			wrong = i;
	}
	if (wrong != SIZE_MAX)
		judge_missing(
			judge,
			"%s is right for %zu of %zu %s: that of %lld should be %llu, yours is "
			"%llu: %s",
			table, right, counting->count, key, (long long)counting->counts[wrong].key,
			(unsigned long long)counting->counts[wrong].count,
			(unsigned long long)counting->found[wrong], hint);
	else
		judge_ok(judge, "%s is right for each of %zu %s", table, right, key);
	if (counting->others)
		judge_missing(judge, "%s has entries for what is none of the %s, such as %lld: %s",
			      table, key, (long long)counting->other, hint);
	return wrong == SIZE_MAX && !counting->others;
}

bool judge_counts(struct judge *judge, const char *name, const char *key,
		  const struct count *counts, size_t count, const char *hint)
{
	struct hotprobe_table *table = judge_table(judge, name);
	struct counting counting = {.table = table, .counts = counts, .count = count};
	bool right = false;
	int err;

	if (!table)
		return false;
	counting.found = calloc(count + 1, sizeof(*counting.found));
	err = counting.found ? hotprobe_table_each(table, count_entry, &counting) : -ENOMEM;
	if (err < 0)
		judge_missing(judge, "%s cannot be read as a table of counts: %s", name,
			      strerror(-err));
	else if (counting.unreadable)
		judge_missing(judge, "%s is to have one number as its key and one as its value",
			      name);
	else if (!err)
		judge_missing(judge, "%s is empty: does the program put anything into it?", name);
	else
		right = report_counts(judge, &counting, name, key, hint);
	free(counting.found);
	return right;
}
