/* SPDX-License-Identifier: Apache-2.0 */
/* Targets that stand for many: a shell's pattern over names, and the names it matches. */
#ifndef HOTPROBE_PATTERN_H
#define HOTPROBE_PATTERN_H

#include <stdbool.h>

#include "array.h"

struct names {
	ARRAY(char *) list;
};

/* Does it have a *, ? or [? No kernel function, category or event has. */
bool is_pattern(const char *name);
/* As a shell matches file names, the whole name. */
bool pattern_matches(const char *pattern, const char *name);

/* Takes over name (malloc'ed, or NULL where memory was out). Returns 0 or -ENOMEM. */
int names_add(struct names *names, char *name);
/* Sorts them and keeps one of each. */
void names_sort(struct names *names);
/* In names that are sorted. */
bool names_have(const struct names *names, const char *name);
void names_free(struct names *names);

#endif
