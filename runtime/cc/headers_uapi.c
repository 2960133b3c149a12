/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up macros of the user-space API. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "headers_uapi.h"

/* uapi_text, uapi_entries (sorted by name), uapi_headers */
#include "uapi_table.inc"

enum { ENTRY_COUNT = sizeof(uapi_entries) / sizeof(*uapi_entries) };

static int compare(const char *name, size_t size, const char *entry)
{
	int order = strncmp(name, entry, size);

	return order ? order : -(entry[size] != '\0');
}

static size_t lower_bound(const char *name, size_t size)
{
	size_t low = 0, high = ENTRY_COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(name, size, uapi_text + uapi_entries[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t uapi_count(void)
{
	return ENTRY_COUNT;
}

struct uapi_macro uapi_at(size_t index)
{
	struct uapi_macro macro = {.name = uapi_text + uapi_entries[index]};
	const char *header = macro.name + strlen(macro.name) + 1;

	macro.header = uapi_headers[strtoul(header, NULL, 10)];
	macro.definition = header + strlen(header) + 1;
	return macro;
}

int uapi_find(const char *name, size_t size, int (*included)(void *ctx, const char *header),
	      void *ctx, struct uapi_macro *macro)
{
	size_t first = lower_bound(name, size), i;

	for (i = first; i < ENTRY_COUNT; i++) {
		if (compare(name, size, uapi_text + uapi_entries[i]))
			break;
		*macro = uapi_at(i);
		if (included(ctx, macro->header))
			return 1;
	}
	if (i > first)
		*macro = uapi_at(first);
	return i > first;
}
