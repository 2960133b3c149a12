/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the types of an image: what they refer to is there, values lie within each other, and
 * reading one by its type takes time and stack that its size bounds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "image.h"

enum {
	DEPTH_MAX = 128, /* C wants 63 structs within each other; arrays and typedefs come on top */
	/* A value has members and elements down to the smallest: so many for each of its bytes
	   (unions have them in the same place, bit-fields in one byte), and some that have none. */
	VALUES_PER_BYTE = 64,
	VALUES_EMPTY = 1 << 16,
};

/* Of each type: how deep others nest in it, and how many values it is made of. */
struct extent {
	uint64_t values;
	uint32_t depth;
};

struct check {
	const struct image *img;
	struct extent *extents;
	uint64_t members, enumerators; /* that types have so far: each belongs to one */
};

static bool good_string(const struct image *img, uint32_t string)
{
	return string < img->count[IMAGE_STRINGS];
}

static bool good_share(const struct image *img, enum image_section_kind kind, uint64_t *used,
		       const struct image_type *t)
{
	*used += t->count;
	return (uint64_t)t->first + t->count <= img->count[kind] && *used <= img->count[kind];
}

static const struct image_type *resolve(const struct image *img, uint32_t index)
{
	while (img->types[index].kind == IMAGE_TYPE_TYPEDEF)
		index = img->types[index].ref;
	return &img->types[index];
}

/* count values of a type are in the type at index. */
static void hold(struct check *check, uint32_t index, uint32_t of, uint32_t count)
{
	struct extent *e = &check->extents[index];
	const struct extent *inner = &check->extents[of];

	uint64_t more;

	if (e->depth <= inner->depth)
		e->depth = inner->depth + 1;
	if (__builtin_mul_overflow(inner->values, count, &more) ||
	    __builtin_add_overflow(e->values, more, &e->values))
		e->values = UINT64_MAX;
}

static const char *check_extent(const struct check *check, uint32_t index)
{
	const struct extent *e = &check->extents[index];

	if (e->depth > DEPTH_MAX)
		return "types are nested too deep";
	if (e->values > (uint64_t)check->img->types[index].size * VALUES_PER_BYTE + VALUES_EMPTY)
		return "a type has too many members and elements for its size";
	return NULL;
}

static bool good_bit_field(const struct image *img, const struct image_member *m)
{
	const struct image_type *t = resolve(img, m->type);

	return (t->kind == IMAGE_TYPE_INT || t->kind == IMAGE_TYPE_ENUM) && m->bit_size <= 64 &&
	       m->bit_size <= t->size * 8;
}

static const char *check_member(const struct image *img, const struct image_type *t, uint32_t index,
				const struct image_member *m)
{
	uint64_t bits;

	if (!good_string(img, m->name))
		return "a member's name is out of range";
	if (m->type >= index)
		return "a member's type does not come before it";
	if (resolve(img, m->type)->kind == IMAGE_TYPE_VOID)
		return "a member is void";
	if (m->bit_size && !good_bit_field(img, m))
		return "a bit-field is no integer, or wider than its type";
	bits = m->bit_size ? m->bit_size : (uint64_t)img->types[m->type].size * 8;
	if (m->bit_offset + bits > (uint64_t)t->size * 8)
		return "a member lies outside its struct";
	if (!m->bit_size && m->bit_offset % 8)
		return "a member does not start on a byte";
	return NULL;
}

static const char *check_members(struct check *check, uint32_t index)
{
	const struct image *img = check->img;
	const struct image_type *t = &img->types[index];

	if (!good_share(img, IMAGE_MEMBERS, &check->members, t))
		return "a type's members are out of range";
	for (uint32_t i = 0; i < t->count; i++) {
		const struct image_member *m = &img->members[t->first + i];
		const char *why = check_member(img, t, index, m);

		if (why)
			return why;
		hold(check, index, m->type, 1);
	}
	return NULL;
}

static const char *check_enumerators(struct check *check, const struct image_type *t)
{
	const struct image *img = check->img;

	if (!good_share(img, IMAGE_ENUMERATORS, &check->enumerators, t))
		return "a type's enumerators are out of range";
	for (uint32_t i = 0; i < t->count; i++)
		if (!good_string(img, img->enumerators[t->first + i].name))
			return "an enumerator's name is out of range";
	return NULL;
}

static const char *check_int(const struct image_type *t)
{
	if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8 && t->size != 16)
		return "an integer's size is odd";
	if ((t->encoding & IMAGE_INT_CHAR) && t->size != 1)
		return "a char has more than a byte";
	if ((t->encoding & IMAGE_INT_BOOL) && t->size > 8)
		return "a bool has more than 8 bytes";
	return NULL;
}

static const char *check_array(struct check *check, uint32_t index)
{
	const struct image *img = check->img;
	const struct image_type *t = &img->types[index];

	if (t->ref >= index)
		return "an array's element type does not come before it";
	if (resolve(img, t->ref)->kind == IMAGE_TYPE_VOID)
		return "an array's elements are void";
	if ((uint64_t)img->types[t->ref].size * t->count != t->size)
		return "an array's size is not that of its elements";
	hold(check, index, t->ref, t->count);
	return NULL;
}

static const char *check_typedef(struct check *check, uint32_t index)
{
	const struct image_type *t = &check->img->types[index];

	if (t->ref >= index || check->img->types[t->ref].size != t->size)
		return "a typedef does not match its type";
	hold(check, index, t->ref, 1);
	return NULL;
}

static const char *check_kind(struct check *check, uint32_t index)
{
	const struct image *img = check->img;
	const struct image_type *t = &img->types[index];

	switch (t->kind) {
	case IMAGE_TYPE_VOID:
		return t->size ? "void has a size" : NULL;
	case IMAGE_TYPE_INT:
		return check_int(t);
	case IMAGE_TYPE_FLOAT:
		return NULL;
	case IMAGE_TYPE_ENUM:
		if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8)
			return "an enum's size is odd";
		return check_enumerators(check, t);
	case IMAGE_TYPE_POINTER:
		if (t->size != 8 || t->ref >= img->count[IMAGE_TYPES])
			return "a pointer is damaged";
		return NULL;
	case IMAGE_TYPE_ARRAY:
		return check_array(check, index);
	case IMAGE_TYPE_TYPEDEF:
		return check_typedef(check, index);
	case IMAGE_TYPE_STRUCT:
	case IMAGE_TYPE_UNION:
		return check_members(check, index);
	}
	return "a type's kind is unknown";
}

static const char *check_type(struct check *check, uint32_t index)
{
	const char *why;

	if (!good_string(check->img, check->img->types[index].name))
		return "a type's name is out of range";
	check->extents[index].values = 1;
	why = check_kind(check, index);
	return why ? why : check_extent(check, index);
}

int image_check_types(const struct image *img, const char **why)
{
	uint32_t count = img->count[IMAGE_TYPES];
	struct check check = {.img = img, .extents = calloc(count + 1, sizeof(*check.extents))};

	if (!check.extents) {
		*why = "memory is out";
		return -ENOMEM;
	}
	*why = NULL;
	for (uint32_t i = 0; i < count && !*why; i++)
		*why = check_type(&check, i);
	free(check.extents);
	return *why ? -EINVAL : 0;
}
