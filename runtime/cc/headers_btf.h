/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads BTF: the kernel's, and on top of it that of modules.
 *
 * libbpf could do it, but takes several passes over what is needed here in one, and it is the
 * largest part of making the headers. Nothing in the file is trusted: ids are checked where they
 * are followed, records and strings when the file is read.
 *
 * Types have one row of ids: first the kernel's, then those of each module in the order added.
 */
#ifndef HOTPROBE_CC_HEADERS_BTF_H
#define HOTPROBE_CC_HEADERS_BTF_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf_part {
	const char *types;
	const char *strings; /* the last byte, if any, is a NUL */
	uint32_t types_size, strings_size;
	uint32_t first, count; /* ids */
};

struct btf_names {
	struct {
		uint32_t hash;
		uint32_t id; /* the first type of that name; 0 if the slot is free */
	} * slots;
	size_t slot_count, count;
};

struct headers_btf {
	struct btf_part *parts;
	size_t part_count;
	uint32_t count;	   /* of types; the ids are 0 (void) to count - 1 */
	uint32_t *offsets; /* of each type in its part's types */
	uint32_t *same;	   /* another type of the same name and namespace, 0 if none */
	struct btf_names tags, typedefs;
	uint32_t *enums; /* ids of all enums, named or not */
	size_t enum_count;
	bool has_signs; /* of enums; without (before Linux 6.0) every value is one of int */
};

/* A member of a struct or union. */
struct btf_field {
	const char *name; /* "" if it has none */
	uint32_t type;
	uint64_t bit_offset;
	uint32_t bit_size; /* 0 if it is no bit-field */
};

/*
 * Adds the BTF in a file (raw, or the .BTF section of an ELF file): the first one is the
 * kernel's, the others are split BTF upon it. Returns 0, a negative errno, or -EINVAL with *why
 * if the BTF is damaged.
 */
int btf_add_file(struct headers_btf *btf, const char *path, const char **why);
/* The same for a file in memory, which has to stay; aligned to 4. */
int btf_add(struct headers_btf *btf, const void *data, size_t size, const char **why);
/* The same from a descriptor, which stays the caller's. */
int btf_add_fd(struct headers_btf *btf, int fd, const char **why);

/* Of an id that does not exist, void: kind 0, no name, no members. */
const struct btf_type *btf_at(const struct headers_btf *btf, uint32_t id);
const char *btf_name(const struct headers_btf *btf, uint32_t id);
/* The id that the type id itself refers to (info: pointee, element, return type...). */
uint32_t btf_ref(const struct headers_btf *btf, uint32_t id);
struct btf_field btf_field_at(const struct headers_btf *btf, uint32_t id, uint32_t index);
/* An enumerator's name, and its value, sign-extended where the enum is signed. */
const char *btf_enumerator(const struct headers_btf *btf, uint32_t id, uint32_t index,
			   int64_t *value);
const struct btf_array *btf_array_at(const struct headers_btf *btf, uint32_t id);
/* Skips typedefs, qualifiers and tags. */
uint32_t btf_resolve(const struct headers_btf *btf, uint32_t id);
/* Size in bytes; 0 where a type has none. */
uint64_t btf_size(const struct headers_btf *btf, uint32_t id);

/* The first struct, union or enum of that name, or the typedef; 0 if there is none. The others
   of the same name follow in btf->same. */
uint32_t btf_find_tag(const struct headers_btf *btf, const char *name, size_t size);
uint32_t btf_find_typedef(const struct headers_btf *btf, const char *name, size_t size);
/*
 * Finds a member by name in a struct or union, in anonymous ones inside it too, and, if deep, in
 * all that it holds by value. Its bit_offset is that from the outermost.
 */
bool btf_find_field(const struct headers_btf *btf, uint32_t id, const char *name, size_t size,
		    bool deep, struct btf_field *field);

static inline uint32_t btf_kind(const struct btf_type *type)
{
	return BTF_INFO_KIND(type->info);
}

static inline uint32_t btf_vlen(const struct btf_type *type)
{
	return BTF_INFO_VLEN(type->info);
}

static inline bool btf_is_composite(const struct btf_type *type)
{
	return btf_kind(type) == BTF_KIND_STRUCT || btf_kind(type) == BTF_KIND_UNION;
}

static inline bool btf_is_enum(const struct btf_type *type)
{
	return btf_kind(type) == BTF_KIND_ENUM || btf_kind(type) == BTF_KIND_ENUM64;
}

#endif
