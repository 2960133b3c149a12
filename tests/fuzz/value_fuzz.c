/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any types, any bytes of one, any text: values are read, written as text, read from that, written
 * as JSON and as columns. What is written reads the same; JSON is JSON; columns hold no character
 * that does something to a terminal.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"
#include "output.h"

enum {
	TYPES_MAX = 16,
	MEMBERS_MAX = 64,
	SIZE_MAX_OF_TYPE = 128,
};

/* ---- Types out of the input ---- */

struct built {
	struct fuzz_input *in;
	bool plain; /* names are those that C has */
	struct image_writer w;
	struct image_type types[TYPES_MAX];
	uint32_t type_count, members, enumerators;
};

static uint32_t name(struct built *b, uint32_t number)
{
	static const char *const hostile[] = {
		"",	     "pid",	  "\x1b[31m",	  "q\"uote",	  "back\\slash",
		"\xff\xfe",  "new\nline", "\xc3\xbc",	  "\xe2\x80\xae", "\x7f",
		"\xc2\x9bm", "{",	  "\xe4\xb8\xad", "a.b",	  "\t",
		"'",
	};
	char text[8] = {'n', (char)('0' + number / 10 % 10), (char)('0' + number % 10)};

	return image_add_string(&b->w, b->plain ? text : hostile[fuzz_take(b->in, 1) % 16]);
}

/* Enumerators are unique; true and false may be among them. */
static uint32_t enumerator_name(struct built *b, uint32_t number)
{
	static const char *const words[] = {"true", "false"};

	if (b->plain && number < 2 && fuzz_take(b->in, 1) % 2)
		return image_add_string(&b->w, words[number]);
	return name(b, number);
}

static uint32_t bits_of(const struct built *b, uint32_t type)
{
	return b->types[type].size * 8;
}

static bool may_be_bits(const struct built *b, uint32_t type)
{
	const struct image_type *t = &b->types[type];

	while (t->kind == IMAGE_TYPE_TYPEDEF)
		t = &b->types[t->ref];
	return t->kind == IMAGE_TYPE_INT || t->kind == IMAGE_TYPE_ENUM;
}

static void build_int(struct built *b, struct image_type *t)
{
	uint64_t choice = fuzz_take(b->in, 1);

	*t = (struct image_type){.kind = IMAGE_TYPE_INT, .size = 1u << choice % 5};
	t->encoding = choice & 8 ? IMAGE_INT_SIGNED : 0;
	if (t->size == 1 && choice & 16)
		t->encoding |= IMAGE_INT_CHAR;
	else if (t->size <= 8 && choice & 32)
		t->encoding = IMAGE_INT_BOOL;
}

static void build_enum(struct built *b, struct image_type *t)
{
	uint64_t choice = fuzz_take(b->in, 1);

	*t = (struct image_type){
		.kind = IMAGE_TYPE_ENUM,
		.size = 1u << choice % 4,
		.encoding = choice & 8 ? IMAGE_INT_SIGNED : 0,
		.first = b->enumerators,
		.count = (uint32_t)(choice >> 4) % 4,
	};
	for (uint32_t i = 0; i < t->count; i++) {
		struct image_enumerator e = {.name = enumerator_name(b, i)};

		e.value = (uint64_t)(int64_t)(int8_t)fuzz_take(b->in, 1);
		if (!t->encoding)
			e.value &= UINT64_MAX >> (64 - 8 * t->size);
		image_add(&b->w, IMAGE_ENUMERATORS, &e, sizeof(e), 1);
		b->enumerators++;
	}
}

/* A member somewhere behind those before it, or at the union's start. */
static struct image_member build_member(struct built *b, bool is_union, uint32_t number,
					uint32_t *bits)
{
	struct image_member m = {.type = (uint32_t)(fuzz_take(b->in, 1) % b->type_count)};
	uint64_t choice = fuzz_take(b->in, 1);
	uint32_t at = is_union ? 0 : *bits + (uint32_t)(choice >> 6), size = bits_of(b, m.type);

	if (choice & 1 && may_be_bits(b, m.type)) {
		m.bit_size = 1 + (uint32_t)(choice >> 1) % (size < 64 ? size : 64);
		size = m.bit_size;
	} else {
		at = (at + 7) & ~7u;
	}
	m.bit_offset = at;
	m.name = choice & 32 && b->plain && !m.bit_size ? 0 : name(b, number);
	if (*bits < at + size)
		*bits = at + size;
	return m;
}

static void build_record(struct built *b, struct image_type *t, uint32_t kind)
{
	uint32_t count = (uint32_t)fuzz_take(b->in, 1) % 6, bits = 0;

	*t = (struct image_type){.kind = kind, .first = b->members};
	for (uint32_t i = 0; i < count && b->type_count && b->members < MEMBERS_MAX; i++) {
		struct image_member m = build_member(b, kind == IMAGE_TYPE_UNION, i, &bits);

		image_add(&b->w, IMAGE_MEMBERS, &m, sizeof(m), 1);
		b->members++;
		t->count++;
	}
	t->size = (bits + 7) / 8;
}

static void build_of_other(struct built *b, struct image_type *t, uint32_t kind)
{
	uint32_t ref = (uint32_t)fuzz_take(b->in, 1) % b->type_count;
	uint32_t count = kind == IMAGE_TYPE_ARRAY ? (uint32_t)fuzz_take(b->in, 1) % 9 : 0;

	*t = (struct image_type){.kind = kind, .ref = ref, .count = count};
	t->size = kind == IMAGE_TYPE_POINTER ? 8 : b->types[ref].size * (count ? count : 1);
	if (kind == IMAGE_TYPE_ARRAY && !count)
		t->size = 0;
}

static void build_type(struct built *b)
{
	struct image_type *t = &b->types[b->type_count];
	uint32_t kind = IMAGE_TYPE_INT + (uint32_t)fuzz_take(b->in, 1) % 8;

	if (!b->type_count || kind == IMAGE_TYPE_INT)
		build_int(b, t);
	else if (kind == IMAGE_TYPE_FLOAT)
		*t = (struct image_type){.kind = kind, .size = fuzz_take(b->in, 1) % 2 ? 4 : 8};
	else if (kind == IMAGE_TYPE_ENUM)
		build_enum(b, t);
	else if (kind == IMAGE_TYPE_STRUCT || kind == IMAGE_TYPE_UNION)
		build_record(b, t, kind);
	else
		build_of_other(b, t, kind);
	if (t->size > SIZE_MAX_OF_TYPE)
		*t = (struct image_type){.kind = IMAGE_TYPE_INT, .size = 4};
	t->name = name(b, b->type_count);
	b->type_count++;
}

/* The image that holds them, in memory of its own. */
static void *build(struct fuzz_input *in, bool plain, struct image *img)
{
	struct built b = {.in = in, .plain = plain};
	uint32_t count = 1 + (uint32_t)fuzz_take(in, 1) % TYPES_MAX;
	const char *why = NULL;
	size_t size;
	void *data;

	for (uint32_t i = 0; i < count; i++)
		build_type(&b);
	image_add(&b.w, IMAGE_TYPES, b.types, sizeof(*b.types), count);
	REQUIRE(!image_write(&b.w, &data, &size));
	image_writer_free(&b.w);
	REQUIRE(!image_parse(img, data, size, &why));
	return data;
}

/* ---- Text ---- */

/* The value as text, in memory of exactly its size. */
static char *format(const struct hotprobe_type *type, const void *data, size_t size)
{
	int length = hotprobe_format(type, data, size, NULL, 0);
	char *text, cut[4];

	REQUIRE(length >= 0);
	text = malloc((size_t)length + 1);
	if (!text)
		abort();
	REQUIRE(hotprobe_format(type, data, size, text, (size_t)length + 1) == length);
	REQUIRE(strlen(text) == (size_t)length);
	REQUIRE(hotprobe_format(type, data, size, cut, sizeof(cut)) == length);
	REQUIRE(!strncmp(text, cut, sizeof(cut) - 1) &&
		!cut[sizeof(cut) - 1 < (size_t)length ? sizeof(cut) - 1 : (size_t)length]);
	return text;
}

/* What is written reads the same. */
static void check_text(const struct hotprobe_type *type, const void *data, size_t size)
{
	char *text = format(type, data, size), *again;
	void *back = malloc(size ? size : 1);
	const char *at = NULL;

	if (!back)
		abort();
	REQUIRE(!hotprobe_parse(type, text, back, size, &at));
	REQUIRE(at == text + strlen(text));
	again = format(type, back, size);
	REQUIRE(!strcmp(text, again));
	free(again);
	free(back);
	free(text);
}

/* Any text: a value, or a place in the text where it is none. */
static void check_parse(const struct hotprobe_type *type, const char *text, bool plain)
{
	size_t size = hotprobe_type_size(type);
	void *data = malloc(size ? size : 1);
	const char *at = NULL;
	int err;

	if (!data)
		abort();
	err = hotprobe_parse(type, text, data, size, &at);
	REQUIRE(!err || err == -EINVAL || err == -ERANGE);
	REQUIRE(at >= text && at <= text + strlen(text));
	if (!err && plain)
		check_text(type, data, size);
	free(data);
}

/* ---- Members ---- */

static void walk(const struct hotprobe_value *value, const char *from, const char *to)
{
	struct hotprobe_value member;
	size_t i;

	REQUIRE((const char *)value->data >= from);
	REQUIRE((const char *)value->data + (value->bit_size ? 0 : value->size) <= to);
	for (i = 0; !hotprobe_member(value, i, &member); i++)
		walk(&member, from, to);
	REQUIRE(i == hotprobe_type_count(value->type) || value->bit_size);
}

static void check_field(const struct hotprobe_type *type, const char *data, size_t size,
			const char *path)
{
	struct hotprobe_value value;
	char text[16];
	int err = hotprobe_field(type, data, size, path, &value);

	REQUIRE(!err || err == -EINVAL || err == -ENOENT || err == -ERANGE);
	if (!err)
		walk(&value, data, data + size);
	hotprobe_field_int(type, data, size, path);
	REQUIRE(strlen(hotprobe_field_string(type, data, size, path, text, sizeof(text))) <
		sizeof(text));
}

/* ---- Output ---- */

static void check_json(const struct text *text, bool terminal)
{
	const char *at = text->data, *end = at + text->length;

	/* Terminals ignore DEL. */
	for (; terminal && at < end; at++)
		REQUIRE(*at == '\n' || *at >= 0x20);
	for (at = text->data; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		json_error_t error;
		json_t *json;

		REQUIRE(newline);
		/* Its integers end at 2^63 - 1, and strings may hold a NUL. */
		json = json_loadb(at, (size_t)(newline - at),
				  JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
		REQUIRE(json_is_object(json));
		json_decref(json);
		at = newline + 1;
	}
}

/* Lines of characters that stand where they are written. */
static void check_columns(const struct text *text)
{
	for (size_t at = 0; at < text->length;) {
		uint32_t code = 0;
		int length = utf8_next(text->data + at, text->length - at, &code);

		REQUIRE(length > 0);
		REQUIRE(code >= 0x20 || code == '\n');
		REQUIRE(code < 0x7f || code >= 0xa0);
		REQUIRE(code < 0x202a || (code > 0x202e && code < 0x2066) || code > 0x2069);
		at += (size_t)length;
	}
	REQUIRE(!text->length || text->data[text->length - 1] == '\n');
}

static void check_output(const struct output_format *format, const struct hotprobe_type *type,
			 const void *data, size_t size, bool terminal)
{
	struct output out = {.format = format, .fd = -1, .terminal = terminal};
	struct output_table table = {.out = &out, .name = "events", .type = type};
	struct output_table *tables[] = {&table};

	out.width = terminal ? 20 : 0;
	out.tables = tables;
	out.table_count = 1;
	if (format->start)
		format->start(&out);
	format->event(&table, 1, data, size);
	REQUIRE(!out.buffer.failed);
	if (format == &output_json)
		check_json(&out.buffer, terminal);
	else
		check_columns(&out.buffer);
	format->forget(&table);
	free(table.leaves);
	text_free(&out.buffer);
	text_free(&out.cell);
	text_free(&out.record);
}

/* ---- One execution ---- */

static void check_value(const struct hotprobe_type *type, struct fuzz_input *in, bool plain)
{
	size_t size = hotprobe_type_size(type), short_size;
	uint64_t choice = fuzz_take(in, 1);
	uint8_t *data = calloc(size ? size : 1, 1);
	struct hotprobe_value value;
	char *text;

	if (!data)
		abort();
	for (size_t i = 0; i < size && in->left; i++)
		data[i] = (uint8_t)fuzz_take(in, 1);
	text = fuzz_text(in->at, in->left);
	REQUIRE(!hotprobe_read(type, data, size, &value));
	walk(&value, (char *)data, (char *)data + size);
	if (plain)
		check_text(type, data, size);
	else
		free(format(type, data, size));
	if (choice & 8)
		check_parse(type, text, plain);
	else
		check_field(type, (char *)data, size, text);
	short_size = choice & 2 ? size : size / 2;
	if (choice & 4)
		check_output(&output_json, type, data, short_size, choice & 1);
	else
		check_output(&output_columns, type, data, short_size, choice & 1);
	free(text);
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct hotprobe_type types[TYPES_MAX];
	bool plain = fuzz_take(&in, 1) % 2;
	struct image img;
	void *image = build(&in, plain, &img);

	for (uint32_t i = 0; i < img.count[IMAGE_TYPES]; i++)
		types[i] = (struct hotprobe_type){.image = &img, .index = i};
	check_value(&types[img.count[IMAGE_TYPES] - 1], &in, plain);
	free(image);
	return 0;
}

/* ---- Seeds: a type of each kind, a struct of them, its bytes, its text ---- */

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const uint8_t types[] = {
		1, 5,				       /* six types */
		0, 2 | 8,			       /* int */
		0, 16,				       /* char */
		4, 1,	       8,		       /* char[8] */
		2, 2 | 2 << 4, 0, 0, 0, 1,	       /* enum */
		1, 0,				       /* double */
		5, 4,	       0, 0, 2, 0, 3, 7, 4, 0, /* struct */
	};
	static const char *const texts[] = {"{ 1, \"text\", { .a = 2 } }", "n01[2].n00",
					    "{ 'a', \"\\n\\x1b\", true, -0x1p3, [ 1, 2, ] }"};
	uint8_t bytes[32];

	if (n >= 6)
		return 0;
	memset(bytes, n % 2 ? 0x41 : 0xe2, sizeof(bytes));
	memcpy(data, types, sizeof(types));
	data[0] = n < 3;
	data[sizeof(types)] = (uint8_t)(n + 2);
	memcpy(data + sizeof(types) + 1, bytes, 23);
	memcpy(data + sizeof(types) + 24, texts[n % 3], strlen(texts[n % 3]));
	return sizeof(types) + 24 + strlen(texts[n % 3]);
}
