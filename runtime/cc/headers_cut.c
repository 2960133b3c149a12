/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses types. A type is needed if a word names it, if a needed one holds it by value, or if a
 * needed one points to it with a member that is a word and one of its own members is a word:
 * then the source may follow that pointer.
 */
#include <string.h>

#include "headers_alias.h"
#include "headers_cut.h"

enum { MAX_DEPTH = 32, MAX_VISITS = 1 << 14 /* of members */ };

bool cut_foreign_tag(const struct cut *cut, const char *name)
{
	return words_flags(cut->words, name) & (WORD_DEF_TAG | WORD_BCC_TAG);
}

bool cut_foreign_name(const struct cut *cut, const char *name)
{
	return words_flags(cut->words, name) & (WORD_DEF_NAME | WORD_BCC_NAME);
}

static bool is_used(const struct cut *cut, const char *name)
{
	return words_flags(cut->words, name) & WORD_USED;
}

static unsigned count_used(const struct cut *cut, uint32_t id, int depth, int *visits)
{
	uint32_t vlen = btf_vlen(btf_at(cut->btf, id));
	unsigned count = 0;

	if (!btf_is_composite(btf_at(cut->btf, id)) || depth > MAX_DEPTH || *visits > MAX_VISITS)
		return 0;
	*visits += (int)vlen + 1;
	for (uint32_t i = 0; i < vlen; i++) {
		struct btf_field field = btf_field_at(cut->btf, id, i);

		if (*field.name)
			count += is_used(cut, field.name);
		else
			count += count_used(cut, btf_resolve(cut->btf, field.type), depth + 1,
					    visits);
	}
	return count;
}

/* How many members the source names, those in anonymous structs included. */
static unsigned used_members(const struct cut *cut, uint32_t id)
{
	int visits = 0;

	return count_used(cut, id, 0, &visits);
}

uint32_t cut_tag(const struct cut *cut, const char *name, size_t size)
{
	uint32_t best = btf_find_tag(cut->btf, name, size);
	unsigned most;

	if (!best || !cut->btf->same[best])
		return best;
	most = used_members(cut, best);
	for (uint32_t id = cut->btf->same[best]; id; id = cut->btf->same[id]) {
		unsigned count = used_members(cut, id);

		if (count > most || (count == most && id < best)) {
			best = id;
			most = count;
		}
	}
	return best;
}

static void want(struct cut *cut, uint32_t id, unsigned flags)
{
	const struct btf_type *type = btf_at(cut->btf, id);

	if (btf_is_enum(type))
		cut->state[id] |= flags & CUT_FULL;
	if (cut->state[id] & CUT_WANTED)
		return;
	cut->state[id] |= CUT_WANTED;
	cut->types = cc_grow(cut->types, cut->type_count, sizeof(*cut->types));
	cut->types[cut->type_count++] = id;
}

/* Looks behind pointers and arrays. */
static uint32_t pointee(const struct cut *cut, uint32_t id, bool *by_value)
{
	*by_value = true;
	for (int i = 0; i < MAX_DEPTH; i++) {
		uint32_t kind;

		id = btf_resolve(cut->btf, id);
		kind = btf_kind(btf_at(cut->btf, id));
		if (kind == BTF_KIND_PTR)
			*by_value = false;
		else if (kind != BTF_KIND_ARRAY)
			return id;
		id = btf_ref(cut->btf, id);
	}
	return 0;
}

/* Adds what a variable of this type, named name, needs. */
static void want_behind(struct cut *cut, uint32_t id, bool named)
{
	bool by_value;
	uint32_t to = pointee(cut, id, &by_value);

	if (!btf_is_composite(btf_at(cut->btf, to)))
		return;
	if (by_value) {
		want(cut, to, 0);
		return;
	}
	/* A pointer to what the source defines itself leads to that. */
	if (cut_foreign_tag(cut, btf_name(cut->btf, to)))
		return;
	if (!*btf_name(cut->btf, to) ||
	    (named && (used_members(cut, to) || alias_is_used(cut, to))))
		want(cut, to, 0);
}

static void follow(struct cut *cut, uint32_t id)
{
	const struct btf_type *type = btf_at(cut->btf, id);
	size_t alias;
	uint32_t to;

	if (btf_kind(type) == BTF_KIND_TYPEDEF) {
		to = btf_resolve(cut->btf, id);
		if (btf_is_enum(btf_at(cut->btf, to)))
			want(cut, to, CUT_FULL);
		else
			want_behind(cut, btf_ref(cut->btf, id), true);
	}
	if (!btf_is_composite(type))
		return;
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		struct btf_field field = btf_field_at(cut->btf, id, i);

		want_behind(cut, field.type, is_used(cut, field.name));
	}
	alias = cut->alias_count;
	for (alias_find(cut, id); alias < cut->alias_count; alias++)
		want_behind(cut, cut->aliases[alias].field.type, true);
}

static void want_word(struct cut *cut, struct word *word)
{
	uint32_t id;

	if (!(word->flags & WORD_USED))
		return;
	id = btf_find_tag(cut->btf, word->at, word->size);
	if (id && (cut->loose || word->flags & WORD_TAG)) {
		word->flags |= WORD_BTF_TAG;
		if (!(word->flags & (WORD_DEF_TAG | WORD_BCC_TAG)))
			want(cut, cut_tag(cut, word->at, word->size), CUT_FULL);
	}
	id = btf_find_typedef(cut->btf, word->at, word->size);
	if (id) {
		word->flags |= WORD_BTF_NAME;
		if (!(word->flags & (WORD_DEF_NAME | WORD_BCC_NAME)))
			want(cut, id, 0);
	}
}

static void want_all(struct cut *cut)
{
	for (uint32_t id = 1; id < cut->btf->count; id++) {
		const struct btf_type *type = btf_at(cut->btf, id);
		const char *name = btf_name(cut->btf, id);
		bool is_tag = btf_is_composite(type) || btf_is_enum(type);

		if (is_tag && *name ? !cut_foreign_tag(cut, name)
				    : btf_is_enum(type) || (btf_kind(type) == BTF_KIND_TYPEDEF &&
							    !cut_foreign_name(cut, name)))
			want(cut, id, CUT_FULL);
	}
}

static void want_enumerators(struct cut *cut)
{
	for (size_t i = 0; i < cut->btf->enum_count; i++) {
		uint32_t id = cut->btf->enums[i], vlen = btf_vlen(btf_at(cut->btf, id));

		for (uint32_t j = 0; j < vlen; j++) {
			int64_t value;
			const char *name = btf_enumerator(cut->btf, id, j, &value);
			struct word *word = words_find(cut->words, name, strlen(name));

			if (!word || !(word->flags & WORD_USED))
				continue;
			word->flags |= WORD_BTF_NAME;
			if (!(word->flags & (WORD_DEF_NAME | WORD_BCC_NAME)))
				want(cut, id, 0);
		}
	}
}

void cut_types(struct cut *cut)
{
	cut->state = cc_alloc(cut->btf->count);
	cut->align = cc_alloc(cut->btf->count);
	for (size_t i = 0; i < cut->words->count; i++)
		want_word(cut, &cut->words->list[i]);
	want_enumerators(cut);
	if (cut->whole)
		want_all(cut);
	for (size_t i = 0; i < cut->type_count; i++)
		follow(cut, cut->types[i]);
}
