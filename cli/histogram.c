/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: sections, rows, bars. */
#include "histogram.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "value.h"

enum {
	BAR_WIDTH = 40,
	BAR_MIN_WIDTH = 10,
	GAPLESS_ROWS = 4096, /* slots further apart than that are drawn with gaps */
};

/* ---- Keys ---------------------------------------------------------------------------------- */

static bool is_slot_name(const char *name)
{
	return !strcmp(name, "slot") || !strcmp(name, "bucket");
}

/* The offset in the key of its slot, -1 if it has none. */
static long slot_offset(const struct dump *dump)
{
	struct hotprobe_value key, member;
	long offset = -1;

	if (!dump->count || !dump_key(dump, &dump->entries[0], &key))
		return -1;
	if (key.kind == HOTPROBE_INT)
		return 0;
	if (key.kind != HOTPROBE_STRUCT)
		return -1;
	for (size_t i = 0; !hotprobe_member(&key, i, &member); i++) {
		if (member.kind != HOTPROBE_INT || member.bit_size)
			continue;
		offset = (const char *)member.data - (const char *)key.data;
		if (is_slot_name(member.name))
			break;
	}
	return offset;
}

const void *histogram_slot(const struct dump *dump, const struct dump_entry *entry)
{
	long offset = slot_offset(dump);

	return offset < 0 ? NULL : (const char *)entry->key + offset;
}

/* An entry as the histogram sees it. */
struct point {
	const struct dump *dump;
	const struct dump_entry *entry;
	size_t slot_offset;
	uint64_t slot, count;
};

static int compare_leaves(const struct hotprobe_value *a, const struct hotprobe_value *b)
{
	if (a->kind != HOTPROBE_INT && a->kind != HOTPROBE_ENUM)
		return memcmp(a->data, b->data, a->size);
	if (a->is_signed)
		return (a->i > b->i) - (a->i < b->i);
	return (a->u > b->u) - (a->u < b->u);
}

/* By all members but the slot; the bytes between members may be anything. */
static int compare_members(const struct hotprobe_value *a, const struct hotprobe_value *b,
			   const char *slot)
{
	struct hotprobe_value x, y;
	int order = 0;

	if (a->data == slot && !value_has_members(a))
		return 0;
	if (!value_has_members(a))
		return compare_leaves(a, b);
	for (size_t i = 0; !order && !hotprobe_member(a, i, &x) && !hotprobe_member(b, i, &y); i++)
		order = compare_members(&x, &y, slot);
	return order;
}

static int compare_sections(const struct point *a, const struct point *b)
{
	struct hotprobe_value x, y;

	if (!dump_key(a->dump, a->entry, &x) || !dump_key(b->dump, b->entry, &y))
		return 0;
	return compare_members(&x, &y, (const char *)a->entry->key + a->slot_offset);
}

static int compare_points(const void *first, const void *second)
{
	const struct point *a = first, *b = second;
	int order = compare_sections(a, b);

	return order ? order : (a->slot > b->slot) - (a->slot < b->slot);
}

static int make_points(const struct dump *dump, struct point *points)
{
	long offset = slot_offset(dump);

	for (size_t i = 0; i < dump->count; i++) {
		struct hotprobe_value key, slot, value;

		if (offset < 0 || !dump_key(dump, &dump->entries[i], &key) ||
		    !dump_value(dump, &dump->entries[i], &value) || value.kind != HOTPROBE_INT)
			return -EINVAL;
		slot = key;
		for (size_t m = 0; key.kind == HOTPROBE_STRUCT && !hotprobe_member(&key, m, &slot);
		     m++)
			if ((const char *)slot.data == (const char *)key.data + offset)
				break;
		points[i] = (struct point){
			.dump = dump,
			.entry = &dump->entries[i],
			.slot_offset = (size_t)offset,
			.slot = slot.u,
			.count = value.u,
		};
	}
	qsort(points, dump->count, sizeof(*points), compare_points);
	return 0;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static struct histogram_row make_row(bool log2, uint64_t slot)
{
	if (!log2)
		return (struct histogram_row){.low = slot, .high = slot};
	/* Slot 1 holds 0 and 1: so bpf_log2l() puts them. */
	return (struct histogram_row){
		.low = slot < 2 ? 0 : 1ull << (slot - 1),
		.high = slot > 63 ? UINT64_MAX : (1ull << slot) - 1,
	};
}

static int add_rows(struct histogram *histogram, const struct point *points, size_t count)
{
	uint64_t first = points[0].slot, last = points[count - 1].slot;
	bool dense = last - first < GAPLESS_ROWS;
	size_t rows = dense ? (size_t)(last - first) + 1 : count;

	histogram->rows = calloc(rows, sizeof(*histogram->rows));
	if (!histogram->rows)
		return -ENOMEM;
	histogram->count = rows;
	for (size_t i = 0; i < rows; i++)
		histogram->rows[i] = make_row(histogram->log2, dense ? first + i : points[i].slot);
	for (size_t i = 0; i < count; i++) {
		histogram->rows[dense ? (size_t)(points[i].slot - first) : i].count +=
			points[i].count;
		histogram->sum += points[i].count;
	}
	return 0;
}

static bool is_log2(const struct dump *dump, const struct point *points)
{
	if (!hotprobe_table_is_log2(dump->table))
		return false;
	for (size_t i = 0; i < dump->count; i++)
		if (points[i].slot > 64)
			return false;
	return true;
}

static size_t section_end(const struct point *points, size_t begin, size_t count)
{
	size_t end = begin + 1;

	while (end < count && !compare_sections(&points[begin], &points[end]))
		end++;
	return end;
}

/* The most first; those that are equal in the order in which they were, which is that of their
   entries. */
static int compare_sums(const void *first, const void *second)
{
	const struct histogram *a = first, *b = second;

	if (a->sum != b->sum)
		return a->sum < b->sum ? 1 : -1;
	return (a->section > b->section) - (a->section < b->section);
}

static void keep_top(struct histograms *histograms, size_t top)
{
	histograms->total = histograms->count;
	if (!top)
		return;
	qsort(histograms->list, histograms->count, sizeof(*histograms->list), compare_sums);
	for (; histograms->count > top; histograms->count--)
		free(histograms->list[histograms->count - 1].rows);
}

int histograms_make(struct histograms *histograms, const struct dump *dump)
{
	struct point *points = calloc(dump->count + 1, sizeof(*points));
	int err;

	*histograms = (struct histograms){
		.list = calloc(dump->count + 1, sizeof(*histograms->list)),
		.sections = dump->key_type && hotprobe_type_kind(dump->key_type) != HOTPROBE_INT,
	};
	err = points && histograms->list ? make_points(dump, points) : -ENOMEM;
	for (size_t begin = 0, end; !err && begin < dump->count; begin = end) {
		struct histogram *histogram = &histograms->list[histograms->count++];

		end = section_end(points, begin, dump->count);
		histogram->section = points[begin].entry;
		histogram->log2 = is_log2(dump, points);
		err = add_rows(histogram, points + begin, end - begin);
	}
	free(points);
	if (!err)
		keep_top(histograms, dump->top);
	return err;
}

void histograms_free(struct histograms *histograms)
{
	for (size_t i = 0; i < histograms->count; i++)
		free(histograms->list[i].rows);
	free(histograms->list);
	*histograms = (struct histograms){0};
}

/* ---- Bars ---------------------------------------------------------------------------------- */

static unsigned digits(uint64_t number)
{
	return (unsigned)snprintf(NULL, 0, "%llu", (unsigned long long)number);
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

void histogram_text(struct text *text, const struct histogram *histogram, const char *name,
		    unsigned screen, bool colours)
{
	const struct histogram_row *rows = histogram->rows;
	uint64_t most = 1;
	unsigned bound = digits(rows[histogram->count - 1].high), width, label, bar;
	unsigned count_width = sizeof("count") - 1;

	for (size_t i = 0; i < histogram->count; i++) {
		most = rows[i].count > most ? rows[i].count : most;
		count_width = max(count_width, digits(rows[i].count));
	}
	label = histogram->log2 ? 2 * bound + 4 : bound;
	width = max(label, (unsigned)text_columns(name, strlen(name)));
	bar = BAR_WIDTH;
	if (screen)
		bar = screen < width + count_width + 8 + BAR_MIN_WIDTH
			      ? BAR_MIN_WIDTH
			      : screen - width - count_width - 8;
	bar = bar > BAR_WIDTH ? BAR_WIDTH : bar;

	if (colours)
		colour_start(text, COLOUR_BOLD);
	text_fill(text, ' ', 2 + width - (unsigned)text_columns(name, strlen(name)));
	text_format(text, "%s  %*s  distribution", name, (int)count_width, "count");
	if (colours)
		colour_start(text, COLOUR_NONE);
	text_char(text, '\n');
	for (size_t i = 0; i < histogram->count; i++) {
		unsigned stars = (unsigned)((double)rows[i].count / (double)most * bar);

		/* One is worth a mark, however many others there are. */
		stars = rows[i].count && !stars ? 1 : stars;
		text_fill(text, ' ', 2 + width - label);
		if (histogram->log2)
			text_format(text, "%*llu -> %-*llu", (int)bound,
				    (unsigned long long)rows[i].low, (int)bound,
				    (unsigned long long)rows[i].high);
		else
			text_format(text, "%*llu", (int)bound, (unsigned long long)rows[i].low);
		text_format(text, "  %*llu  |", (int)count_width,
			    (unsigned long long)rows[i].count);
		if (colours)
			colour_start(text, COLOUR_CYAN);
		text_fill(text, '*', stars);
		if (colours)
			colour_start(text, COLOUR_NONE);
		text_fill(text, ' ', bar - stars);
		text_string(text, "|\n");
	}
}
