/* SPDX-License-Identifier: Apache-2.0 */
#include "extern.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "vfs.h"

/* All of one length, so that columns stay. A table whose stacks are taken has to be of that kind
   for libbcc, and the name of that is too long for the place. */
static const char word[] = "\"extern\"", plain[] = "\"hash\"  ", stacks[] = "_EXTERN_";
_Static_assert(sizeof(word) == sizeof(plain) && sizeof(word) == sizeof(stacks),
	       "the text keeps its length");
const char extern_flag[] = "-D_EXTERN_=\"stacktrace\"";

/* In a text that is changed. */
static void declare(char *text, size_t size, const struct parse_table *table)
{
	const char *end = table->offset < size
				  ? memchr(text + table->offset, ';', size - table->offset)
				  : NULL;
	char *found = end ? memmem(text + table->offset, (size_t)(end - text) - table->offset, word,
				   sizeof(word) - 1)
			  : NULL;

	if (found)
		memcpy(found, table->has_stacks ? stacks : plain, sizeof(word) - 1);
}

static void declare_in_header(const struct parse_table *table)
{
	size_t size;
	const char *text = vfs_text(table->file, &size);
	char *copy;

	if (!text)
		return;
	copy = cc_strndup(text, size);
	declare(copy, size, table);
	vfs_replace(table->file, copy);
}

struct source extern_declared(const struct source *source, const struct parsed *parsed)
{
	struct source copy = *source;

	copy.text = cc_strndup(source->text, source->size);
	for (size_t i = 0; i < parsed->table_count; i++) {
		const struct parse_table *table = &parsed->tables[i];

		if (!table->kind || strcmp(table->kind, "extern"))
			continue;
		if (table->is_main)
			declare(copy.text, copy.size, table);
		else
			declare_in_header(table);
	}
	return copy;
}
