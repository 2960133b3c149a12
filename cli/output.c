/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: collects what the format makes, writes it, remembers the first error. */
#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "folded.h"
#include "report.h"
#include "stacks.h"
#include "value.h"

static void measure(struct output *out)
{
	struct winsize size;

	if (out->terminal && !ioctl(out->fd, TIOCGWINSZ, &size) && size.ws_col)
		out->width = size.ws_col;
}

void output_open(struct output *out, const struct output_format *format, int fd)
{
	*out = (struct output){
		.format = format,
		.fd = fd,
		.terminal = isatty(fd),
		.colours = colour_wanted(fd),
	};
	if (out->terminal)
		out->width = 80;
	measure(out);
}

static void set_error(struct output *out, int error)
{
	if (!out->error)
		out->error = error;
}

static struct output_table *add_table(struct output *out, struct output_table ***list,
				      size_t *count, const char *name,
				      const struct hotprobe_type *type)
{
	struct output_table *table = calloc(1, sizeof(*table));
	struct output_table **tables = realloc(*list, (*count + 1) * sizeof(*tables));

	if (tables)
		*list = tables;
	if (!table || !tables) {
		set_error(out, -ENOMEM);
		free(table);
		return NULL;
	}
	*table = (struct output_table){.out = out, .name = name, .type = type};
	tables[(*count)++] = table;
	return table;
}

struct output_table *output_add_table(struct output *out, const char *name,
				      const struct hotprobe_type *type)
{
	return add_table(out, &out->tables, &out->table_count, name, type);
}

struct output_table *output_add_next(struct output *out, const char *name,
				     const struct hotprobe_type *type)
{
	return add_table(out, &out->next, &out->next_count, name, type);
}

static void free_tables(struct output *out, struct output_table **tables, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		out->format->forget(tables[i]);
		free(tables[i]->leaves);
		free(tables[i]);
	}
	free(tables);
}

/* False if nothing can be printed any more. */
static bool ready(struct output *out)
{
	if (out->error)
		return false;
	if (!out->buffer.length)
		measure(out);
	return true;
}

/* Lines are only kept whole: one that memory did not suffice for ends the output. */
static void made(struct output *out)
{
	if (out->buffer.failed || out->cell.failed || out->record.failed)
		set_error(out, -ENOMEM);
	if (out->buffer.length >= OUTPUT_FLUSH_SIZE)
		output_flush(out);
}

static void note_stack(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct output_table *table = ctx;

	(void)path;
	table->stacks = table->stacks || stack_is_id(table->out->hp, leaf);
}

static void find_stacks(struct output_table *table)
{
	struct output_record record;

	if (table->out->hp && output_read(table, "", 0, &record))
		value_each_leaf(&record.value, "", note_stack, table);
}

/* Do the lines of both look alike? */
static bool same_layout(const struct output_table *a, const struct output_table *b)
{
	if (strcmp(a->name, b->name) || !a->type || !b->type)
		return false;
	return hotprobe_type_equal(a->type, b->type);
}

/* What the reader has the names of is not named again. */
static const struct output_table *heir_of(const struct output *out, const void *table)
{
	for (size_t i = 0; table && i < out->next_count; i++)
		for (size_t j = 0; j < out->table_count; j++)
			if (out->tables[j] == table && same_layout(out->tables[j], out->next[i]))
				return out->next[i];
	return NULL;
}

void output_succeed(struct output *out)
{
	static const char former;
	const void *block = heir_of(out, out->block);

	/* With one table its name is not told, with several it is. */
	out->current =
		(out->table_count > 1) == (out->next_count > 1) ? heir_of(out, out->current) : NULL;
	out->block = out->block && !block ? &former : block;
	free_tables(out, out->tables, out->table_count);
	out->tables = out->next;
	out->table_count = out->next_count;
	out->next = NULL;
	out->next_count = 0;
	for (size_t i = 0; i < out->table_count; i++)
		find_stacks(out->tables[i]);
}

void output_drop_next(struct output *out)
{
	free_tables(out, out->next, out->next_count);
	out->next = NULL;
	out->next_count = 0;
}

void output_start(struct output *out)
{
	for (size_t i = 0; i < out->table_count; i++)
		find_stacks(out->tables[i]);
	if (out->format->start)
		out->format->start(out);
	made(out);
}

void output_event(struct output_table *table, int cpu, const void *data, size_t size)
{
	struct output *out = table->out;
	struct output_record record;

	if (!ready(out))
		return;
	out->format->event(table, cpu, data, size);
	if (out->event_stacks && table->stacks && output_read(table, data, size, &record))
		folded_event(out->event_stacks, out->hp, &record.value);
	out->current = table;
	out->apart = true;
	made(out);
}

void output_lost(struct output_table *table, uint64_t lost)
{
	struct output *out = table->out;

	if (!out->format->lost || !ready(out))
		return;
	out->format->lost(table, lost);
	made(out);
}

void output_written(struct output *out, const char *function, const char *bytes, size_t size)
{
	if (!size || !ready(out))
		return;
	out->format->written(out, function, bytes, size);
	out->current = NULL;
	out->apart = true;
	made(out);
}

void output_printk(struct output *out, const struct hotprobe_printk *message)
{
	if (!ready(out))
		return;
	out->format->printk(out, message);
	out->apart = true;
	out->current = NULL;
	made(out);
}

void output_time(struct output *out, time_t seconds)
{
	if (!ready(out))
		return;
	out->format->time(out, seconds);
	out->apart = false;
	out->current = NULL;
	made(out);
}

void output_dump(struct output *out, const struct dump *dump)
{
	if (!ready(out))
		return;
	out->format->table(out, dump);
	if (out->table_stacks)
		folded_dump(out->table_stacks, dump);
	out->apart = true;
	out->current = NULL;
	made(out);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write(fd, data, size);

		if (written >= 0) {
			data += written;
			size -= (size_t)written;
		} else if (errno == EAGAIN) {
			/* A descriptor that someone made non-blocking: it is shared. */
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int output_flush(struct output *out)
{
	if (!out->error && out->buffer.length)
		set_error(out, write_all(out->fd, out->buffer.data, out->buffer.length));
	text_clear(&out->buffer);
	return out->error;
}

void output_close(struct output *out)
{
	output_drop_next(out);
	free_tables(out, out->tables, out->table_count);
	text_free(&out->buffer);
	text_free(&out->cell);
	text_free(&out->record);
	*out = (struct output){.fd = -1};
}

bool output_read(struct output_table *table, const void *data, size_t size,
		 struct output_record *record)
{
	struct text *copy = &table->out->record;
	size_t wanted = table->type ? hotprobe_type_size(table->type) : 0;

	if (!table->type)
		return false;
	if (size < wanted) {
		text_clear(copy);
		text_bytes(copy, data, size);
		text_fill(copy, '\0', wanted - size);
		if (copy->failed)
			return false;
		data = copy->data;
	}
	record->end = (const char *)data + size;
	return !hotprobe_read(table->type, data, size < wanted ? wanted : size, &record->value);
}

struct leaves {
	struct output_leaf *at;
	size_t count, capacity;
	const char *data; /* of the event they are found in */
	bool failed;
};

static void add_leaf(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct leaves *leaves = ctx;
	size_t more = leaves->capacity ? 2 * leaves->capacity : 16;
	struct output_leaf *at;

	(void)path;
	if (value_is_padding(leaf))
		return;
	if (leaves->count == leaves->capacity) {
		at = reallocarray(leaves->at, more, sizeof(*at));
		if (!at) {
			leaves->failed = true;
			return;
		}
		leaves->at = at;
		leaves->capacity = more;
	}
	leaves->at[leaves->count++] = (struct output_leaf){
		.value = *leaf,
		.offset = (size_t)((const char *)leaf->data - leaves->data),
	};
}

const struct output_leaf *output_leaves(struct output_table *table)
{
	size_t size = table->type ? hotprobe_type_size(table->type) : 0;
	struct hotprobe_value value;
	struct leaves leaves = {0};
	char *zeroes;

	if (table->leaves || !table->type)
		return table->leaves;
	/* Types have no members to ask for, values have. */
	zeroes = calloc(1, size + 1);
	if (!zeroes || hotprobe_read(table->type, zeroes, size, &value))
		goto out;
	leaves.data = zeroes;
	value_each_leaf(&value, "", add_leaf, &leaves);
	/* Of nothing but unnamed bit-fields there are none, which is no failure. */
	if (!leaves.at && !leaves.failed)
		leaves.at = calloc(1, sizeof(*leaves.at));
	if (leaves.failed) {
		free(leaves.at);
		goto out;
	}
	table->leaves = leaves.at;
	table->leaf_count = leaves.count;
out:
	free(zeroes);
	return table->leaves;
}

bool output_read_leaf(const struct output_leaf *leaf, const struct output_record *record,
		      struct hotprobe_value *value)
{
	*value = leaf->value;
	hotprobe_reread(value, (const char *)record->value.data + leaf->offset);
	return output_has(record, value);
}

bool output_has(const struct output_record *record, const struct hotprobe_value *value)
{
	const char *data = value->data;
	size_t size = value->bit_size ? (value->bit_size + 7) / 8 : value->size;

	/* Of text or an array a beginning is worth showing. */
	if (value->kind == HOTPROBE_STRING || value->kind == HOTPROBE_ARRAY)
		return data && data < record->end;
	return data && data + size <= record->end;
}

int print_out(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vprintf(format, args);
	va_end(args);
	if (length >= 0 && !fflush(stdout))
		return EXIT_DONE;
	return output_failed(-errno);
}
