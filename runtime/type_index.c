/* SPDX-License-Identifier: Apache-2.0 */
#include "type_index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "kernel_btf.h"

#define BTF_DIR "/sys/kernel/btf"

/* The types of vmlinux, or those that a module adds. */
struct part {
	struct btf *btf;
	struct btf_dump *dump; /* NULL until something is declared */
	uint32_t first;
};

/* Names are looked up in a table of 2^bits places, each the number of a type plus one. */
struct slot {
	uint32_t part, id; /* id 0: empty */
};

struct type_index {
	ARRAY(struct part) parts; /* the first is vmlinux's, which is the handle's */
	struct slot *slots;
	size_t mask;
	FILE *out; /* of the dump */
	char *text;
	size_t size;
};

static uint32_t hash_name(const char *name, uint32_t kind)
{
	uint32_t hash = 0x811c9dc5 ^ kind; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x01000193;
	return hash ^ hash >> 15;
}

static const char *name_of(const struct btf *btf, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(btf, type->name_off);

	return name ? name : "";
}

/* ---- Building ----------------------------------------------------------------------------------
 */

static int add_part(struct type_index *index, struct btf *btf, uint32_t first)
{
	struct part part = {.btf = btf, .first = first};

	return array_push(&index->parts, part) ? -ENOMEM : 0;
}

/* A module that cannot be read has gone meanwhile. */
static int add_modules(struct type_index *index, struct btf *vmlinux)
{
	DIR *dir = opendir(BTF_DIR);
	struct dirent *entry;
	int err = 0;

	while (dir && !err && (entry = readdir(dir))) {
		char path[512];
		struct btf *btf;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "vmlinux"))
			continue;
		snprintf(path, sizeof(path), BTF_DIR "/%s", entry->d_name);
		btf = btf__parse_split(path, vmlinux);
		if (!btf)
			continue;
		err = add_part(index, btf, btf__type_cnt(vmlinux));
		if (err)
			btf__free(btf);
	}
	if (dir)
		closedir(dir);
	return err;
}

static void add_name(struct type_index *index, uint32_t part, uint32_t id)
{
	const struct btf *btf = index->parts.at[part].btf;
	const struct btf_type *type = btf__type_by_id(btf, id);
	const char *name = name_of(btf, type);
	size_t at = hash_name(name, btf_kind(type)) & index->mask;

	if (!*name)
		return;
	while (index->slots[at].id)
		at = (at + 1) & index->mask;
	index->slots[at] = (struct slot){part, id};
}

static int add_names(struct type_index *index)
{
	size_t count = 0, size = 1024;

	for (size_t i = 0; i < index->parts.count; i++)
		count += btf__type_cnt(index->parts.at[i].btf) - index->parts.at[i].first;
	while (size < 2 * count)
		size *= 2;
	index->slots = calloc(size, sizeof(*index->slots));
	if (!index->slots)
		return -ENOMEM;
	index->mask = size - 1;
	for (uint32_t i = 0; i < index->parts.count; i++)
		for (uint32_t id = index->parts.at[i].first;
		     id < btf__type_cnt(index->parts.at[i].btf); id++)
			add_name(index, i, id);
	return 0;
}

int type_index_new(struct hotprobe *hp, struct type_index **made)
{
	struct type_index *index;
	struct btf *vmlinux;
	int err = kernel_btf_vmlinux(hp, &vmlinux);

	if (err)
		return err;
	index = calloc(1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	index->out = open_memstream(&index->text, &index->size);
	err = index->out ? add_part(index, vmlinux, 1) : -ENOMEM;
	if (!err)
		err = add_modules(index, vmlinux);
	if (!err)
		err = add_names(index);
	if (err)
		type_index_free(index);
	else
		*made = index;
	return err;
}

void type_index_free(struct type_index *index)
{
	if (!index)
		return;
	for (size_t i = index->parts.count; i-- > 0;) {
		btf_dump__free(index->parts.at[i].dump);
		if (i)
			btf__free(index->parts.at[i].btf);
	}
	array_free(&index->parts);
	free(index->slots);
	if (index->out)
		fclose(index->out);
	free(index->text);
	free(index);
}

/* ---- Looking up --------------------------------------------------------------------------------
 */

struct type_ref type_index_find(const struct type_index *index, uint32_t kind, const char *name)
{
	size_t at = hash_name(name, kind) & index->mask;

	for (; index->slots[at].id; at = (at + 1) & index->mask) {
		const struct slot *slot = &index->slots[at];
		const struct btf *btf = index->parts.at[slot->part].btf;
		const struct btf_type *type = btf__type_by_id(btf, slot->id);

		if (btf_kind(type) == kind && !strcmp(name_of(btf, type), name))
			return (struct type_ref){btf, slot->id};
	}
	return (struct type_ref){NULL, 0};
}

int type_index_each(const struct type_index *index, uint32_t kind, type_fn fn, void *ctx)
{
	int result = 0;

	for (size_t i = 0; i < index->parts.count; i++) {
		const struct btf *btf = index->parts.at[i].btf;

		for (uint32_t id = index->parts.at[i].first; id < btf__type_cnt(btf) && !result;
		     id++) {
			const struct btf_type *type = btf__type_by_id(btf, id);

			if (btf_kind(type) == kind && type->name_off)
				result = fn(ctx, (struct type_ref){btf, id}, name_of(btf, type));
		}
	}
	return result;
}

/* ---- Declarations ------------------------------------------------------------------------------
 */

static void print(void *ctx, const char *format, va_list args)
{
	struct type_index *index = ctx;

	vfprintf(index->out, format, args);
}

static struct btf_dump *dump_of(struct type_index *index, const struct btf *btf)
{
	for (size_t i = 0; i < index->parts.count; i++) {
		struct part *part = &index->parts.at[i];

		if (part->btf != btf)
			continue;
		if (!part->dump)
			part->dump = btf_dump__new(btf, print, index, NULL);
		return part->dump;
	}
	return NULL;
}

char *type_index_declare(struct type_index *index, struct type_ref type, const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);
	struct btf_dump *dump = dump_of(index, type.btf);

	if (!dump)
		return NULL;
	rewind(index->out);
	if (type.id && btf_dump__emit_type_decl(dump, type.id, &opts))
		return NULL;
	if (!type.id)
		fprintf(index->out, "void%s%s", *name ? " " : "", name);
	fflush(index->out);
	return strndup(index->text, index->size);
}
