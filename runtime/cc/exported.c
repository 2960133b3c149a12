/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the headers that libbcc carries; see exported.h. */
#include <dlfcn.h>
#include <string.h>

#include "exported.h"

/*
 * libbcc exports the map, ebpf::ExportedFiles::headers_, a std::map<std::string, const char *>,
 * but no function that reads it. The layout of that container is part of libstdc++'s stable ABI:
 * a red-black tree, its nodes ordered by path.
 */
struct map_node {
	int color;
	struct map_node *parent, *left, *right;
	struct {
		const char *data;
		size_t size;
		char small[16];
	} path;
	const char *text;
};

struct map {
	void *compare;
	struct map_node header; /* up to its right; its parent is the root */
};

static size_t add_nodes(struct map_node *node, struct exported_file *files, size_t count)
{
	if (!node || count == EXPORTED_MAX)
		return count;
	count = add_nodes(node->left, files, count);
	if (count < EXPORTED_MAX)
		files[count++] =
			(struct exported_file){.path = node->path.data, .text = &node->text};
	return add_nodes(node->right, files, count);
}

static size_t add_map(const char *symbol, struct exported_file *files, size_t count)
{
	const struct map *map = dlsym(RTLD_DEFAULT, symbol);

	return map ? add_nodes(map->header.parent, files, count) : count;
}

size_t exported_files(struct exported_file files[EXPORTED_MAX])
{
	size_t count = add_map("_ZN4ebpf13ExportedFiles8headers_B5cxx11E", files, 0);

	return add_map("_ZN4ebpf13ExportedFiles8footers_B5cxx11E", files, count);
}

const char *exported_text(const char *path)
{
	struct exported_file files[EXPORTED_MAX];
	size_t i, count = exported_files(files);

	for (i = 0; i < count; i++)
		if (!strcmp(files[i].path, path))
			return *files[i].text;
	return NULL;
}
