/* SPDX-License-Identifier: Apache-2.0 */
/* A table's contents for people. */
#ifndef HOTPROBE_CLI_COLUMNS_TABLE_H
#define HOTPROBE_CLI_COLUMNS_TABLE_H

#include "dump.h"
#include "output.h"

/* Appends a table with at least one entry to out->buffer. */
void columns_table(struct output *out, const struct dump *dump);

#endif
