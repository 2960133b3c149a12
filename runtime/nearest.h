/* SPDX-License-Identifier: Apache-2.0 */
/* Names that resemble one that does not exist: what may have been meant. */
#ifndef HOTPROBE_NEAREST_H
#define HOTPROBE_NEAREST_H

#include <stddef.h>

enum {
	NEAREST_MAX = 3,
};

struct nearest {
	const char *wanted;
	size_t count;
	const char *name[NEAREST_MAX]; /* the best first; those of the caller */
	unsigned cost[NEAREST_MAX];
};

/* Takes name into account if it is close enough: some letters changed, or one holds the other. */
void nearest_offer(struct nearest *nearest, const char *name);
/* "there is A, B and C", "" if nothing was near. */
void nearest_hint(const struct nearest *nearest, const char *kind, char *hint, size_t size);

#endif
