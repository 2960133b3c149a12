/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_SIZE = 128, /* longer ones are compared as far */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters have to be put in, taken out, changed or swapped with the next; limit + 1 if
   more than limit. */
static unsigned edits(const char *a, const char *b, unsigned limit)
{
	unsigned rows[3][NAME_SIZE + 1], *before = rows[0], *last = rows[1], *row = rows[2];
	size_t m = strnlen(a, NAME_SIZE), n = strnlen(b, NAME_SIZE);

	if (m > n + limit || n > m + limit)
		return limit + 1;
	for (size_t j = 0; j <= n; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= m; i++) {
		unsigned best = row[0] = (unsigned)i, *free_row = before;

		for (size_t j = 1; j <= n; j++) {
			unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = least(change, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
		before = last;
		last = row;
		row = free_row;
	}
	return last[n];
}

/* Twice the edits; a name that holds the other comes behind those with a letter or two changed.
   UINT32_MAX if they are not alike. */
static unsigned cost_of(const char *wanted, const char *name)
{
	size_t length = strlen(wanted), other = strlen(name);
	unsigned limit = length > 8 ? 3 : length > 3 ? 2 : 1;
	unsigned count = edits(wanted, name, limit);

	if (count <= limit)
		return 2 * count;
	if (length > 3 && strstr(name, wanted))
		return 5 + (unsigned)(other - length);
	if (other > 3 && strstr(wanted, name))
		return 6 + (unsigned)(length - other);
	return UINT32_MAX;
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	unsigned cost = cost_of(nearest->wanted, name);
	size_t at = nearest->count;

	if (cost == UINT32_MAX || (at == NEAREST_MAX && nearest->cost[at - 1] <= cost))
		return;
	if (at == NEAREST_MAX)
		at--;
	else
		nearest->count++;
	for (; at > 0 && nearest->cost[at - 1] > cost; at--) {
		nearest->name[at] = nearest->name[at - 1];
		nearest->cost[at] = nearest->cost[at - 1];
	}
	nearest->name[at] = name;
	nearest->cost[at] = cost;
}

void nearest_hint(const struct nearest *nearest, const char *kind, char *hint, size_t size)
{
	size_t used = 0;

	hint[0] = '\0';
	for (size_t i = 0; i < nearest->count && used < size; i++) {
		const char *before = !i ? "there is " : i + 1 < nearest->count ? ", " : " and ";
		int length = snprintf(hint + used, size - used, "%s%s%s%s", before, kind,
				      *kind ? ":" : "", nearest->name[i]);

		used += length > 0 ? (size_t)length : 0;
	}
}
