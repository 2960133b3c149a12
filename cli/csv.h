/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of comma-separated values, appended to out->buffer. */
#ifndef HOTPROBE_CLI_CSV_H
#define HOTPROBE_CLI_CSV_H

#include "dump.h"
#include "output.h"

struct csv_row {
	struct output *out;
	const struct output_record *record; /* NULL: all of the bytes are there */
	bool any;			    /* it has a cell */
};

/* A cell of any bytes, with quotes if it needs some; bytes of unknown type. */
void csv_cell(struct csv_row *row, const char *bytes, size_t size);
void csv_hex_cell(struct csv_row *row, const void *bytes, size_t size);

/* For value_each_leaf(), with the row as ctx: the leaf's name, its value, and for stack ids alone
   the name of the column with their frames. */
void csv_name_cell(void *ctx, const struct hotprobe_value *leaf, const char *path);
void csv_value_cell(void *ctx, const struct hotprobe_value *leaf, const char *path);
void csv_stack_name(void *ctx, const struct hotprobe_value *leaf, const char *path);
/* The frames of all stack ids in a value. */
void csv_stack_cells(struct csv_row *row, const struct hotprobe_value *value, pid_t pid);

/* The names and lines of a table. */
void csv_table(struct output *out, const struct dump *dump);

#endif
