/* SPDX-License-Identifier: Apache-2.0 */
/* The list of virtual kernel headers. */
#include <string.h>

#include "tree.h"

void tree_add(struct tree *tree, const char *path, struct text *text)
{
	text_puts(text, ""); /* an empty text has its NUL too */
	tree->files = cc_grow(tree->files, tree->count, sizeof(*tree->files));
	tree->files[tree->count++] = (struct tree_file){cc_strdup(path), text->data, text->size};
	memset(text, 0, sizeof(*text));
}

const struct tree_file *tree_find(const struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (!strcmp(tree->files[i].path, path))
			return &tree->files[i];
	return NULL;
}
