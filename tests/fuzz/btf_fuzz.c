/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the BTF of a kernel, with any text for the words of a source and for the format of a
 * tracepoint: types are found, chosen and written as C, in time and room that the BTF's size
 * bounds.
 */
#include <stdlib.h>
#include <string.h>

#include "../../runtime/cc/headers.h"
#include "../../runtime/cc/headers_cut.h"
#include "../../runtime/cc/headers_scan.h"
#include "../../runtime/cc/headers_tracepoint.h"
#include "btf_seed.h"
#include "fuzz.h"
#include "worker_memory.h"

enum {
	FIELDS_FOUND = 8, /* of each struct: it takes a look at those before it */
};

/* ---- Every type ---- */

static void check_record(const struct headers_btf *btf, uint32_t id)
{
	const struct btf_type *type = btf_at(btf, id);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct btf_field field = btf_field_at(btf, id, i), found;

		REQUIRE(field.type < btf->count);
		if (*field.name && i < FIELDS_FOUND)
			REQUIRE(btf_find_field(btf, id, field.name, strlen(field.name), false,
					       &found));
	}
}

static void check_type(const struct headers_btf *btf, uint32_t id)
{
	const struct btf_type *type = btf_at(btf, id);
	const char *name = btf_name(btf, id);
	uint32_t found;

	REQUIRE(btf_ref(btf, id) < btf->count && btf_resolve(btf, id) < btf->count);
	btf_size(btf, id);
	if (btf_is_composite(type))
		check_record(btf, id);
	if (btf_is_enum(type))
		for (uint32_t i = 0; i < btf_vlen(type); i++) {
			int64_t value;

			REQUIRE(strlen(btf_enumerator(btf, id, i, &value)) < FUZZ_SIZE_MAX);
		}
	if (!*name || !(btf_is_composite(type) || btf_is_enum(type)))
		return;
	found = btf_find_tag(btf, name, strlen(name));
	REQUIRE(found && !strcmp(btf_name(btf, found), name));
	while (found && found != id)
		found = btf->same[found];
	REQUIRE(found == id);
}

/* ---- What is made of them ---- */

static void on_word(void *ctx, const struct token *token, uint32_t flags)
{
	words_add(ctx, token->at, token->size)->flags |= flags;
}

/* Whatever the names are, the compiler gets a text whose brackets are in order. */
static void check_text(const struct text *text)
{
	long braces = 0;

	for (size_t i = 0; i < text->size; i++) {
		braces += text->data[i] == '{';
		braces -= text->data[i] == '}';
		REQUIRE(braces >= 0);
	}
	REQUIRE(!braces);
}

static void check_cut(const struct headers_btf *btf, struct words *words, const char *format,
		      size_t size, uint8_t choice)
{
	struct headers_tracepoint tracepoint = {"sched", "sched_switch", format};
	struct cut cut = {.btf = btf, .words = words, .loose = choice & 1, .whole = choice & 2};
	struct headers_facts facts = {.btf = btf};
	struct text out = {0}, record = {0};

	tracepoint_add_words(&tracepoint, words);
	cut_types(&cut);
	emit_types(&cut, &out);
	check_text(&out);
	REQUIRE(out.size <= 1 << 20 || out.size <= 1000 * size);
	tracepoint_put(&tracepoint, btf, words, &record);
	for (size_t i = 0; i + 1 < words->count && i < 4; i++) {
		const struct word *word = &words->list[i];

		headers_near(&facts, cc_strndup(word->at, word->size),
			     cc_strndup(word[1].at, word[1].size));
	}
}

/* ---- One execution: words, a format, and BTF, apart by NULs ---- */

struct parts {
	uint8_t choice;
	const uint8_t *words, *format, *btf;
	size_t words_size, format_size, btf_size;
};

static bool split(struct parts *p, const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size, *first, *second;

	if (!size)
		return false;
	first = memchr(data + 1, 0, size - 1);
	second = first ? memchr(first + 1, 0, (size_t)(end - first - 1)) : NULL;
	if (!second)
		return false;
	*p = (struct parts){.choice = *data, .words = data + 1, .format = first + 1};
	p->btf = second + 1;
	p->words_size = (size_t)(first - p->words);
	p->format_size = (size_t)(second - p->format);
	p->btf_size = (size_t)(end - p->btf);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scan_calls calls = {.word = on_word};
	struct headers_btf btf = {0};
	struct words words = {0};
	const char *why = NULL;
	char *text, *format;
	struct parts p;
	void *copy;

	if (!split(&p, data, size))
		return 0;
	copy = fuzz_copy(p.btf, p.btf_size);
	text = fuzz_copy(p.words, p.words_size);
	format = fuzz_text(p.format, p.format_size);
	worker_memory_begin();
	if (btf_add(&btf, copy, p.btf_size, &why)) {
		REQUIRE(why);
	} else {
		if (p.choice & 4)
			btf_add(&btf, copy, p.btf_size, &why);
		for (uint32_t id = 0; id < btf.count; id++)
			check_type(&btf, id);
		REQUIRE(!btf_at(&btf, btf.count)->info && !btf_at(&btf, UINT32_MAX)->info);
		scan_text(text, p.words_size, NULL, &calls, &words);
		check_cut(&btf, &words, format, p.btf_size, p.choice);
	}
	worker_memory_end();
	free(format);
	free(text);
	free(copy);
	return 0;
}

/* ---- Seeds ---- */

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char words[] = "struct task_struct *t; t->parent->pid; STOPPED u32 "
				    "sk->sk_hash struct sock enum state HUGE";
	static const char format[] =
		"name: sched_switch\nformat:\n	field:unsigned short common_type;	"
		"offset:0;	"
		"size:2;	signed:0;\n	field:char prev_comm[16];	offset:8;	"
		"size:16;	"
		"signed:0;\n	field:__data_loc char[] name;	offset:24;	size:4;	"
		"signed:0;\n	field:struct task_struct * t;	offset:32;	size:8;	"
		"signed:0;\n";
	uint8_t *at = data;
	size_t size;
	void *btf;

	if (n >= 8)
		return 0;
	btf = btf_seed(&size);
	*at++ = (uint8_t)n;
	memcpy(at, words, sizeof(words));
	at += sizeof(words);
	memcpy(at, format, sizeof(format));
	at += sizeof(format);
	memcpy(at, btf, size);
	free(btf);
	return (size_t)(at - data) + size;
}
