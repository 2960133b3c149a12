/* SPDX-License-Identifier: Apache-2.0 */
/* The header tree: the kernel headers that exist in memory only. */
#ifndef HOTPROBE_CC_TREE_H
#define HOTPROBE_CC_TREE_H

#include <stddef.h>

#include "text.h"

struct tree_file {
	char *path; /* relative to the kernel source directory: "include/linux/kconfig.h" */
	char *text; /* NUL-terminated */
	size_t size;
};

/* Zero-initialise it. */
struct tree {
	struct tree_file *files;
	size_t count;
};

/* Adds a file; the tree takes over the text's memory. */
void tree_add(struct tree *tree, const char *path, struct text *text);
/* NULL if there is no such file. */
const struct tree_file *tree_find(const struct tree *tree, const char *path);

#endif
