/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up macros of the user-space API. */
#include <stdlib.h>
#include <string.h>

#include "headers_uapi.h"

#include "uapi_arm64.inc"
#include "uapi_x86.inc"

static int compare(const char *name, size_t size, const char *entry)
{
	int order = strncmp(name, entry, size);

	return order ? order : -(entry[size] != '\0');
}

static size_t lower_bound(const struct uapi_table *table, const char *name, size_t size)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(name, size, table->text + table->entries[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct uapi_table *uapi_of(const struct arch *arch)
{
	static const struct uapi_table *const all[] = {&uapi_x86, &uapi_arm64};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->arch == arch && all[i]->count)
			return all[i];
	return NULL;
}

struct uapi_macro uapi_at(const struct uapi_table *table, size_t index)
{
	struct uapi_macro macro = {.name = table->text + table->entries[index]};
	const char *header = macro.name + strlen(macro.name) + 1;

	macro.header = table->headers[strtoul(header, NULL, 10)];
	macro.definition = header + strlen(header) + 1;
	return macro;
}

int uapi_find(const struct uapi_table *table, const char *name, size_t size,
	      int (*included)(void *ctx, const char *header), void *ctx, struct uapi_macro *macro)
{
	size_t first = lower_bound(table, name, size), i;

	for (i = first; i < table->count; i++) {
		if (compare(name, size, table->text + table->entries[i]))
			break;
		*macro = uapi_at(table, i);
		if (included(ctx, macro->header))
			return 1;
	}
	if (i > first)
		*macro = uapi_at(table, first);
	return i > first;
}
