/* SPDX-License-Identifier: Apache-2.0 */
#include "kallsyms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "array.h"

enum {
	LAST_SIZE_MAX = 1 << 20, /* no symbol follows the last: what lies further is not its */
};

struct symbol {
	uint64_t address;
	uint32_t name, module; /* in names */
};

struct kallsyms {
	ARRAY(struct symbol) symbols;
	ARRAY(char) names; /* each ends with a NUL; the first is empty */
};

static int add_name(struct kallsyms *k, const char *name, size_t length, uint32_t *at)
{
	if (k->names.count + length + 1 > UINT32_MAX)
		return -ENOMEM;
	*at = (uint32_t)k->names.count;
	while (k->names.capacity - k->names.count < length + 1) {
		size_t more = k->names.capacity ? 2 * k->names.capacity : 1 << 20;
		char *grown = realloc(k->names.at, more);

		if (!grown)
			return -ENOMEM;
		k->names.at = grown;
		k->names.capacity = more;
	}
	memcpy(k->names.at + *at, name, length);
	k->names.at[*at + length] = '\0';
	k->names.count += length + 1;
	return 0;
}

static bool is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/* "ffffffffc0123456 t name\t[module]": those of one module follow each other. */
static int add_line(struct kallsyms *k, const char *line, uint32_t *module)
{
	struct symbol s = {0};
	const char *name, *end, *in;
	char *after;
	int err;

	s.address = strtoull(line, &after, 16);
	if (after == line || after[0] != ' ' || !is_code(after[1]) || after[2] != ' ')
		return 0;
	name = after + 3;
	end = name + strcspn(name, "\t\n");
	in = *end == '\t' && end[1] == '[' ? end + 2 : "";
	err = add_name(k, name, (size_t)(end - name), &s.name);
	if (!err && *in && strncmp(in, k->names.at + *module, strlen(k->names.at + *module)))
		*module = 0;
	if (!err && *in && !*module)
		err = add_name(k, in, strcspn(in, "]\n"), module);
	s.module = *in ? *module : 0;
	if (err || array_push(&k->symbols, s))
		return -ENOMEM;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name; /* in the order of the file */
}

static bool hides_addresses(const struct kallsyms *k)
{
	return k->symbols.count && !k->symbols.at[k->symbols.count - 1].address;
}

static int read_lines(struct kallsyms *k, FILE *file)
{
	uint32_t module = 0;
	char line[1024];
	int err = add_name(k, "", 0, &module);

	while (!err && fgets(line, sizeof(line), file))
		err = add_line(k, line, &module);
	if (err)
		return err;
	qsort(k->symbols.at, k->symbols.count, sizeof(*k->symbols.at), compare);
	if (!k->symbols.count)
		return -ENOENT;
	return hides_addresses(k) ? -EPERM : 0;
}

int kallsyms_read(struct kallsyms **kallsyms)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct kallsyms *k;
	int err = -ENOMEM;

	if (!file)
		return -errno;
	k = calloc(1, sizeof(*k));
	if (k)
		err = read_lines(k, file);
	fclose(file);
	if (err)
		kallsyms_free(k);
	else
		*kallsyms = k;
	return err;
}

void kallsyms_free(struct kallsyms *k)
{
	if (!k)
		return;
	array_free(&k->symbols);
	array_free(&k->names);
	free(k);
}

int kallsyms_find(const struct kallsyms *k, uint64_t address, const char **name,
		  const char **module, uint64_t *offset)
{
	size_t low = 0, high = k->symbols.count;
	const struct symbol *s;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (k->symbols.at[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return -ENOENT;
	s = &k->symbols.at[low - 1];
	if (low == k->symbols.count && address - s->address > LAST_SIZE_MAX)
		return -ENOENT;
	/* Of several names for one address, the first. */
	while (s > k->symbols.at && s[-1].address == s->address)
		s--;
	*name = k->names.at + s->name;
	*module = k->names.at + s->module;
	*offset = address - s->address;
	return 0;
}
