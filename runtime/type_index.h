/* SPDX-License-Identifier: Apache-2.0 */
/* All types of the running kernel and its modules by their names, for many look-ups. It takes what
   everyone may read: /sys/kernel/btf. */
#ifndef HOTPROBE_TYPE_INDEX_H
#define HOTPROBE_TYPE_INDEX_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

struct hotprobe;
struct type_index;

/* A type of vmlinux or, where btf is based on its types, of a module; id 0: none. */
struct type_ref {
	const struct btf *btf;
	uint32_t id;
};

/* Returns 0; -EOPNOTSUPP if the kernel has no BTF; -ENOMEM. */
int type_index_new(struct hotprobe *hp, struct type_index **index);
void type_index_free(struct type_index *index);

/* The named type of that kind (BTF_KIND_), that of a module only if vmlinux has none. */
struct type_ref type_index_find(const struct type_index *index, uint32_t kind, const char *name);

/* Calls fn for each named type of that kind, until it returns non-zero. Returns what fn did last.
 */
typedef int (*type_fn)(void *ctx, struct type_ref type, const char *name);
int type_index_each(const struct type_index *index, uint32_t kind, type_fn fn, void *ctx);

/* "struct filename *NAME", as C declares it; malloc'ed, NULL if memory is out. */
char *type_index_declare(struct type_index *index, struct type_ref type, const char *name);

#endif
