/* SPDX-License-Identifier: Apache-2.0 */
/* Macros of the user-space API, in tables that are made when hotprobe is built (uapi.sh). */
#ifndef HOTPROBE_CC_HEADERS_UAPI_H
#define HOTPROBE_CC_HEADERS_UAPI_H

#include <stddef.h>
#include <stdint.h>

#include "../arch.h"

struct uapi_macro {
	const char *name;
	const char *header;	/* "linux/in.h" */
	const char *definition; /* as it stands behind the name: "(x) ((x) + 1)", " 5" */
};

/* The macros of an architecture, by name; some names come more than once. */
struct uapi_table {
	const struct arch *arch;
	const char *text;
	const uint32_t *entries; /* offsets in text */
	size_t count;
	const char *const *headers;
};

/* NULL if the headers for it were not there when hotprobe was built. */
const struct uapi_table *uapi_of(const struct arch *arch);

/*
 * Finds the macro of that name. Where headers define it differently, that of the first of them
 * counts for which included() is true, else the one whose header is included most widely.
 * False if there is none.
 */
int uapi_find(const struct uapi_table *table, const char *name, size_t size,
	      int (*included)(void *ctx, const char *header), void *ctx, struct uapi_macro *macro);

/* index: from 0 to count - 1. */
struct uapi_macro uapi_at(const struct uapi_table *table, size_t index);

#endif
