/* SPDX-License-Identifier: Apache-2.0 */
/* A table's contents for people. */
#ifndef HOTPROBE_CLI_COLUMNS_TABLE_H
#define HOTPROBE_CLI_COLUMNS_TABLE_H

#include "dump.h"
#include "output.h"

/* Appends a table with at least one entry to out->buffer. */
void columns_table(struct output *out, const struct dump *dump);

/* Appends the stacks of all ids in a value of a process to a text. */
void columns_stacks(const struct output *out, struct text *text, const struct hotprobe_value *value,
		    pid_t pid);

#endif
