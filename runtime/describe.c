/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "btf_text.h"
#include "tp_format.h"

enum {
	DEPTH_MAX = 16, /* of anonymous structs in structs: the BTF may be damaged */
};

void description_clear(struct description *d)
{
	d->arguments.count = d->fields.count = 0;
	d->has_arguments = d->has_result = false;
	d->context = NULL;
	for (size_t i = 0; i < d->strings.list.count; i++)
		free(d->strings.list.at[i]);
	d->strings.list.count = 0;
}

void description_free(struct description *d)
{
	array_free(&d->arguments);
	array_free(&d->fields);
	names_free(&d->strings);
}

/* Takes over string, which lives as long as the description; NULL if memory is out. */
static const char *keep(struct description *d, char *string)
{
	return names_add(&d->strings, string) ? NULL : string;
}

/* ---- Types of BTF ------------------------------------------------------------------------------
 */

static const char *name_at(struct type_ref ref, uint32_t offset)
{
	const char *name = btf__name_by_offset(ref.btf, offset);

	return name ? name : "";
}

static const struct btf_type *resolve(struct type_ref *ref)
{
	ref->id = btf_text_resolve(ref->btf, ref->id);
	return btf__type_by_id(ref->btf, ref->id);
}

static bool is_char(const struct btf_type *type, struct type_ref ref)
{
	return btf_is_int(type) && type->size == 1 && !strcmp(name_at(ref, type->name_off), "char");
}

static enum hotprobe_kind kind_of_integer(const struct btf_type *type, struct type_ref ref)
{
	if (btf_int_encoding(type) & BTF_INT_BOOL)
		return HOTPROBE_BOOL;
	if (is_char(type, ref))
		return HOTPROBE_CHAR;
	return type->size > 8 ? HOTPROBE_INT128 : HOTPROBE_INT;
}

static enum hotprobe_kind kind_of(struct type_ref ref)
{
	const struct btf_type *type = resolve(&ref);
	struct type_ref element;

	switch (type ? btf_kind(type) : BTF_KIND_UNKN) {
	case BTF_KIND_INT:
		return kind_of_integer(type, ref);
	case BTF_KIND_FLOAT:
		return HOTPROBE_FLOAT;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return HOTPROBE_ENUM;
	case BTF_KIND_PTR:
		return HOTPROBE_POINTER;
	case BTF_KIND_ARRAY:
		element = (struct type_ref){ref.btf, btf_array(type)->type};
		type = resolve(&element);
		return type && is_char(type, element) ? HOTPROBE_STRING : HOTPROBE_ARRAY;
	case BTF_KIND_STRUCT:
		return HOTPROBE_STRUCT;
	case BTF_KIND_UNION:
		return HOTPROBE_UNION;
	case BTF_KIND_FWD:
		return btf_kflag(type) ? HOTPROBE_UNION : HOTPROBE_STRUCT;
	default:
		return HOTPROBE_VOID;
	}
}

static bool has_sign(const struct btf_type *type)
{
	return (btf_is_int(type) && btf_int_encoding(type) & BTF_INT_SIGNED) ||
	       ((btf_is_enum(type) || btf_is_enum64(type)) && btf_kflag(type));
}

/* What may stand between a pointer and what it points to: const, and the tag that clang leaves of
   __user. */
static void read_qualifiers(struct type_ref ref, struct hotprobe_arg *arg)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		const struct btf_type *type = btf__type_by_id(ref.btf, ref.id);

		if (!type || !(btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type)))
			return;
		arg->is_const |= btf_kind(type) == BTF_KIND_CONST;
		arg->is_user |=
			btf_is_type_tag(type) && !strcmp(name_at(ref, type->name_off), "user");
		ref.id = type->type;
	}
}

static void read_inner(struct type_ref ref, struct hotprobe_arg *arg)
{
	const struct btf_type *inner;

	arg->of = kind_of(ref);
	inner = resolve(&ref);
	if (inner && (btf_is_composite(inner) || btf_is_any_enum(inner) || btf_is_fwd(inner)))
		arg->tag = name_at(ref, inner->name_off);
	if (inner && arg->kind != HOTPROBE_POINTER)
		arg->is_signed = has_sign(inner);
}

/* All but the strings. */
static void read_type(struct type_ref ref, struct hotprobe_arg *arg)
{
	const struct btf_type *type;
	int64_t size = ref.id ? btf__resolve_size(ref.btf, ref.id) : 0;

	*arg = (struct hotprobe_arg){.name = "", .declaration = "", .tag = ""};
	arg->kind = kind_of(ref);
	arg->size = size > 0 ? (size_t)size : 0;
	type = resolve(&ref);
	if (!type)
		return;
	if (arg->kind == HOTPROBE_POINTER) {
		arg->size = btf__pointer_size(ref.btf);
		read_qualifiers((struct type_ref){ref.btf, type->type}, arg);
		read_inner((struct type_ref){ref.btf, type->type}, arg);
	} else if (btf_is_array(type)) {
		arg->count = btf_array(type)->nelems;
		read_inner((struct type_ref){ref.btf, btf_array(type)->type}, arg);
	} else {
		arg->is_signed = has_sign(type);
		if (btf_is_composite(type) || btf_is_any_enum(type))
			arg->tag = name_at(ref, type->name_off);
	}
}

/* On one line: what has no name of its own is written out. */
static void join_lines(char *text)
{
	char *to = text;

	for (char *at = text; *at; at++) {
		bool is_space = isspace((unsigned char)*at);

		if (is_space && to > text && to[-1] == ' ')
			continue;
		*to++ = is_space ? ' ' : *at;
	}
	*to = '\0';
}

static int describe_type(struct description *d, struct type_ref ref, const char *name,
			 struct hotprobe_arg *arg)
{
	char *declaration = type_index_declare(d->types, ref, name);

	if (!declaration)
		return -ENOMEM;
	join_lines(declaration);
	read_type(ref, arg);
	arg->name = name;
	arg->declaration = keep(d, declaration);
	return arg->declaration ? 0 : -ENOMEM;
}

/* ---- Functions ---------------------------------------------------------------------------------
 */

static const struct btf_type *find_prototype(struct type_ref *type)
{
	const struct btf_type *proto = resolve(type);

	while (proto && (btf_is_func(proto) || btf_is_ptr(proto))) {
		type->id = proto->type;
		proto = resolve(type);
	}
	return proto && btf_is_func_proto(proto) ? proto : NULL;
}

int describe_parameters(struct description *d, struct type_ref type, uint32_t skip)
{
	const struct btf_type *proto = find_prototype(&type);
	const struct btf_param *params;
	int err = 0;

	if (!proto)
		return 0;
	params = btf_params(proto);
	d->has_arguments = true;
	for (uint32_t i = skip; i < btf_vlen(proto) && !err; i++) {
		struct hotprobe_arg arg;
		const char *name = name_at(type, params[i].name_off);

		/* The last, nameless and of no type, stands for "...". */
		if (!params[i].type)
			break;
		err = describe_type(d, (struct type_ref){type.btf, params[i].type}, name, &arg);
		if (!err && array_push(&d->arguments, arg))
			err = -ENOMEM;
	}
	return err;
}

static int describe_result(struct description *d, struct type_ref type)
{
	const struct btf_type *proto = find_prototype(&type);

	d->has_result = proto && proto->type;
	if (!d->has_result)
		return 0;
	return describe_type(d, (struct type_ref){type.btf, proto->type}, "", &d->result);
}

int describe_function(struct description *d, const char *prefix, const char *name)
{
	char full[512];
	struct type_ref ref;
	int err;

	if (!d->types || snprintf(full, sizeof(full), "%s%s", prefix, name) >= (int)sizeof(full))
		return 0;
	ref = type_index_find(d->types, BTF_KIND_FUNC, full);
	if (!ref.id)
		return 0;
	err = describe_parameters(d, ref, 0);
	return err ? err : describe_result(d, ref);
}

/* ---- Structs -----------------------------------------------------------------------------------
 */

static int add_members(struct description *d, struct type_ref ref, size_t base, int depth)
{
	const struct btf_type *type = resolve(&ref);
	const struct btf_member *members = type ? btf_members(type) : NULL;
	int err = 0;

	if (!type || !btf_is_composite(type) || depth > DEPTH_MAX)
		return 0;
	for (uint32_t i = 0; i < btf_vlen(type) && !err; i++) {
		struct type_ref member = {ref.btf, members[i].type};
		size_t offset = base + btf_member_bit_offset(type, i) / 8;
		const char *name = name_at(ref, members[i].name_off);
		struct hotprobe_arg arg;

		if (!*name) {
			err = add_members(d, member, offset, depth + 1);
			continue;
		}
		err = describe_type(d, member, name, &arg);
		arg.offset = offset;
		if (!err && array_push(&d->fields, arg))
			err = -ENOMEM;
	}
	return err;
}

int describe_struct(struct description *d, const char *name)
{
	struct type_ref ref;

	if (!d->types)
		return 0;
	ref = type_index_find(d->types, BTF_KIND_STRUCT, name);
	return ref.id ? add_members(d, ref, 0, 0) : 0;
}

/* ---- Types in words ----------------------------------------------------------------------------
 */

/* The words of a type, without those that say nothing about its values. */
struct words {
	bool is_unsigned, is_signed, is_const;
	unsigned stars, longs;
	char base[64]; /* the last word that names something, "" if there is none */
	enum hotprobe_kind tag_kind;
};

static size_t word_size(const char *at)
{
	size_t size = 0;

	while (isalnum((unsigned char)at[size]) || at[size] == '_')
		size++;
	return size;
}

static void take_word(struct words *w, const char *word, size_t size)
{
	static const struct {
		const char *word;
		enum hotprobe_kind kind;
	} tags[] = {
		{"struct", HOTPROBE_STRUCT}, {"union", HOTPROBE_UNION}, {"enum", HOTPROBE_ENUM}};
	char copy[sizeof(w->base)];

	if (size >= sizeof(copy))
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)size, word);
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (!strcmp(copy, tags[i].word)) {
			w->tag_kind = tags[i].kind;
			return;
		}
	if (!strcmp(copy, "const"))
		w->is_const |= !w->stars; /* of what is pointed to */
	else if (!strcmp(copy, "unsigned"))
		w->is_unsigned = true;
	else if (!strcmp(copy, "signed"))
		w->is_signed = true;
	else if (!strcmp(copy, "long"))
		w->longs++;
	else if (strcmp(copy, "volatile") && strcmp(copy, "__user") && strcmp(copy, "__data_loc") &&
		 strcmp(copy, "__rel_loc") && !(w->longs && !strcmp(copy, "int")))
		memcpy(w->base, copy, sizeof(copy));
}

static struct words split_type(const char *type, size_t size)
{
	struct words words = {.tag_kind = HOTPROBE_VOID};
	const char *end = type + size;

	while (type < end) {
		size_t length = word_size(type);

		if (length > (size_t)(end - type))
			length = (size_t)(end - type);
		if (length)
			take_word(&words, type, length);
		words.stars += *type == '*';
		type += length ? length : 1;
	}
	return words;
}

/* Of one that is no pointer and has no tag: what BTF says of a typedef, else what C says. size is
   what the record has for it, and stays if nothing is known. */
static void read_plain(const struct description *d, const struct words *w, struct hotprobe_arg *arg)
{
	static const struct {
		const char *word;
		size_t size;
	} basics[] = {{"int", 4}, {"short", 2}, {"char", 1}};
	struct type_ref ref = {NULL, 0};
	size_t size = arg->size;
	bool is_signed = arg->is_signed;

	if (d->types && *w->base && !w->is_unsigned && !w->is_signed && !w->longs)
		ref = type_index_find(d->types, BTF_KIND_TYPEDEF, w->base);
	if (ref.id) {
		struct hotprobe_arg whole = *arg;

		read_type(ref, arg);
		arg->name = whole.name;
		arg->declaration = whole.declaration;
		arg->offset = whole.offset;
		return;
	}
	arg->kind = HOTPROBE_INT;
	if (w->longs)
		size = sizeof(uint64_t);
	for (size_t i = 0; i < sizeof(basics) / sizeof(*basics) && !w->longs; i++)
		if (!strcmp(w->base, basics[i].word)) {
			size = basics[i].size;
			is_signed = !w->is_unsigned;
		}
	if (!*w->base) {
		size = w->longs ? sizeof(uint64_t) : sizeof(uint32_t);
		is_signed = !w->is_unsigned;
	}
	if (!strcmp(w->base, "char") && !w->is_unsigned && !w->is_signed)
		arg->kind = HOTPROBE_CHAR;
	if (!strcmp(w->base, "bool") || !strcmp(w->base, "_Bool")) {
		arg->kind = HOTPROBE_BOOL;
		size = 1;
	}
	arg->size = size;
	arg->is_signed = is_signed;
}

/* ---- Records -----------------------------------------------------------------------------------
 */

static int set_tag(struct description *d, const struct words *w, struct hotprobe_arg *arg)
{
	if (w->tag_kind == HOTPROBE_VOID)
		return 0;
	arg->tag = keep(d, strdup(w->base));
	return arg->tag ? 0 : -ENOMEM;
}

/* The type of a value, or of an array's elements. */
static int read_words(struct description *d, const struct words *w, struct hotprobe_arg *arg)
{
	if (w->stars) {
		struct hotprobe_arg to = {.size = 0};

		if (w->tag_kind != HOTPROBE_VOID)
			to.kind = w->tag_kind;
		else if (strcmp(w->base, "void"))
			read_plain(d, w, &to);
		arg->kind = HOTPROBE_POINTER;
		arg->of = w->stars > 1 ? HOTPROBE_POINTER : to.kind;
		arg->is_const = w->is_const;
		arg->is_signed = false;
		arg->size = sizeof(uint64_t);
		return w->stars > 1 ? 0 : set_tag(d, w, arg);
	}
	if (w->tag_kind != HOTPROBE_VOID) {
		arg->kind = w->tag_kind;
		return set_tag(d, w, arg);
	}
	read_plain(d, w, arg);
	return 0;
}

static int read_array(struct description *d, const struct tp_field *field, const struct words *w,
		      struct hotprobe_arg *arg)
{
	/* Where BTF does not tell, an element is as large as the brackets say. */
	size_t stated = field->dimension ? strtoul(field->dimension + 1, NULL, 0) : 0;
	struct hotprobe_arg element = {
		.name = "",
		.tag = "",
		.size = stated ? field->size / stated : 1,
		.is_signed = field->is_signed,
	};
	int err = read_words(d, w, &element);

	arg->of = element.kind;
	arg->tag = element.tag;
	arg->is_signed = element.is_signed;
	arg->kind = element.kind == HOTPROBE_CHAR ? HOTPROBE_STRING : HOTPROBE_ARRAY;
	arg->size = arg->is_dynamic ? 0 : field->size;
	/* The dimension may be the name of a constant: the sizes tell it. */
	if (stated)
		arg->count = stated;
	else if (element.size && !arg->is_dynamic)
		arg->count = field->size / element.size;
	return err;
}

static bool is_pointer(const struct tp_field *field)
{
	return field->type[field->type_size - 1] == '*';
}

static char *declare_field(const struct tp_field *field)
{
	int dimension = (int)field->dimension_size;
	char *text;

	if (asprintf(&text, "%.*s%s%.*s%.*s", (int)field->type_size, field->type,
		     is_pointer(field) ? "" : " ", (int)field->name_size, field->name, dimension,
		     field->dimension ? field->dimension : "") < 0)
		return NULL;
	return text;
}

static int read_field(struct description *d, const struct tp_field *field, struct hotprobe_arg *arg)
{
	struct words words = split_type(field->type, field->type_size);
	char *name = strndup(field->name, field->name_size);

	*arg = (struct hotprobe_arg){
		.name = keep(d, name),
		.tag = "",
		.size = field->size,
		.offset = field->offset,
		.is_signed = field->is_signed,
		.is_dynamic = tp_type_has(field, "__data_loc") || tp_type_has(field, "__rel_loc"),
	};
	arg->declaration = keep(d, declare_field(field));
	if (!arg->name || !arg->declaration)
		return -ENOMEM;
	if (field->dimension || arg->is_dynamic)
		return read_array(d, field, &words, arg);
	return read_words(d, &words, arg);
}

int describe_record(struct description *d, const char *format, bool is_syscall)
{
	struct tp_field field;
	int err = 0;

	while (!err && tp_next_field(&format, &field)) {
		struct hotprobe_arg arg;

		if (tp_is_common(&field))
			continue;
		err = read_field(d, &field, &arg);
		/* An integer may be recorded wider than its C type. */
		if (arg.kind == HOTPROBE_INT && !is_syscall)
			arg.size = field.size;
		arg.is_user = is_syscall && arg.kind == HOTPROBE_POINTER;
		if (!err && array_push(&d->fields, arg))
			err = -ENOMEM;
	}
	return err;
}

/* Each is recorded in 8 bytes, behind the number of the call. */
int describe_syscall(struct description *d, const char *format)
{
	struct tp_field field;
	int err = 0;

	d->has_arguments = true;
	while (!err && tp_next_field(&format, &field)) {
		struct hotprobe_arg arg;

		if (tp_is_common(&field) || field.offset < 16)
			continue;
		err = read_field(d, &field, &arg);
		arg.offset = 0;
		arg.is_user = arg.kind == HOTPROBE_POINTER;
		if (!err && array_push(&d->arguments, arg))
			err = -ENOMEM;
	}
	d->has_result = true;
	return err ? err : describe_integer(d, &d->result, "", sizeof(int64_t), true);
}

int describe_integer(struct description *d, struct hotprobe_arg *arg, const char *name, size_t size,
		     bool is_signed)
{
	const char *type = size == 8 ? "long" : size == 4 ? "int" : size == 2 ? "short" : "char";
	const char *sign = is_signed && size == 1 ? "signed " : is_signed ? "" : "unsigned ";
	char *declaration;

	if (asprintf(&declaration, "%s%s%s%s", sign, type, *name ? " " : "", name) < 0)
		declaration = NULL;
	*arg = (struct hotprobe_arg){
		.name = keep(d, strdup(name)),
		.declaration = keep(d, declaration),
		.kind = HOTPROBE_INT,
		.tag = "",
		.size = size,
		.is_signed = is_signed,
	};
	return arg->name && arg->declaration ? 0 : -ENOMEM;
}
