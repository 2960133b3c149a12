/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with columns as wide as they need to be. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

#include "colour.h"

#define MIN_WIDTH 8 /* what a narrow screen leaves of a column of text */
#define ELLIPSIS "\xe2\x80\xa6"

void grid_column(struct grid *grid, const char *name, bool right)
{
	struct grid_column *columns =
		realloc(grid->columns, (grid->column_count + 1) * sizeof(*columns));

	if (!columns) {
		grid->text.failed = true;
		return;
	}
	grid->columns = columns;
	columns[grid->column_count++] = (struct grid_column){
		.head = grid->text.length,
		.width = (unsigned)text_columns(name, strlen(name)),
		.right = right,
	};
	text_bytes(&grid->text, name, strlen(name) + 1);
}

void grid_end(struct grid *grid)
{
	if (grid->end_count == grid->end_capacity) {
		size_t capacity = grid->end_capacity ? grid->end_capacity * 2 : 64;
		size_t *ends = realloc(grid->ends, capacity * sizeof(*ends));

		if (!ends) {
			grid->text.failed = true;
			return;
		}
		grid->ends = ends;
		grid->end_capacity = capacity;
	}
	grid->ends[grid->end_count++] = grid->text.length;
}

/* The text of a cell, counted through all rows. */
static const char *cell(const struct grid *grid, size_t index, size_t *size)
{
	const struct grid_column *last = &grid->columns[grid->column_count - 1];
	const char *head = grid->text.data + last->head;
	size_t begin = index ? grid->ends[index - 1] : last->head + strlen(head) + 1;

	*size = grid->ends[index] - begin;
	return grid->text.data + begin;
}

static void measure(struct grid *grid)
{
	size_t stride = grid->column_count + 1;

	for (size_t i = 0; i < grid->end_count; i++) {
		struct grid_column *column = &grid->columns[i % stride];
		const char *text;
		unsigned width;
		size_t size;

		if (i % stride == grid->column_count)
			continue;
		text = cell(grid, i, &size);
		width = (unsigned)text_columns(text, size);
		if (width > column->width)
			column->width = width;
	}
}

/* Makes text narrower, the widest first, until a row fits. The last column is never cut: it is in
   nobody's way. */
static void fit(struct grid *grid, unsigned screen)
{
	unsigned total = (unsigned)grid->column_count - 1;

	for (size_t i = 0; i < grid->column_count; i++)
		total += grid->columns[i].width;
	for (; total > screen; total--) {
		struct grid_column *widest = NULL;

		for (size_t i = 0; i + 1 < grid->column_count; i++) {
			struct grid_column *column = &grid->columns[i];

			if (!column->right && column->width > MIN_WIDTH &&
			    (!widest || column->width > widest->width))
				widest = column;
		}
		if (!widest)
			return;
		widest->width--;
	}
}

static void print_cell(const struct grid *grid, size_t index, const char *text, size_t size,
		       struct text *to)
{
	const struct grid_column *column = &grid->columns[index];
	size_t width = text_columns(text, size);
	bool last = index + 1 == grid->column_count;
	bool cut = !last && width > column->width;

	if (cut) {
		size = text_prefix(text, size, column->width - 1);
		width = text_columns(text, size) + 1;
	}
	if (column->right && width < column->width)
		text_fill(to, ' ', column->width - width);
	text_bytes(to, text, size);
	if (cut)
		text_string(to, ELLIPSIS);
	if (!column->right && !last && width < column->width)
		text_fill(to, ' ', column->width - width);
	text_char(to, last ? '\n' : ' ');
}

void grid_print(struct grid *grid, struct text *to, unsigned screen, bool colours)
{
	size_t stride = grid->column_count + 1;

	if (grid->text.failed)
		to->failed = true;
	if (to->failed || !grid->column_count)
		return;
	measure(grid);
	if (screen)
		fit(grid, screen);
	if (colours)
		colour_start(to, COLOUR_BOLD);
	for (size_t i = 0; i < grid->column_count; i++) {
		const char *head = grid->text.data + grid->columns[i].head;

		print_cell(grid, i, head, strlen(head), to);
	}
	if (colours)
		colour_start(to, COLOUR_NONE);
	for (size_t i = 0; i < grid->end_count; i++) {
		size_t size;
		const char *text = cell(grid, i, &size);

		if (i % stride == grid->column_count)
			text_bytes(to, text, size);
		else
			print_cell(grid, i % stride, text, size, to);
	}
}

void grid_free(struct grid *grid)
{
	text_free(&grid->text);
	free(grid->columns);
	free(grid->ends);
	*grid = (struct grid){0};
}
