/* SPDX-License-Identifier: Apache-2.0 */
/* The BTF may be anyone's file: what it nests or repeats without end is cut. */
#include "btf_text.h"

#include <string.h>

enum {
	CHAIN_MAX = 64,	    /* of typedefs and qualifiers */
	DEPTH_MAX = 16,	    /* of structs in structs, pointers to pointers */
	LAYOUT_MAX = 65536, /* bytes of text */
};

static const struct btf_type *at(const struct btf *btf, uint32_t id)
{
	static const struct btf_type none;
	const struct btf_type *type = btf__type_by_id(btf, id);

	return type ? type : &none;
}

static const char *name_at(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static bool is_transparent(const struct btf_type *type)
{
	return btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type);
}

uint32_t btf_text_resolve(const struct btf *btf, uint32_t id)
{
	for (int i = 0; i < CHAIN_MAX && is_transparent(at(btf, id)); i++)
		id = at(btf, id)->type;
	return id;
}

/* The typedef nearest to what it stands for: all that a struct without a tag is known by. */
static const char *typedef_name(const struct btf *btf, uint32_t id)
{
	const char *name = "";

	for (int i = 0; i < CHAIN_MAX && is_transparent(at(btf, id)); i++) {
		if (btf_is_typedef(at(btf, id)))
			name = name_at(btf, at(btf, id)->name_off);
		id = at(btf, id)->type;
	}
	return name;
}

/* ---- Types ------------------------------------------------------------------------------------
 */

static void put_integer(FILE *out, const struct btf *btf, const struct btf_type *type)
{
	const char *name = name_at(btf, type->name_off);
	int encoding = btf_int_encoding(type);

	/* Whether a char has a sign is the compiler's flag, not the kernel's choice. */
	if (!strcmp(name, "char") || encoding & BTF_INT_BOOL)
		fputs(encoding & BTF_INT_BOOL ? "bool" : "char", out);
	else
		fprintf(out, "%c%u", encoding & BTF_INT_SIGNED ? 's' : 'u', type->size * 8);
}

static void put_record(FILE *out, const struct btf *btf, uint32_t named, uint32_t id, bool pointed)
{
	const struct btf_type *type = at(btf, id);
	const char *word =
		btf_is_union(type) || (btf_is_fwd(type) && btf_kflag(type)) ? "union" : "struct";

	if (type->name_off)
		fprintf(out, "%s %s", word, name_at(btf, type->name_off));
	else if (*typedef_name(btf, named))
		fputs(typedef_name(btf, named), out);
	else if (pointed)
		fputs(word, out);
	else
		fprintf(out, "%s of %u bytes", word, type->size);
}

static void put_type(FILE *out, const struct btf *btf, uint32_t named, bool pointed, int depth)
{
	uint32_t id = btf_text_resolve(btf, named);
	const struct btf_type *type = at(btf, id);

	if (depth > DEPTH_MAX) {
		fputs("...", out);
		return;
	}
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		put_integer(out, btf, type);
		break;
	case BTF_KIND_PTR:
		put_type(out, btf, type->type, true, depth + 1);
		fputs(pointed ? "*" : " *", out);
		break;
	case BTF_KIND_ARRAY:
		put_type(out, btf, btf_array(type)->type, pointed, depth + 1);
		fprintf(out, "[%u]", btf_array(type)->nelems);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_FWD:
		put_record(out, btf, named, id, pointed);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		fprintf(out, "enum of %u bytes", type->size);
		break;
	case BTF_KIND_FUNC_PROTO:
		fputs("function", out);
		break;
	case BTF_KIND_FLOAT:
		fprintf(out, "float of %u bytes", type->size);
		break;
	default:
		fputs("void", out);
	}
}

void btf_text_type(FILE *out, const struct btf *btf, uint32_t id)
{
	put_type(out, btf, id, false, 0);
}

void btf_text_place(FILE *out, const struct btf *btf, const struct btf_text_member *member)
{
	btf_text_type(out, btf, member->type);
	if (member->bit_size)
		fprintf(out, ":%u", member->bit_size);
	if (member->bit_offset % 8 || member->bit_size)
		fprintf(out, " at bit %u", member->bit_offset);
	else
		fprintf(out, " at byte %u", member->bit_offset / 8);
}

void btf_text_prototype(FILE *out, const struct btf *btf, uint32_t id, uint32_t skip,
			uint32_t count)
{
	const struct btf_type *type = at(btf, btf_text_resolve(btf, id));
	const struct btf_param *params = btf_params(type);

	if (!btf_is_func_proto(type))
		return;
	if (count == UINT32_MAX) {
		btf_text_type(out, btf, type->type);
		fputc(' ', out);
	}
	fputc('(', out);
	for (uint32_t i = skip; i < btf_vlen(type) && i - skip < count; i++) {
		if (i > skip)
			fputs(", ", out);
		btf_text_type(out, btf, params[i].type);
	}
	fputc(')', out);
}

/* ---- Members ----------------------------------------------------------------------------------
 */

struct search {
	const char *name;
	size_t size;
	bool deep; /* in what has a name, too */
};

static bool find(const struct btf *btf, uint32_t id, const struct search *search, int depth,
		 struct btf_text_member *found)
{
	const struct btf_type *type = at(btf, id);
	const struct btf_member *member = btf_members(type);

	if (!btf_is_composite(type) || depth > DEPTH_MAX)
		return false;
	for (uint32_t i = 0; i < btf_vlen(type); i++, member++) {
		const char *other = name_at(btf, member->name_off);
		uint32_t offset = btf_member_bit_offset(type, i);

		if (!strncmp(other, search->name, search->size) && !other[search->size]) {
			*found = (struct btf_text_member){member->type, offset,
							  btf_member_bitfield_size(type, i)};
			return true;
		}
		if ((*other && !search->deep) ||
		    !find(btf, btf_text_resolve(btf, member->type), search, depth + 1, found))
			continue;
		found->bit_offset += offset;
		return true;
	}
	return false;
}

bool btf_text_find(const struct btf *btf, uint32_t id, const char *path,
		   struct btf_text_member *member)
{
	struct search search = {.deep = *path == '~'};
	uint32_t offset = 0;

	path += search.deep;
	*member = (struct btf_text_member){.type = id};
	for (;;) {
		search.name = path;
		search.size = strcspn(path, ".[");
		if (!search.size ||
		    !find(btf, btf_text_resolve(btf, member->type), &search, 0, member))
			return false;
		search.deep = false;
		member->bit_offset += offset;
		offset = member->bit_offset;
		for (path += search.size; *path == '['; path += strlen("[]")) {
			const struct btf_type *type = at(btf, btf_text_resolve(btf, member->type));

			if (!btf_is_array(type) || path[1] != ']')
				return false;
			member->type = btf_array(type)->type;
		}
		if (!*path)
			return true;
		path++;
	}
}

/* A part of a layout: prefix is the path to the struct, base its place. */
static void put_layout(FILE *out, const struct btf *btf, uint32_t id, const char *prefix,
		       uint32_t base, int depth)
{
	const struct btf_type *type = at(btf, id);
	const struct btf_member *members = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type) && ftell(out) < LAYOUT_MAX; i++) {
		const char *name = name_at(btf, members[i].name_off);
		uint32_t inner = btf_text_resolve(btf, members[i].type);
		struct btf_text_member member = {members[i].type,
						 base + btf_member_bit_offset(type, i),
						 btf_member_bitfield_size(type, i)};
		char path[256];

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix && *name ? "." : "", name);
		if (btf_is_composite(at(btf, inner)) && depth < DEPTH_MAX) {
			put_layout(out, btf, inner, path, member.bit_offset, depth + 1);
			continue;
		}
		fprintf(out, "%s: ", path);
		btf_text_place(out, btf, &member);
		fputs("; ", out);
	}
}

void btf_text_layout(FILE *out, const struct btf *btf, uint32_t id)
{
	put_layout(out, btf, id, "", 0, 0);
	fprintf(out, "%u bytes", at(btf, id)->size);
}
