/* SPDX-License-Identifier: Apache-2.0 */
#include "extern.h"

#include <string.h>

#include "text.h"

/* Of equal length, so that columns stay. */
static const char word[] = "\"extern\"", instead[] = "\"hash\"  ";
_Static_assert(sizeof(word) == sizeof(instead), "the text keeps its length");

struct source extern_declared(const struct source *source, const struct parsed *parsed)
{
	struct source copy = *source;

	copy.text = cc_strndup(source->text, source->size);
	for (size_t i = 0; i < parsed->table_count; i++) {
		const struct parse_table *table = &parsed->tables[i];
		char *start, *found;

		if (!table->kind || strcmp(table->kind, "extern") || table->offset == PARSE_NOWHERE)
			continue;
		start = copy.text + table->offset;
		found = strstr(start, word);
		if (found && !memchr(start, ';', (size_t)(found - start)))
			memcpy(found, instead, sizeof(word) - 1);
	}
	return copy;
}
