/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <errno.h>
#include <string.h>

static int add_symbol(void *ctx, const char *name, const GElf_Sym *symbol, bool hidden)
{
	struct module *m = ctx;

	(void)hidden;
	return array_push(&m->symbols,
			  (struct module_symbol){symbol->st_value, symbol->st_size, name})
		       ? -ENOMEM
		       : 0;
}

/* By address; of several names for one, the longest symbol, then the plainest name. */
static int compare(const void *a, const void *b)
{
	const struct module_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	if ((*x->name == '_') != (*y->name == '_'))
		return *x->name == '_' ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Keeps the first of each address. */
static void sort_symbols(struct module *m)
{
	size_t kept = 0;

	if (m->symbols.count)
		qsort(m->symbols.at, m->symbols.count, sizeof(*m->symbols.at), compare);
	for (size_t i = 0; i < m->symbols.count; i++)
		if (!kept || m->symbols.at[kept - 1].address != m->symbols.at[i].address)
			m->symbols.at[kept++] = m->symbols.at[i];
	m->symbols.count = kept;
}

int module_read_symbols(struct module *m, const char *root)
{
	int err, debug_err;

	if (m->has_symbols || !m->file.elf)
		return 0;
	err = elf_file_each_symbol(&m->file, add_symbol, m);
	debug_err = err ? err : elf_file_open_debug(&m->debug, &m->file, m->path, root);
	if (!debug_err)
		err = elf_file_each_symbol(&m->debug, add_symbol, m);
	else if (debug_err == -ENOMEM)
		err = debug_err;
	sort_symbols(m);
	m->has_symbols = !err;
	return err;
}

static int module_init(struct module *m, const char *path)
{
	*m = (struct module){.file.fd = -1, .debug.fd = -1, .path = strdup(path)};
	return m->path ? 0 : -ENOMEM;
}

/* After the file was opened, or not. */
static int finish_open(struct module *m, int err)
{
	if (err)
		module_free(m);
	else
		elf_file_build_id(&m->file, m->build_id);
	return err;
}

int module_open(struct module *m, const char *path, const char *open_path)
{
	int err = module_init(m, path);

	return finish_open(m, err ? err : elf_file_open(&m->file, open_path));
}

int module_open_memory(struct module *m, const char *path, const void *data, size_t size)
{
	int err = module_init(m, path);

	return finish_open(m, err ? err : elf_file_open_memory(&m->file, data, size));
}

void module_free(struct module *m)
{
	array_free(&m->symbols);
	elf_file_close(&m->debug);
	elf_file_close(&m->file);
	free(m->path);
	*m = (struct module){.file.fd = -1, .debug.fd = -1};
}

const struct module_symbol *module_find(const struct module *m, uint64_t address)
{
	size_t low = 0, high = m->symbols.count;
	const struct module_symbol *s;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (m->symbols.at[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	s = &m->symbols.at[low - 1];
	return !s->size || address - s->address < s->size ? s : NULL;
}
