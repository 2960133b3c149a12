/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes structs of tracepoint formats.
 *
 * A format file of tracefs has a line for each field:
 *
 *     field:__data_loc char[] name;	offset:8;	size:4;	signed:0;
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

enum { RECORD_MAX = 1 << 16 };

struct tp_field {
	const char *type, *name; /* name ends where dimension begins */
	size_t type_size, name_size;
	const char *dimension; /* "[16]", NULL if it is no array */
	size_t dimension_size;
	unsigned long offset, size;
	bool is_signed;
};

/* The number behind a label such as "offset:", in the rest of a line. */
static bool find_number(const char *line, const char *end, const char *label, unsigned long *value)
{
	size_t size = strlen(label);

	for (; end - line > (long)size; line++)
		if (!memcmp(line, label, size)) {
			*value = strtoul(line + size, NULL, 10);
			return true;
		}
	return false;
}

/* Splits "unsigned long args[6]" at the last space or star before the name. */
static bool split(const char *at, const char *end, struct tp_field *field)
{
	const char *name, *bracket = memchr(at, '[', (size_t)(end - at)), *stop = end;

	/* The brackets of __data_loc char[] belong to the type. */
	if (bracket && end[-1] == ']')
		stop = bracket;
	else
		bracket = NULL;
	for (name = stop; name > at && is_word_byte(name[-1]); name--)
		;
	if (name == stop || name == at)
		return false;
	*field = (struct tp_field){
		.type = at,
		.type_size = (size_t)(name - at),
		.name = name,
		.name_size = (size_t)(stop - name),
		.dimension = bracket,
		.dimension_size = bracket ? (size_t)(end - bracket) : 0,
	};
	while (field->type_size && field->type[field->type_size - 1] == ' ')
		field->type_size--;
	return field->type_size;
}

/* Reads the next field's line; moves *at behind it. False at the end. */
static bool next_field(const char **at, struct tp_field *field)
{
	static const char label[] = "field:";

	while (**at) {
		const char *line = *at, *end = strchrnul(line, '\n'), *semicolon;
		unsigned long is_signed = 0;

		*at = *end ? end + 1 : end;
		line = memmem(line, (size_t)(end - line), label, strlen(label));
		if (!line)
			continue;
		line += strlen(label);
		semicolon = memchr(line, ';', (size_t)(end - line));
		if (!semicolon || !split(line, semicolon, field) ||
		    !find_number(semicolon, end, "offset:", &field->offset) ||
		    !find_number(semicolon, end, "size:", &field->size))
			continue;
		find_number(semicolon, end, "signed:", &is_signed);
		field->is_signed = is_signed;
		return true;
	}
	return false;
}

static bool type_has(const struct tp_field *field, const char *part)
{
	return memmem(field->type, field->type_size, part, strlen(part));
}

static bool is_common(const struct tp_field *field)
{
	return field->name_size > 7 && !memcmp(field->name, "common_", 7);
}

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

	while (next_field(&at, &field)) {
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

	if (type_has(field, "__rel_loc")) {
		text_printf(out, "int rel_loc_%.*s;\n", (int)field->name_size, field->name);
	} else if (type_has(field, "__data_loc")) {
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
	while (next_field(&at, &field)) {
		if (field.offset > RECORD_MAX || field.size > RECORD_MAX)
			continue;
		if (is_common(&field)) {
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
