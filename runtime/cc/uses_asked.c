/* SPDX-License-Identifier: Apache-2.0 */
/* What a program's text asks of the kernel before it is C: configuration, versions, questions. */
#include <stdlib.h>
#include <string.h>

#include "headers_lex.h"
#include "text.h"
#include "uses.h"

/* HOTPROBE_HAS_FIELD(sock, member) leaves out the word struct. */
static void add_asked(struct image_writer *w, const struct headers_asked *asked)
{
	static const uint32_t kinds[] = {
		[ASKED_CONFIG] = IMAGE_USE_CONFIG,
		[ASKED_RELEASE] = IMAGE_USE_RELEASE,
		[ASKED_MEMBER] = IMAGE_USE_HAS_MEMBER,
		[ASKED_TYPE] = IMAGE_USE_HAS_TYPE,
		[ASKED_ENUMERATOR] = IMAGE_USE_HAS_ENUMERATOR,
	};
	struct image_use use = {
		.kind = kinds[asked->kind],
		.name = image_add_string(w, asked->name),
		.member = image_add_string(w, asked->member),
	};

	image_add(w, IMAGE_USES, &use, sizeof(use), 1);
}

/* What is behind the alias in a path of members; NULL if the path does not begin with it. */
static const char *behind_alias(const char *path, const char *alias)
{
	size_t size = strlen(alias);

	return !strncmp(path, alias, size) && strchr(".[", path[size]) ? path + size : NULL;
}

static void rename_member(struct image_writer *w, struct image_use *use,
			  const struct headers_facts *facts)
{
	const char *strings = w->section[IMAGE_STRINGS].data;
	const char *name = strings + use->name, *rest;
	size_t i;

	if (use->kind != IMAGE_USE_MEMBER || strncmp(name, "struct ", 7))
		return;
	for (i = 0; i < facts->rename_count; i++) {
		const struct headers_rename *rename = &facts->renames[i];

		rest = behind_alias(strings + use->member, rename->alias);
		if (!rest || strcmp(name + 7, rename->type))
			continue;
		use->member = image_add_string(w, cc_printf("~%s%s", rename->member, rest));
		return;
	}
}

void uses_asked(struct image_writer *w, const struct headers_facts *facts)
{
	struct image_use *uses = (void *)w->section[IMAGE_USES].data;
	size_t i, count = w->section[IMAGE_USES].size / sizeof(*uses);

	for (i = 0; i < count; i++)
		rename_member(w, &uses[i], facts);
	for (i = 0; i < facts->asked_count; i++)
		add_asked(w, &facts->asked[i]);
}

/* ---- Versions ---- */

/* The versions from `from` on, up to but without `below`. */
struct versions {
	uint32_t from, below, code;
	bool named;
};

/* At that version the result of a comparison changes. */
static void split_at(struct versions *v, uint64_t version)
{
	if (version <= v->code && version > v->from)
		v->from = (uint32_t)version;
	else if (version > v->code && version < v->below)
		v->below = (uint32_t)version;
}

static void only_this(struct versions *v)
{
	split_at(v, v->code);
	split_at(v, (uint64_t)v->code + 1);
}

static struct token next(struct lexer *lexer)
{
	struct token token;

	do
		token = lex(lexer);
	while (token.kind == TOKEN_LINE);
	return token;
}

/* A number, or KERNEL_VERSION(a, b, c), that lexer is in front of. */
static bool read_version(struct lexer *lexer, uint64_t *version)
{
	struct token token = next(lexer);
	uint64_t part[3];
	int i;

	if (token.kind == TOKEN_NUMBER) {
		*version = strtoull(token.at, NULL, 0);
		return true;
	}
	if (!token_is(&token, "KERNEL_VERSION"))
		return false;
	for (i = 0; i < 3; i++) {
		token = next(lexer);
		if (!token_is(&token, i ? "," : "("))
			return false;
		token = next(lexer);
		if (token.kind != TOKEN_NUMBER)
			return false;
		part[i] = strtoull(token.at, NULL, 0);
	}
	token = next(lexer);
	*version = (part[0] << 16) + (part[1] << 8) + (part[2] > 255 ? 255 : part[2]);
	return token_is(&token, ")");
}

/* The comparison of the version code with `version`, which stands on its right. */
static bool compare(struct versions *v, const struct token *operator, uint64_t version)
{
	bool equal = token_is(operator, "==") || token_is(operator, "!=");
	bool at = equal || token_is(operator, ">=") || token_is(operator, "<");
	bool after = equal || token_is(operator, "<=") || token_is(operator, ">");

	if (at)
		split_at(v, version);
	if (after)
		split_at(v, version + 1);
	return at || after;
}

/* LINUX_VERSION_CODE >= KERNEL_VERSION(5, 6, 0). In any other place it stands for itself. */
static void add_comparison(struct versions *v, struct lexer after)
{
	struct token operator= next(&after);
	uint64_t version;

	v->named = true;
	if (!read_version(&after, &version) || !compare(v, &operator, version))
		only_this(v);
}

static void add_text(struct versions *v, const struct headers_text *text)
{
	struct lexer lexer = {.at = text->text, .end = text->text + text->size, .first = true};
	struct token token;

	while ((token = lex(&lexer)).kind != TOKEN_END) {
		if (token.kind != TOKEN_WORD)
			continue;
		if (token_is(&token, "LINUX_VERSION_CODE")) {
			add_comparison(v, lexer);
		} else if (token_is(&token, "LINUX_VERSION_MAJOR") ||
			   token_is(&token, "LINUX_VERSION_PATCHLEVEL") ||
			   token_is(&token, "LINUX_VERSION_SUBLEVEL")) {
			v->named = true;
			only_this(v);
		}
	}
}

void uses_version(struct image_writer *w, const struct headers_text *source,
		  const struct headers_text *files, size_t count, uint32_t version_code)
{
	struct versions v = {.below = UINT32_MAX, .code = version_code};
	struct image_use use = {.kind = IMAGE_USE_VERSION};
	size_t i;

	add_text(&v, source);
	for (i = 0; i < count; i++)
		add_text(&v, &files[i]);
	if (!v.named)
		return;
	use.name = image_add_string(w, "LINUX_VERSION_CODE");
	use.was = image_add_string(w, cc_printf("%u %u", v.from, v.below));
	image_add(w, IMAGE_USES, &use, sizeof(use), 1);
}
