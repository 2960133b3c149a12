/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that kernel headers rename by macros, found in BTF by the name of what they stand for.
 *
 * Where the member is (struct sock_common within struct sock, an anonymous union, a struct that
 * a later kernel puts around it) is not written down here: it is searched for in everything that
 * the struct holds by value.
 */
#include <string.h>

#include "headers_alias.h"

enum {
	MAX_DEPTH = 8,
	MAX_VISITS = 1 << 14 /* of members: beyond these BTF goes round in circles */
};

/* A * at the end stands for the rest of the name. Of several lines that fit, the first whose
   member exists counts. */
static const struct {
	const char *type, *alias, *member;
} rules[] = {
	{"sock", "sk_*", "skc_*"},
	{"inet_sock", "inet_*", "skc_*"},
	{"inet_request_sock", "ir_loc_addr", "skc_rcv_saddr"},
	{"inet_request_sock", "ir_rmt_addr", "skc_daddr"},
	{"inet_request_sock", "ir_rmt_port", "skc_dport"},
	{"inet_request_sock", "ir_v6_rmt_addr", "skc_v6_daddr"},
	{"inet_request_sock", "ir_v6_loc_addr", "skc_v6_rcv_saddr"},
	{"inet_request_sock", "ir_iif", "skc_bound_dev_if"},
	{"inet_request_sock", "ir_*", "skc_*"},
	{"inet_request_sock", "ireq_*", "skc_*"},
	{"request_sock", "rsk_*", "skc_*"},
	{"inet_timewait_sock", "tw_*", "skc_*"},
	{"in6_addr", "s6_addr", "u6_addr8"},
	{"in6_addr", "s6_*", "u6_*"},
	{"siginfo", "si_int", "sival_int"},
	{"siginfo", "si_ptr", "sival_ptr"},
	{"siginfo", "si_*", "_*"},
	{"kernel_siginfo", "si_int", "sival_int"},
	{"kernel_siginfo", "si_ptr", "sival_ptr"},
	{"kernel_siginfo", "si_*", "_*"},
	{"dentry", "d_iname", "string"}, /* 6.14 put it into a union, of the same type */
};

static bool matches(const struct word *word, const char *pattern, const char **rest)
{
	size_t size = strlen(pattern);

	if (pattern[size - 1] == '*') {
		*rest = word->at + size - 1;
		return word->size >= size && !memcmp(word->at, pattern, size - 1);
	}
	*rest = word->at + word->size;
	return word->size == size && !memcmp(word->at, pattern, size);
}

static bool has_alias(const struct cut *cut, size_t first, const struct word *word)
{
	for (size_t i = first; i < cut->alias_count; i++)
		if (cut->aliases[i].name == word->at)
			return true;
	return false;
}

static bool find_target(const struct cut *cut, uint32_t type, const char *member, const char *rest,
			size_t rest_size, struct btf_field *field)
{
	struct text target = {0};

	text_add(&target, member, strcspn(member, "*"));
	text_add(&target, rest, rest_size);
	return btf_find_field(cut->btf, type, target.data, target.size, true, field);
}

static bool is_rule_used(const struct cut *cut, const char *alias)
{
	const char *rest;

	for (size_t i = 0; i < cut->words->count; i++)
		if (cut->words->list[i].flags & WORD_USED &&
		    matches(&cut->words->list[i], alias, &rest))
			return true;
	return false;
}

bool alias_is_used(const struct cut *cut, uint32_t type)
{
	const char *name = btf_name(cut->btf, type);

	for (size_t rule = 0; rule < sizeof(rules) / sizeof(*rules); rule++)
		if (!strcmp(rules[rule].type, name) && is_rule_used(cut, rules[rule].alias))
			return true;
	return false;
}

void alias_find(struct cut *cut, uint32_t type)
{
	const char *name = btf_name(cut->btf, type), *rest;
	size_t first = cut->alias_count;
	struct btf_field field;

	for (size_t rule = 0; rule < sizeof(rules) / sizeof(*rules); rule++) {
		if (strcmp(rules[rule].type, name))
			continue;
		for (size_t i = 0; i < cut->words->count; i++) {
			const struct word *word = &cut->words->list[i];

			if (!(word->flags & WORD_USED) ||
			    !matches(word, rules[rule].alias, &rest) ||
			    has_alias(cut, first, word) ||
			    btf_find_field(cut->btf, type, word->at, word->size, false, &field) ||
			    !find_target(cut, type, rules[rule].member, rest,
					 (size_t)(word->at + word->size - rest), &field))
				continue;
			cut->aliases =
				cc_grow(cut->aliases, cut->alias_count, sizeof(*cut->aliases));
			cut->aliases[cut->alias_count++] =
				(struct alias){type, word->at, word->size, field};
			cut->state[type] |= CUT_ALIAS;
		}
	}
}

/* The members whose names begin like the rule's give an alias each. */
static void add_members(const struct headers_btf *btf, uint32_t id, size_t rule, int depth,
			int *visits, struct words *words)
{
	size_t size = strcspn(rules[rule].member, "*");
	uint32_t vlen = btf_vlen(btf_at(btf, id));

	if (!btf_is_composite(btf_at(btf, id)) || depth == MAX_DEPTH || *visits > MAX_VISITS)
		return;
	*visits += (int)vlen + 1;
	for (uint32_t i = 0; i < vlen; i++) {
		struct btf_field field = btf_field_at(btf, id, i);
		char *alias;

		add_members(btf, btf_resolve(btf, field.type), rule, depth + 1, visits, words);
		if (strncmp(field.name, rules[rule].member, size) || !field.name[size])
			continue;
		alias = cc_printf("%.*s%s", (int)strcspn(rules[rule].alias, "*"), rules[rule].alias,
				  field.name + size);
		words_add(words, alias, strlen(alias))->flags |= WORD_USED;
	}
}

void alias_add_words(const struct headers_btf *btf, struct words *words)
{
	for (size_t rule = 0; rule < sizeof(rules) / sizeof(*rules); rule++) {
		const char *alias = rules[rule].alias, *type = rules[rule].type;
		int visits = 0;

		if (strchr(alias, '*'))
			add_members(btf, btf_find_tag(btf, type, strlen(type)), rule, 0, &visits,
				    words);
		else
			words_add(words, alias, strlen(alias))->flags |= WORD_USED;
	}
}
