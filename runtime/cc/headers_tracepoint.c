/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes structs of tracepoint formats.
 *
 * The struct is that which BCC makes: the common fields come as u64 __do_not_use__, a field of
 * variable length is the int data_loc_NAME that TP_DATA_LOC_READ wants, and an integer that is
 * recorded wider than its C type has the recorded width. Where the type can't be had (one of a
 * module, a bare function pointer), the field is an integer or bytes of the same size.
 */
#include <stdlib.h>
#include <string.h>

#include "headers_lex.h"
#include "headers_tracepoint.h"
#include "tp_format.h"

enum { RECORD_MAX = 1 << 16 };

/* ---- Types --------------------------------------------------------------------------------- */

static bool is_qualifier(const struct token *t)
{
	return token_is(t, "const") || token_is(t, "volatile") || token_is(t, "__user");
}

/* Size of C's integers, with typedefs that are always there; 0 for other words. */
static unsigned long basic_size(const struct token *t)
{
	static const struct {
		const char *name;
		unsigned size;
	} basics[] = {{"char", 1},
		      {"short", 2},
		      {"int", 4},
		      {"long", sizeof(long)},
		      {"signed", 4},
		      {"unsigned", 4},
		      {"bool", 1},
		      {"_Bool", 1},
		      {"u8", 1},
		      {"s8", 1},
		      {"u16", 2},
		      {"s16", 2},
		      {"u32", 4},
		      {"s32", 4},
		      {"u64", 8},
		      {"s64", 8},
		      {"__u8", 1},
		      {"__u16", 2},
		      {"__u32", 4},
		      {"__u64", 8},
		      {"__s8", 1},
		      {"__s16", 2},
		      {"__s32", 4},
		      {"__s64", 8},
		      {"__be16", 2},
		      {"__be32", 4},
		      {"__be64", 8},
		      {"__le16", 2},
		      {"__le32", 4},
		      {"__le64", 8},
		      {"size_t", sizeof(size_t)}};

	for (size_t i = 0; i < sizeof(basics) / sizeof(*basics); i++)
		if (token_is(t, basics[i].name))
			return basics[i].size;
	return 0;
}

/* Size of the field's type, of its elements if it is an array; 0 if the tree won't have it. */
static unsigned long type_size(const struct tp_field *field, const struct headers_btf *btf,
			       bool *is_integer)
{
	struct lexer lexer = {.at = field->type, .end = field->type + field->type_size};
	unsigned long size = 0, part;
	bool tag = false, pointer = false;

	*is_integer = true;
	for (struct token t = lex(&lexer); t.kind != TOKEN_END; t = lex(&lexer)) {
		uint32_t id;

		if (token_is(&t, "*")) {
			pointer = true;
		} else if (t.kind != TOKEN_WORD) {
			return 0;
		} else if (token_is(&t, "struct") || token_is(&t, "union") ||
			   token_is(&t, "enum")) {
			tag = true;
			*is_integer = false;
		} else if (is_qualifier(&t)) {
			continue;
		} else if (!tag && (part = basic_size(&t))) {
			/* "unsigned char" has the size of its last word, "short int" does not. */
			if (!size || !token_is(&t, "int"))
				size = part;
		} else if (!tag && token_is(&t, "void")) {
			*is_integer = false;
		} else {
			id = tag ? btf_find_tag(btf, t.at, t.size)
				 : btf_find_typedef(btf, t.at, t.size);
			size = (unsigned long)btf_size(btf, id);
			*is_integer &= btf_kind(btf_at(btf, btf_resolve(btf, id))) == BTF_KIND_INT;
			if (!size && !pointer && !tag)
				return 0;
		}
	}
	if (pointer) {
		*is_integer = false;
		return sizeof(void *);
	}
	return size;
}

void tracepoint_add_words(const struct headers_tracepoint *tp, struct words *words)
{
	const char *at = tp->format;
	struct tp_field field;

	while (tp_next_field(&at, &field)) {
		struct lexer lexer = {.at = field.type, .end = field.type + field.type_size};
		uint32_t flags = WORD_USED;

		for (struct token t = lex(&lexer); t.kind != TOKEN_END; t = lex(&lexer)) {
			if (t.kind != TOKEN_WORD)
				continue;
			words_add(words, t.at, t.size)->flags |= flags;
			flags = WORD_USED;
			if (token_is(&t, "struct") || token_is(&t, "union") || token_is(&t, "enum"))
				flags |= WORD_TAG;
		}
	}
}

/* ---- The struct ---------------------------------------------------------------------------- */

static void put_integer(const struct tp_field *field, struct text *out)
{
	const char *sign = field->is_signed ? "s" : "u";

	if (field->size == 1 || field->size == 2 || field->size == 4 || field->size == 8)
		text_printf(out, "%s%lu %.*s;\n", sign, 8 * field->size, (int)field->name_size,
			    field->name);
	else
		text_printf(out, "char %.*s[%lu];\n", (int)field->name_size, field->name,
			    field->size);
}

static void put_field(const struct tp_field *field, const struct headers_btf *btf, struct text *out)
{
	bool is_integer;
	unsigned long size = type_size(field, btf, &is_integer);

	if (tp_type_has(field, "__rel_loc")) {
		text_printf(out, "int rel_loc_%.*s;\n", (int)field->name_size, field->name);
	} else if (tp_type_has(field, "__data_loc")) {
		text_printf(out, "int data_loc_%.*s;\n", (int)field->name_size, field->name);
	} else if (field->dimension && size && field->size % size == 0) {
		/* The dimension may be the name of a constant: the sizes tell it. */
		text_printf(out, "%.*s %.*s[%lu];\n", (int)field->type_size, field->type,
			    (int)field->name_size, field->name, field->size / size);
	} else if (!field->dimension && size == field->size) {
		text_printf(out, "%.*s %.*s;\n", (int)field->type_size, field->type,
			    (int)field->name_size, field->name);
	} else {
		put_integer(field, out);
	}
}

/* Bytes from *end up to there. */
static void put_gap(const char *name, unsigned long *end, unsigned long to, struct text *out)
{
	if (*end >= to)
		return;
	text_printf(out, "char %s%lu[%lu];\n", name, *end, to - *end);
	*end = to;
}

void tracepoint_put(const struct headers_tracepoint *tp, const struct headers_btf *btf,
		    const struct words *words, struct text *out)
{
	char *tag = cc_printf("tracepoint__%s__%s", tp->category, tp->event);
	const char *at = tp->format;
	unsigned long end = 8;
	struct tp_field field;

	if (!is_identifier(tag) || words_flags(words, tag) & WORD_DEF_TAG)
		return;
	text_printf(out, "struct %s {\nu64 __do_not_use__;\n", tag);
	while (tp_next_field(&at, &field)) {
		if (field.offset > RECORD_MAX || field.size > RECORD_MAX)
			continue;
		if (tp_is_common(&field)) {
			put_gap("__do_not_use__", &end, field.offset + field.size, out);
			continue;
		}
		if (field.offset < end)
			continue; /* they are in order, but for a damaged format */
		put_gap("__pad_", &end, field.offset, out);
		put_field(&field, btf, out);
		end = field.offset + field.size;
	}
	text_puts(out, "};\n");
}
