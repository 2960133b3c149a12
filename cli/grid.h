/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are all known before the first is printed: each column is as wide as its widest cell.
 *
 * grid_column() for each column; then, for each row, each of its cells and a note (whole lines that
 * stand below the row, or nothing) are appended to grid.text and ended by grid_end().
 *
 * A struct grid begins zero-initialised. Out of memory is remembered in text.failed.
 */
#ifndef HOTPROBE_CLI_GRID_H
#define HOTPROBE_CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct grid_column {
	size_t head; /* where its name begins in grid.text; it ends with a NUL */
	unsigned width;
	bool right; /* aligned, as numbers are */
};

struct grid {
	struct text text; /* cells and notes, one after the other */
	struct grid_column *columns;
	size_t column_count;
	size_t *ends; /* of cells: those of a row, then that of its note */
	size_t end_count, end_capacity;
};

void grid_column(struct grid *grid, const char *name, bool right);
/* Ends a cell (or, after the last of a row, the note): what was appended to grid->text since the
   one before. */
void grid_end(struct grid *grid);
/* Appends all to a text, with the names in colour or not. On a screen of so many columns (0: none)
   text gives way to fit. */
void grid_print(struct grid *grid, struct text *to, unsigned screen, bool colours);
void grid_free(struct grid *grid);

#endif
