/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables are shown, at the end and every interval. */
#ifndef HOTPROBE_CLI_TABLES_H
#define HOTPROBE_CLI_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "hotprobe.h"
#include "output.h"

struct table_options {
	char *const *names; /* ended by NULL: these alone; NULL: all that hold results */
	bool none;
	size_t top; /* so many entries of each, 0: all */
	bool clear; /* what was shown does not count again */
};

/* Returns the first name that is no table which could be shown, NULL if all are. */
const char *tables_unknown(const struct table_options *options, const struct hotprobe *hp);

/* Prints those that hold something. Returns 0 or a negative errno, hotprobe_error(hp) says of what.
 */
int tables_print(const struct table_options *options, struct hotprobe *hp, struct output *out);

#endif
