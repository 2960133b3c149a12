/* SPDX-License-Identifier: Apache-2.0 */
/* Reads values out of bytes by the C types that an image holds. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "internal.h"

static const struct image_type *at_index(const struct hotprobe_type *type)
{
	return &type->image->types[type->index];
}

/* The handle's types lie in one array, in the image's order: from one, any other is found. */
static const struct hotprobe_type *sibling(const struct hotprobe_type *type, uint32_t index)
{
	return type - type->index + index;
}

static const struct hotprobe_type *resolve(const struct hotprobe_type *type)
{
	while (at_index(type)->kind == IMAGE_TYPE_TYPEDEF)
		type = sibling(type, at_index(type)->ref);
	return type;
}

static enum hotprobe_kind int_kind(const struct image_type *t)
{
	if (t->encoding & IMAGE_INT_BOOL)
		return HOTPROBE_BOOL;
	if (t->encoding & IMAGE_INT_CHAR)
		return HOTPROBE_CHAR;
	return t->size == 16 ? HOTPROBE_INT128 : HOTPROBE_INT;
}

/* u8 and unsigned char are one type to the compiler: only a char that was called char is text. */
static bool is_text(const struct hotprobe_type *element)
{
	const struct image_type *t = at_index(element);

	return t->kind == IMAGE_TYPE_INT && t->size == 1 && (t->encoding & IMAGE_INT_CHAR);
}

enum hotprobe_kind hotprobe_type_kind(const struct hotprobe_type *type)
{
	const struct image_type *t = at_index(type = resolve(type));

	switch (t->kind) {
	case IMAGE_TYPE_INT:
		return int_kind(t);
	case IMAGE_TYPE_FLOAT:
		return HOTPROBE_FLOAT;
	case IMAGE_TYPE_ENUM:
		return HOTPROBE_ENUM;
	case IMAGE_TYPE_POINTER:
		return HOTPROBE_POINTER;
	case IMAGE_TYPE_ARRAY:
		return is_text(sibling(type, t->ref)) ? HOTPROBE_STRING : HOTPROBE_ARRAY;
	case IMAGE_TYPE_STRUCT:
		return HOTPROBE_STRUCT;
	case IMAGE_TYPE_UNION:
		return HOTPROBE_UNION;
	}
	return HOTPROBE_VOID;
}

static const char *name_at(const struct hotprobe_type *type, uint32_t name)
{
	return image_str(type->image, name);
}

static bool equal_enumerators(const struct hotprobe_type *a, const struct hotprobe_type *b)
{
	const struct image_type *x = at_index(a), *y = at_index(b);

	for (uint32_t i = 0; i < x->count; i++) {
		const struct image_enumerator *m = &a->image->enumerators[x->first + i];
		const struct image_enumerator *n = &b->image->enumerators[y->first + i];

		if (m->value != n->value || strcmp(name_at(a, m->name), name_at(b, n->name)))
			return false;
	}
	return true;
}

/* Members are of types of lower index, so this ends. */
static bool equal_members(const struct hotprobe_type *a, const struct hotprobe_type *b)
{
	const struct image_type *x = at_index(a), *y = at_index(b);

	for (uint32_t i = 0; i < x->count; i++) {
		const struct image_member *m = &a->image->members[x->first + i];
		const struct image_member *n = &b->image->members[y->first + i];

		if (m->bit_offset != n->bit_offset || m->bit_size != n->bit_size ||
		    strcmp(name_at(a, m->name), name_at(b, n->name)) ||
		    !hotprobe_type_equal(sibling(a, m->type), sibling(b, n->type)))
			return false;
	}
	return true;
}

bool hotprobe_type_equal(const struct hotprobe_type *a, const struct hotprobe_type *b)
{
	const struct image_type *x = at_index(a = resolve(a)), *y = at_index(b = resolve(b));

	if (x->kind != y->kind || x->size != y->size || x->encoding != y->encoding ||
	    x->count != y->count)
		return false;
	switch (x->kind) {
	case IMAGE_TYPE_ENUM:
		return equal_enumerators(a, b);
	case IMAGE_TYPE_ARRAY:
		return hotprobe_type_equal(sibling(a, x->ref), sibling(b, y->ref));
	case IMAGE_TYPE_STRUCT:
	case IMAGE_TYPE_UNION:
		return equal_members(a, b);
	default:
		return true;
	}
}

size_t hotprobe_type_size(const struct hotprobe_type *type)
{
	return at_index(type)->size;
}

const char *hotprobe_type_name(const struct hotprobe_type *type)
{
	return image_str(type->image, at_index(type)->name);
}

size_t hotprobe_type_count(const struct hotprobe_type *type)
{
	const struct image_type *t = at_index(resolve(type));

	switch (t->kind) {
	case IMAGE_TYPE_ARRAY:
	case IMAGE_TYPE_STRUCT:
	case IMAGE_TYPE_UNION:
		return t->count;
	}
	return 0;
}

static uint64_t load(const void *data, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, data, size); /* little-endian, as the image is */
	return value;
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
	return bits < 64 ? (int64_t)(value << (64 - bits)) >> (64 - bits) : (int64_t)value;
}

static void set_integer(struct hotprobe_value *v, uint64_t raw, unsigned bits)
{
	if (v->is_signed)
		v->i = sign_extend(raw, bits);
	else
		v->u = raw;
}

static void read_integer(struct hotprobe_value *v)
{
	set_integer(v, load(v->data, v->size), (unsigned)v->size * 8);
}

static void read_float(struct hotprobe_value *v)
{
	float f;

	v->f = 0;
	if (v->size == sizeof(f)) {
		memcpy(&f, v->data, sizeof(f));
		v->f = f;
	} else if (v->size == sizeof(v->f)) {
		memcpy(&v->f, v->data, sizeof(v->f));
	}
}

static void read_enumerator(struct hotprobe_value *v)
{
	const struct hotprobe_type *type = resolve(v->type);
	const struct image_type *t = at_index(type);
	uint64_t wanted = v->is_signed ? (uint64_t)v->i : v->u;

	v->enumerator = NULL;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct image_enumerator *e = &type->image->enumerators[t->first + i];

		if (e->value == wanted) {
			v->enumerator = image_str(type->image, e->name);
			return;
		}
	}
}

/* A bit-field may span up to nine bytes, and its declared type may reach beyond the struct. */
static void read_bits(struct hotprobe_value *v)
{
	unsigned bytes = (v->bit_offset + v->bit_size + 7) / 8;
	unsigned __int128 raw = 0;
	uint64_t value;

	memcpy(&raw, v->data, bytes);
	value = (uint64_t)(raw >> v->bit_offset);
	if (v->bit_size < 64)
		value &= (1ULL << v->bit_size) - 1;
	set_integer(v, value, v->bit_size);
	if (v->kind == HOTPROBE_INT128)
		v->u128.high = v->is_signed && v->i < 0 ? UINT64_MAX : 0;
}

/* How much it is; the rest is known. */
static void read_amount(struct hotprobe_value *v)
{
	if (v->bit_size) {
		read_bits(v);
		if (v->kind == HOTPROBE_ENUM)
			read_enumerator(v);
		return;
	}
	switch (v->kind) {
	case HOTPROBE_INT:
	case HOTPROBE_CHAR:
	case HOTPROBE_BOOL:
	case HOTPROBE_POINTER:
		read_integer(v);
		break;
	case HOTPROBE_ENUM:
		read_integer(v);
		read_enumerator(v);
		break;
	case HOTPROBE_INT128:
		v->u128.low = load(v->data, 8);
		v->u128.high = load((const char *)v->data + 8, 8);
		break;
	case HOTPROBE_FLOAT:
		read_float(v);
		break;
	case HOTPROBE_STRING:
		v->string.text = v->data;
		v->string.length = strnlen(v->data, v->size);
		break;
	default:
		break;
	}
}

/* v has its type, data and size, and its bits if it is a bit-field; fills in the rest. */
static void read_value(struct hotprobe_value *v)
{
	const struct image_type *t = at_index(resolve(v->type));

	v->kind = hotprobe_type_kind(v->type);
	v->is_signed = (t->kind == IMAGE_TYPE_INT || t->kind == IMAGE_TYPE_ENUM) &&
		       (t->encoding & IMAGE_INT_SIGNED);
	read_amount(v);
}

void hotprobe_reread(struct hotprobe_value *value, const void *data)
{
	value->data = data;
	read_amount(value);
}

int hotprobe_read(const struct hotprobe_type *type, const void *data, size_t size,
		  struct hotprobe_value *value)
{
	*value = (struct hotprobe_value){
		.type = type,
		.name = "",
		.data = data,
		.size = at_index(type)->size,
	};
	if (size < value->size)
		return -EINVAL;
	read_value(value);
	return 0;
}

static int struct_member(const struct hotprobe_value *value, const struct hotprobe_type *type,
			 size_t index, struct hotprobe_value *member)
{
	const struct image_type *t = at_index(type);
	const struct image_member *m;

	if (index >= t->count)
		return -ERANGE;
	m = &type->image->members[t->first + index];
	*member = (struct hotprobe_value){
		.type = sibling(type, m->type),
		.name = image_str(type->image, m->name),
		.size = type->image->types[m->type].size,
	};
	member->data = (const char *)value->data + m->bit_offset / 8;
	member->bit_size = m->bit_size;
	member->bit_offset = m->bit_size ? m->bit_offset % 8 : 0;
	read_value(member);
	return 0;
}

static int array_element(const struct hotprobe_value *value, const struct hotprobe_type *type,
			 size_t index, struct hotprobe_value *element)
{
	const struct image_type *t = at_index(type);

	if (index >= t->count)
		return -ERANGE;
	*element = (struct hotprobe_value){
		.type = sibling(type, t->ref),
		.name = "",
		.size = type->image->types[t->ref].size,
	};
	element->data = (const char *)value->data + index * element->size;
	read_value(element);
	return 0;
}

int hotprobe_member(const struct hotprobe_value *value, size_t index, struct hotprobe_value *member)
{
	const struct hotprobe_type *type = resolve(value->type);

	switch (at_index(type)->kind) {
	case IMAGE_TYPE_STRUCT:
	case IMAGE_TYPE_UNION:
		return struct_member(value, type, index, member);
	case IMAGE_TYPE_ARRAY:
		return array_element(value, type, index, member);
	}
	return -EINVAL;
}

static bool is_record(const struct hotprobe_value *v)
{
	return v->kind == HOTPROBE_STRUCT || v->kind == HOTPROBE_UNION;
}

/* Members of anonymous structs and unions belong to the struct around them, as in C. */
static int find_member(const struct hotprobe_value *value, const char *name, size_t length,
		       struct hotprobe_value *found)
{
	struct hotprobe_value member;

	for (size_t i = 0; !hotprobe_member(value, i, &member); i++) {
		if (strlen(member.name) == length && !memcmp(member.name, name, length)) {
			*found = member;
			return 0;
		}
		if (!*member.name && is_record(&member) &&
		    !find_member(&member, name, length, found))
			return 0;
	}
	return -ENOENT;
}

static int parse_index(const char **path, size_t *index)
{
	const char *at = *path + 1;
	size_t n = 0;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (n > UINT_MAX)
			return -ERANGE;
		n = n * 10 + (*at - '0');
	}
	if (*at != ']')
		return -EINVAL;
	*path = at + 1;
	*index = n;
	return 0;
}

/* One step along the path: a name, with the dot before it unless it is the first, or an index. */
static int walk(struct hotprobe_value *value, const char **path, bool first)
{
	struct hotprobe_value outer = *value;
	size_t length, index;
	int err;

	if (**path == '[') {
		err = parse_index(path, &index);
		if (err)
			return err;
		if (outer.kind != HOTPROBE_ARRAY && outer.kind != HOTPROBE_STRING)
			return -ENOENT;
		return hotprobe_member(&outer, index, value);
	}
	if (!first && *(*path)++ != '.')
		return -EINVAL;
	length = strcspn(*path, ".[");
	if (!length)
		return -EINVAL;
	if (!is_record(&outer))
		return -ENOENT;
	err = find_member(&outer, *path, length, value);
	*path += length;
	return err;
}

int hotprobe_field(const struct hotprobe_type *type, const void *data, size_t size,
		   const char *path, struct hotprobe_value *value)
{
	int err = hotprobe_read(type, data, size, value);

	for (bool first = true; !err && *path; first = false)
		err = walk(value, &path, first);
	return err;
}

/* Cut to what an integer holds; 0 for NaN. */
static int64_t float_to_int(double f)
{
	if (f >= 0x1p63)
		return INT64_MAX;
	return f > -0x1p63 ? (int64_t)f : f <= -0x1p63 ? INT64_MIN : 0;
}

int64_t hotprobe_field_int(const struct hotprobe_type *type, const void *data, size_t size,
			   const char *path)
{
	struct hotprobe_value v;

	if (!type || hotprobe_field(type, data, size, path, &v))
		return 0;
	switch (v.kind) {
	case HOTPROBE_INT:
	case HOTPROBE_BOOL:
	case HOTPROBE_CHAR:
	case HOTPROBE_ENUM:
	case HOTPROBE_POINTER:
		return v.i;
	case HOTPROBE_INT128:
		return (int64_t)v.u128.low;
	case HOTPROBE_FLOAT:
		return float_to_int(v.f);
	default:
		return 0;
	}
}

const char *hotprobe_field_string(const struct hotprobe_type *type, const void *data, size_t size,
				  const char *path, char *buf, size_t buf_size)
{
	struct hotprobe_value v;
	size_t length = 0;

	if (!buf_size)
		return "";
	if (type && !hotprobe_field(type, data, size, path, &v) && v.kind == HOTPROBE_STRING) {
		length = v.string.length < buf_size - 1 ? v.string.length : buf_size - 1;
		memcpy(buf, v.string.text, length);
	}
	buf[length] = '\0';
	return buf;
}
