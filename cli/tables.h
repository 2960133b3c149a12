/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables are shown, at the end and every interval. */
#ifndef HOTPROBE_CLI_TABLES_H
#define HOTPROBE_CLI_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Calls fn with the names of those that can be shown. */
void tables_each_name(const struct hotprobe *hp, void (*fn)(void *ctx, const char *name),
		      void *ctx);

/* What was counted when tables were last shown and cleared. Begins zero-initialised. */
struct tables_shown {
	uint64_t **counts; /* of each table; NULL if it needs none */
	size_t count;
};

/* Another handle has taken over from old, and has some of its tables. */
void tables_shown_succeed(struct tables_shown *shown, const struct hotprobe *hp,
			  const struct hotprobe *old);
void tables_shown_free(struct tables_shown *shown);

/* Prints those that hold something. Returns 0 or a negative errno, hotprobe_error(hp) says of what.
 */
int tables_print(const struct table_options *options, struct tables_shown *shown,
		 struct hotprobe *hp, struct output *out);

#endif
