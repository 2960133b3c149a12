/* SPDX-License-Identifier: Apache-2.0 */
/* Macros of the user-space API, in a table that is made when hotprobe is built (uapi.sh). */
#ifndef HOTPROBE_CC_HEADERS_UAPI_H
#define HOTPROBE_CC_HEADERS_UAPI_H

#include <stddef.h>

struct uapi_macro {
	const char *name;
	const char *header;	/* "linux/in.h" */
	const char *definition; /* as it stands behind the name: "(x) ((x) + 1)", " 5" */
};

/*
 * Finds the macro of that name. Where headers define it differently, that of the first of them
 * counts for which included() is true, else the one whose header is included most widely.
 * False if there is none.
 */
int uapi_find(const char *name, size_t size, int (*included)(void *ctx, const char *header),
	      void *ctx, struct uapi_macro *macro);

/* All of them, by name; some names come more than once. */
size_t uapi_count(void);
struct uapi_macro uapi_at(size_t index);

#endif
