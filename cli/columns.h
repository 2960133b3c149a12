/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats for people have in common: all but the lines of events. */
#ifndef HOTPROBE_CLI_COLUMNS_H
#define HOTPROBE_CLI_COLUMNS_H

#include "output.h"

/* Members of struct output_format. */
void columns_written(struct output *out, const char *function, const char *bytes, size_t size);
void columns_printk(struct output *out, const struct hotprobe_printk *message);
void columns_time(struct output *out, time_t seconds);
void columns_print_table(struct output *out, const struct dump *dump);

#endif
