/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes types as C.
 *
 * The compiler has to lay a struct out as the kernel's did: where it would not by itself, padding
 * members and the packed attribute make it. BPF programs only read kernel memory, so qualifiers
 * are left out, and a function pointer is void (*)(void): nothing can be called through it.
 * Tags need no declaration before a pointer member names them.
 */
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "headers_cut.h"
#include "headers_lex.h"

/* Anonymous structs within each other are written where they are: damaged BTF could double them with
   each level. Bytes of text for each byte of BTF, and some more. */
enum { MAX_CHAIN = 64, MAX_DEPTH = 32, TEXT_PER_BYTE = 64, TEXT_MORE = 1 << 16 };

struct emit {
	struct cut *cut;
	const struct headers_btf *btf;
	struct text *out;
	unsigned gaps; /* each needs a name of its own */
	size_t most;   /* bytes of text */
};

/* ---- Names --------------------------------------------------------------------------------- */

/*
 * A type has the name that the source knows it by if it is the one chosen for that name. A
 * namesake, and the kernel's version of what is defined elsewhere, get one of their own. A
 * pointer to the latter keeps the name, so that what the source defines fits.
 */
static void put_tag(struct emit *e, uint32_t id, bool by_value)
{
	const char *name = btf_name(e->btf, id);

	text_puts(e->out, name);
	if (cut_tag(e->cut, name, strlen(name)) != id)
		text_printf(e->out, "___%" PRIu32, id);
	else if (by_value && cut_foreign_tag(e->cut, name))
		text_puts(e->out, "___kernel");
}

static void put_typedef(struct emit *e, uint32_t id)
{
	const char *name = btf_name(e->btf, id);

	text_puts(e->out, name);
	if (btf_find_typedef(e->btf, name, strlen(name)) != id)
		text_printf(e->out, "___%" PRIu32, id);
	else if (words_flags(e->cut->words, name) & WORD_DEF_NAME)
		text_puts(e->out, "___kernel");
}

/* Typedefs that libbcc's headers, or the tree's first lines, have under the same name. */
static bool is_known_typedef(const struct emit *e, const char *name)
{
	return (words_flags(e->cut->words, name) & (WORD_BCC_NAME | WORD_DEF_NAME)) ==
		       WORD_BCC_NAME ||
	       !strncmp(name, "__builtin_", strlen("__builtin_"));
}

static bool is_anonymous(const struct emit *e, uint32_t id)
{
	return !is_identifier(btf_name(e->btf, id));
}

/* An enum is worth its name if one of its enumerators is needed. */
static bool is_emitted_enum(const struct emit *e, uint32_t id)
{
	return e->cut->state[id] & CUT_WANTED && !is_anonymous(e, id) &&
	       !cut_foreign_tag(e->cut, btf_name(e->btf, id));
}

/* ---- Layout -------------------------------------------------------------------------------- */

static void lay_out(struct emit *e, uint32_t id, int depth);

/* Alignment in bytes that the compiler gives to a type. */
static uint64_t alignment(struct emit *e, uint32_t id, int depth)
{
	const struct btf_type *type;

	for (int i = 0; i < MAX_CHAIN; i++) {
		id = btf_resolve(e->btf, id);
		if (btf_kind(btf_at(e->btf, id)) != BTF_KIND_ARRAY)
			break;
		id = btf_ref(e->btf, id);
	}
	type = btf_at(e->btf, id);
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		return sizeof(void *);
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		if (type->size > 8)
			return 16;
		return type->size == 2 || type->size == 4 || type->size == 8 ? type->size : 1;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		lay_out(e, id, depth + 1);
		return e->cut->align[id] ? e->cut->align[id] : 1;
	}
	return 1;
}

/* Finds a struct's alignment, and whether it is that only when packed. */
static void lay_out(struct emit *e, uint32_t id, int depth)
{
	const struct btf_type *type = btf_at(e->btf, id);
	uint64_t align = 1;
	bool packed = false;

	if (e->cut->state[id] & CUT_LAID_OUT || depth > MAX_DEPTH)
		return;
	e->cut->state[id] |= CUT_LAID_OUT; /* before the members: it ends cycles */
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct btf_field field = btf_field_at(e->btf, id, i);
		uint64_t a = alignment(e, field.type, depth);

		if (a > align)
			align = a;
		packed |= !field.bit_size && field.bit_offset % (8 * a);
	}
	if (packed || type->size % align) {
		e->cut->state[id] |= CUT_PACKED;
		align = 1;
	}
	e->cut->align[id] = (unsigned char)align;
}

/* ---- Declarators --------------------------------------------------------------------------- */

static void put_members(struct emit *e, uint32_t id, int depth);

static void put_int(struct emit *e, uint64_t size, bool is_signed)
{
	const char *name = size == 1	? "char"
			   : size == 2	? "short"
			   : size == 4	? "int"
			   : size == 8	? "long long"
			   : size == 16 ? "__int128"
					: NULL;

	if (!name)
		text_printf(e->out, "struct { char bytes[%" PRIu64 "]; }", size);
	else
		text_printf(e->out, "%s%s", is_signed ? size == 1 ? "signed " : "" : "unsigned ",
			    name);
}

/* An integer by the name that the compiler recorded, if that is made of C's own words. */
static void put_base(struct emit *e, uint32_t id)
{
	static const char *const words[] = {"char",   "short", "int",	   "long",  "unsigned",
					    "signed", "_Bool", "__int128", "float", "double"};
	const struct btf_type *type = btf_at(e->btf, id);
	const char *name = btf_name(e->btf, id), *p = name;
	size_t i, n;

	do {
		n = strcspn(p, " ");
		for (i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strlen(words[i]) == n && !memcmp(words[i], p, n))
				break;
		if (i == sizeof(words) / sizeof(*words)) {
			put_int(e, type->size,
				btf_kind(type) == BTF_KIND_INT &&
					BTF_INT_ENCODING(*(const uint32_t *)(type + 1)) &
						BTF_INT_SIGNED);
			return;
		}
		p += n;
		p += *p == ' ';
	} while (*p);
	text_puts(e->out, name);
}

/* The type that a declaration begins with; by_value is false behind a pointer. */
static void put_specifier(struct emit *e, uint32_t id, bool by_value, int depth)
{
	const struct btf_type *type = btf_at(e->btf, id);

	switch (btf_kind(type)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
		put_base(e, id);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		if (is_emitted_enum(e, id)) {
			text_puts(e->out, "enum ");
			put_tag(e, id, true);
		} else {
			put_int(e, type->size, BTF_INFO_KFLAG(type->info));
		}
		break;
	case BTF_KIND_TYPEDEF:
		put_typedef(e, id);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		text_puts(e->out, btf_kind(type) == BTF_KIND_UNION ? "union " : "struct ");
		if (is_anonymous(e, id))
			put_members(e, id, depth + 1);
		else
			put_tag(e, id, by_value);
		break;
	case BTF_KIND_FWD:
		if (is_anonymous(e, id)) {
			text_puts(e->out, "void");
			break;
		}
		text_printf(e->out, "%s %s", BTF_INFO_KFLAG(type->info) ? "union" : "struct",
			    btf_name(e->btf, id));
		break;
	default:
		text_puts(e->out, "void");
	}
}

static bool is_qualifier(uint32_t kind)
{
	return kind == BTF_KIND_CONST || kind == BTF_KIND_VOLATILE || kind == BTF_KIND_RESTRICT ||
	       kind == BTF_KIND_TYPE_TAG;
}

/*
 * int (*name)[4]: BTF goes from the name outwards, and ends with what C begins with. So the
 * pointers, arrays and functions on the way are collected first.
 */
static void put_declaration(struct emit *e, uint32_t id, const char *name, int depth)
{
	uint32_t way[MAX_CHAIN], kind[MAX_CHAIN + 1], count = 0;
	bool by_value = true;

	for (int steps = 0;; steps++) {
		uint32_t k = btf_kind(btf_at(e->btf, id));

		if (steps == MAX_CHAIN) {
			id = 0;
			break;
		}
		if (k == BTF_KIND_PTR || k == BTF_KIND_ARRAY || k == BTF_KIND_FUNC_PROTO) {
			by_value &= k == BTF_KIND_ARRAY;
			kind[count] = k;
			way[count++] = id;
		} else if (!is_qualifier(k)) {
			break;
		}
		id = k == BTF_KIND_FUNC_PROTO ? 0 : btf_ref(e->btf, id);
	}
	kind[count] = BTF_KIND_UNKN;
	put_specifier(e, id, by_value, depth);
	text_puts(e->out, " ");
	for (uint32_t i = count; i-- > 0;)
		if (kind[i] == BTF_KIND_PTR)
			text_puts(e->out, kind[i + 1] == BTF_KIND_ARRAY ||
							  kind[i + 1] == BTF_KIND_FUNC_PROTO
						  ? "(*"
						  : "*");
	text_puts(e->out, name);
	for (uint32_t i = 0; i < count; i++) {
		if (kind[i] == BTF_KIND_ARRAY)
			text_printf(e->out, "[%" PRIu32 "]", btf_array_at(e->btf, way[i])->nelems);
		else if (kind[i] == BTF_KIND_FUNC_PROTO)
			text_puts(e->out, "(void)");
		else if (kind[i + 1] == BTF_KIND_ARRAY || kind[i + 1] == BTF_KIND_FUNC_PROTO)
			text_puts(e->out, ")");
	}
}

/* ---- Structs and unions -------------------------------------------------------------------- */

/* Fills the bits between two members: up to a byte, whole bytes, the rest. */
static void put_padding(struct emit *e, uint64_t from, uint64_t to)
{
	uint64_t bits = (8 - from % 8) % 8;

	if (bits > to - from)
		bits = to - from;
	if (bits)
		text_printf(e->out, "unsigned char : %" PRIu64 ";\n", bits);
	from += bits;
	if (to - from >= 8)
		text_printf(e->out, "char __gap%u[%" PRIu64 "];\n", e->gaps++, (to - from) / 8);
	if ((to - from) % 8)
		text_printf(e->out, "unsigned char : %" PRIu64 ";\n", (to - from) % 8);
}

static uint64_t round_up(uint64_t bits, uint64_t align)
{
	return (bits + align - 1) / align * align;
}

/* Where the compiler puts a member that comes after the first at bits. */
static uint64_t natural_offset(struct emit *e, const struct btf_field *field, uint64_t at,
			       bool packed, int depth)
{
	uint64_t unit;

	if (!field->bit_size)
		return round_up(at, packed ? 8 : 8 * alignment(e, field->type, depth));
	unit = 8 * btf_size(e->btf, field->type);
	if (packed || !unit || at / unit == (at + field->bit_size - 1) / unit)
		return at;
	return round_up(at, unit);
}

static uint64_t field_bits(const struct emit *e, const struct btf_field *field)
{
	return field->bit_size ? field->bit_size : 8 * btf_size(e->btf, field->type);
}

static void put_field(struct emit *e, const struct btf_field *field, const char *name, int depth)
{
	uint32_t type = field->type;

	/* A tagged struct without a name (-fms-extensions) shows its members, as an anonymous
	   one does. */
	if (!*name && btf_is_composite(btf_at(e->btf, btf_resolve(e->btf, type)))) {
		type = btf_resolve(e->btf, type);
		text_puts(e->out,
			  btf_kind(btf_at(e->btf, type)) == BTF_KIND_UNION ? "union " : "struct ");
		put_members(e, type, depth + 1);
	} else {
		put_declaration(e, type, name, depth);
	}
	if (field->bit_size)
		text_printf(e->out, " : %" PRIu32, field->bit_size);
	text_puts(e->out, ";\n");
}

/* False if the members can't be where BTF says. */
static bool is_sound(const struct emit *e, uint32_t id)
{
	const struct btf_type *type = btf_at(e->btf, id);
	bool is_union = btf_kind(type) == BTF_KIND_UNION;
	uint64_t at = 0;

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct btf_field field = btf_field_at(e->btf, id, i);
		uint64_t bits = field_bits(e, &field);

		if (field.bit_offset < at || field.bit_offset + bits > 8 * (uint64_t)type->size ||
		    (is_union && field.bit_offset) ||
		    (field.bit_size && field.bit_size > 8 * btf_size(e->btf, field.type)) ||
		    (!field.bit_size && field.bit_offset % 8) ||
		    (*field.name && !is_identifier(field.name)))
			return false;
		at = is_union ? 0 : field.bit_offset + bits;
	}
	return true;
}

static void put_fields(struct emit *e, uint32_t id, int depth)
{
	const struct btf_type *type = btf_at(e->btf, id);
	bool packed = e->cut->state[id] & CUT_PACKED;
	uint64_t at = 0, size = 8 * (uint64_t)type->size, align = 8 * (uint64_t)e->cut->align[id];
	bool is_union = btf_kind(type) == BTF_KIND_UNION;

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct btf_field field = btf_field_at(e->btf, id, i);
		uint64_t end = field.bit_offset + field_bits(e, &field);

		if (!is_union && natural_offset(e, &field, at, packed, depth) != field.bit_offset)
			put_padding(e, at, field.bit_offset);
		put_field(e, &field, field.name, depth);
		if (end > at)
			at = end;
	}
	if (round_up(at, align ? align : 8) == size)
		return;
	if (is_union)
		text_printf(e->out, "char __size[%" PRIu32 "];\n", type->size);
	else
		put_padding(e, at, size);
}

static void put_aliases(struct emit *e, uint32_t id, int depth)
{
	for (size_t i = 0; i < e->cut->alias_count; i++) {
		const struct alias *alias = &e->cut->aliases[i];
		char name[128];

		if (alias->type != id || alias->name_size >= sizeof(name))
			continue;
		memcpy(name, alias->name, alias->name_size);
		name[alias->name_size] = '\0';
		text_puts(e->out, "struct {\n");
		if (alias->field.bit_offset)
			put_padding(e, 0, alias->field.bit_offset);
		put_field(e, &alias->field, name, depth);
		text_puts(e->out, "};\n");
	}
}

/* The body of a struct or union, from its opening brace to its attribute. */
static void put_members(struct emit *e, uint32_t id, int depth)
{
	const struct btf_type *type = btf_at(e->btf, id);
	bool has_aliases = e->cut->state[id] & CUT_ALIAS;

	lay_out(e, id, 0);
	if (depth > MAX_DEPTH || e->out->size > e->most || !is_sound(e, id)) {
		text_printf(e->out, "{ char __opaque[%" PRIu32 "]; }", type->size);
		return;
	}
	text_puts(e->out, "{\n");
	if (has_aliases)
		text_puts(e->out, "union {\nstruct {\n");
	put_fields(e, id, depth);
	if (has_aliases) {
		text_puts(e->out, "};\n");
		put_aliases(e, id, depth);
		text_puts(e->out, "};\n");
	}
	text_puts(e->out, "}");
	if (e->cut->state[id] & CUT_PACKED)
		text_puts(e->out, " __attribute__((packed))");
}

/* ---- Definitions --------------------------------------------------------------------------- */

static void define(struct emit *e, uint32_t id, int depth);

/* Defines what has to be there before a declaration of this type: with by_value, all of it. */
static void define_parts(struct emit *e, uint32_t id, bool by_value, int depth)
{

	for (int steps = 0; steps < MAX_CHAIN; steps++) {
		const struct btf_type *type = btf_at(e->btf, id);

		switch (btf_kind(type)) {
		case BTF_KIND_PTR:
			by_value = false;
			break;
		case BTF_KIND_ARRAY: /* even behind a pointer */
			by_value = true;
			break;
		case BTF_KIND_TYPEDEF:
			define(e, id, depth + 1);
			if (!by_value)
				return;
			break;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			if (by_value || is_anonymous(e, id))
				define(e, id, depth + 1);
			return;
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			define(e, id, depth + 1);
			return;
		case BTF_KIND_FUNC_PROTO:
			return;
		}
		id = btf_ref(e->btf, id);
		if (!id)
			return;
	}
}

static void define_composite(struct emit *e, uint32_t id, int depth)
{
	const struct btf_type *type = btf_at(e->btf, id);

	for (uint32_t i = 0; i < btf_vlen(type); i++)
		define_parts(e, btf_field_at(e->btf, id, i).type, true, depth);
	if (is_anonymous(e, id))
		return;
	text_puts(e->out, btf_kind(type) == BTF_KIND_UNION ? "union " : "struct ");
	put_tag(e, id, true);
	text_puts(e->out, " ");
	put_members(e, id, 0);
	text_puts(e->out, ";\n");
}

static void define_typedef(struct emit *e, uint32_t id, int depth)
{
	const char *name = btf_name(e->btf, id);
	struct text full = {0};

	if (is_known_typedef(e, name) || !is_identifier(name))
		return;
	define_parts(e, btf_ref(e->btf, id), false, depth);
	text_puts(e->out, "typedef ");
	{
		struct emit to_name = *e;

		to_name.out = &full;
		put_typedef(&to_name, id);
	}
	put_declaration(e, btf_ref(e->btf, id), full.data, 0);
	text_puts(e->out, ";\n");
}

static void put_enumerator(struct emit *e, const char *name, int64_t value)
{
	if (value > INT64_C(0xffffffff) || value < INT32_MIN)
		text_printf(e->out, "%s = %#" PRIx64 ",\n", name, (uint64_t)value);
	else if (value > INT32_MAX)
		text_printf(e->out, "%s = %" PRId64 "U,\n", name, value);
	else
		text_printf(e->out, "%s = %" PRId64 ",\n", name, value);
}

static void define_enum(struct emit *e, uint32_t id)
{
	const struct btf_type *type = btf_at(e->btf, id);
	bool full = e->cut->state[id] & CUT_FULL, any = false, named = is_emitted_enum(e, id);

	if (!(e->cut->state[id] & CUT_WANTED))
		return;
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		int64_t value;
		const char *name = btf_enumerator(e->btf, id, i, &value);
		struct word *word;

		if (!is_identifier(name))
			continue;
		word = words_add(e->cut->words, name, strlen(name));
		if (word->flags & (WORD_DEF_NAME | WORD_BCC_NAME | WORD_BCC_MACRO | WORD_EMITTED) ||
		    (!full && !(word->flags & WORD_USED)))
			continue;
		word->flags |= WORD_EMITTED;
		if (!any) {
			text_puts(e->out, "enum ");
			if (named)
				put_tag(e, id, true);
			text_puts(e->out, " {\n");
		}
		any = true;
		put_enumerator(e, name, value);
	}
	if (!any && named) {
		text_puts(e->out, "enum ");
		put_tag(e, id, true);
		text_puts(e->out, " {\n");
		put_tag(e, id, true);
		text_puts(e->out, "___none\n");
		any = true;
	}
	if (!any)
		return;
	text_puts(e->out, "}");
	if (named && type->size != 4)
		text_printf(e->out, " __attribute__((mode(%s)))",
			    type->size == 1   ? "QI"
			    : type->size == 2 ? "HI"
					      : "DI");
	text_puts(e->out, ";\n");
}

static void define(struct emit *e, uint32_t id, int depth)
{
	if (e->cut->state[id] & (CUT_BUSY | CUT_DONE) || depth > MAX_DEPTH * 8)
		return;
	e->cut->state[id] |= CUT_BUSY;
	switch (btf_kind(btf_at(e->btf, id))) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		define_composite(e, id, depth);
		break;
	case BTF_KIND_TYPEDEF:
		define_typedef(e, id, depth);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		define_enum(e, id);
		break;
	}
	e->cut->state[id] |= CUT_DONE;
}

void emit_types(struct cut *cut, struct text *out)
{
	struct emit e = {.cut = cut, .btf = cut->btf, .out = out, .most = TEXT_MORE};

	for (size_t i = 0; i < cut->btf->part_count; i++)
		e.most += (size_t)cut->btf->parts[i].types_size * TEXT_PER_BYTE;
	for (size_t i = 0; i < cut->type_count; i++)
		define(&e, cut->types[i], 0);
}
