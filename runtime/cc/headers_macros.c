/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the idioms and constants that a program needs.
 *
 * It runs before BTF is read, on words alone, so that the words that macros bring in take part
 * in the cut. What BTF turns out to have itself is then not written.
 */
#include <string.h>

#include "headers_macros.h"

/* The text of idioms.h. */
static const char idioms_text[] = {
#include "idioms.inc"
};

/* ---- Questions ----------------------------------------------------------------------------- */

static bool is_question(const struct token *t, enum question_kind *kind)
{
	static const struct {
		const char *name;
		enum question_kind kind;
	} names[] = {{"HOTPROBE_HAS_FIELD", HAS_FIELD},
		     {"HOTPROBE_FIELD_SIZE", HAS_FIELD},
		     {"HOTPROBE_HAS_TYPE", HAS_TYPE},
		     {"HOTPROBE_HAS_ENUMERATOR", HAS_ENUMERATOR}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (token_is(t, names[i].name)) {
			*kind = names[i].kind;
			return true;
		}
	return false;
}

/* The identifiers that follow the name of a question are its operands. */
static void note_question(struct macros *m, const struct token *t)
{
	struct question_word word = {t->at, (int)t->size};
	enum question_kind kind;

	if (is_question(t, &kind)) {
		m->questions = cc_grow(m->questions, m->question_count, sizeof(*m->questions));
		m->questions[m->question_count++] = (struct question){.kind = kind};
		m->asking = kind == HAS_FIELD ? 2 : 1;
	} else if (m->asking) {
		struct question *q = &m->questions[m->question_count - 1];

		*(q->name.at ? &q->field : &q->name) = word;
		m->asking--;
	}
}

/* A member's size, 1 if it has none that sizeof could give; 0 without such a member. */
static unsigned long long field_size(const struct headers_btf *btf, const struct question *q)
{
	uint32_t type = btf_find_tag(btf, q->name.at, (size_t)q->name.size);
	struct btf_field field;

	for (; type; type = btf->same[type])
		if (btf_find_field(btf, type, q->field.at, (size_t)q->field.size, false, &field)) {
			uint64_t size = field.bit_size ? 0 : btf_size(btf, field.type);

			return size ? size : 1;
		}
	return 0;
}

static void put_answer(const struct macros *m, const struct headers_btf *btf,
		       const struct question *q, struct text *out)
{
	const struct word *word;

	if (!q->name.at)
		return;
	switch (q->kind) {
	case HAS_FIELD:
		if (q->field.at)
			text_printf(out, "#define HOTPROBE_FIELD_%.*s__%.*s %llu\n", q->name.size,
				    q->name.at, q->field.size, q->field.at, field_size(btf, q));
		break;
	case HAS_TYPE:
		if (btf_find_tag(btf, q->name.at, (size_t)q->name.size))
			text_printf(out, "#define HOTPROBE_TYPE_%.*s 1\n", q->name.size,
				    q->name.at);
		break;
	case HAS_ENUMERATOR:
		word = words_find(m->words, q->name.at, (size_t)q->name.size);
		if (word && word->flags & WORD_BTF_NAME)
			text_printf(out, "#define HOTPROBE_ENUMERATOR_%.*s 1\n", q->name.size,
				    q->name.at);
		break;
	}
}

void macros_put_answers(const struct macros *m, const struct headers_btf *btf, struct text *out)
{
	for (size_t i = 0; i < m->question_count; i++)
		put_answer(m, btf, &m->questions[i], out);
}

/* ---- Idioms -------------------------------------------------------------------------------- */

static void idiom_word(void *ctx, const struct token *token, uint32_t flags)
{
	struct macros *m = ctx;
	struct idiom *idiom = &m->idioms[m->idiom_count - 1];
	struct idiom_word word = {token->at, token->size, flags};

	if (flags & (WORD_DEF_MACRO | WORD_DEF_NAME | WORD_DEF_TAG)) {
		struct word *name = words_add(&m->idiom_names, token->at, token->size);

		name->chain = (uint32_t)m->idiom_count - 1;
		m->names = cc_grow(m->names, m->name_count, sizeof(*m->names));
		m->names[m->name_count++] = word;
		idiom->name_count++;
	} else {
		m->uses = cc_grow(m->uses, m->use_count, sizeof(*m->uses));
		m->uses[m->use_count++] = word;
		idiom->use_count++;
	}
}

static void add_idiom(struct macros *m, const char *text, size_t size)
{
	static const struct scan_calls calls = {.word = idiom_word};

	m->idioms = cc_grow(m->idioms, m->idiom_count, sizeof(*m->idioms));
	m->idioms[m->idiom_count++] = (struct idiom){
		.text = text,
		.size = size,
		.first_use = m->use_count,
		.first_name = m->name_count,
	};
	scan_text(text, size, NULL, &calls, m);
	if (!m->idioms[m->idiom_count - 1].name_count) /* a comment */
		m->idiom_count--;
}

static const char *line_end(const char *at, const char *end)
{
	const char *stop = memchr(at, '\n', (size_t)(end - at));

	return stop ? stop + 1 : end;
}

static bool begins(const char *at, const char *end, const char *with)
{
	size_t size = strlen(with);

	return (size_t)(end - at) >= size && !memcmp(at, with, size);
}

/* Where the idiom ends that begins at a line: a #define with its line, an #if with its #endif,
   everything else before an empty line. */
static const char *idiom_end(const char *at, const char *end)
{
	int depth = 0;

	if (begins(at, end, "#define")) {
		while ((at = line_end(at, end)) < end && at[-2] == '\\')
			;
		return at;
	}
	if (!begins(at, end, "#if")) {
		while (at < end && *at != '\n')
			at = line_end(at, end);
		return at;
	}
	do {
		depth += begins(at, end, "#if");
		depth -= begins(at, end, "#endif");
		at = line_end(at, end);
	} while (depth && at < end);
	return at;
}

static bool is_included(const struct macros *m, const char *header)
{
	return words_find(&m->included, header, strlen(header));
}

static int header_included(void *ctx, const char *header)
{
	return is_included(ctx, header);
}

/* For conditions: may a name be that of a macro which the source does not define? */
static bool has_macro(void *ctx, const char *at, size_t size)
{
	const struct macros *m = ctx;
	const struct word *word = words_find(m->words, at, size);
	struct uapi_macro macro;

	return (word && word->flags & WORD_BCC_MACRO) || words_find(&m->idiom_names, at, size) ||
	       uapi_find(m->uapi, at, size, header_included, ctx, &macro);
}

void macros_init(struct macros *m, struct words *words, const struct headers_btf *btf,
		 const struct uapi_table *uapi, unsigned version_code)
{
	const char *at = idioms_text, *end = idioms_text + sizeof(idioms_text) - 1;
	const struct idiom *basics;

	memset(m, 0, sizeof(*m));
	m->words = words;
	m->uapi = uapi;
	m->cond = (struct cond){
		.btf = btf, .version_code = version_code, .has_macro = has_macro, .ctx = m};
	while (at < end) {
		const char *stop = *at == '\n' ? at + 1 : idiom_end(at, end);

		if (*at != '\n')
			add_idiom(m, at, (size_t)(stop - at));
		at = stop;
	}
	basics = m->idioms;
	for (size_t i = 0; i < basics->name_count; i++) {
		const struct idiom_word *name = &m->names[i];
		struct word *word = words_add(words, name->at, name->size);

		word->flags |= name->flags & WORD_DEF_MACRO ? WORD_BCC_MACRO : WORD_BCC_NAME;
	}
}

void macros_put_basics(const struct macros *m, struct text *out)
{
	text_add(out, m->idioms[0].text, m->idioms[0].size);
}

/* ---- Words --------------------------------------------------------------------------------- */

/* BPF_ITER(task) means struct bpf_iter__task. */
static void note_iter(struct macros *m, const struct token *token)
{
	if (m->is_iter) {
		char *tag = cc_printf("bpf_iter__%.*s", (int)token->size, token->at);

		words_add(m->words, tag, strlen(tag))->flags |= WORD_USED | WORD_TAG;
	}
	m->is_iter = token_is(token, "BPF_ITER");
}

static void source_word(void *ctx, const struct token *token, uint32_t flags)
{
	struct macros *m = ctx;

	words_add(m->words, token->at, token->size)->flags |= flags;
	note_question(m, token);
	note_iter(m, token);
}

static void source_hidden(void *ctx)
{
	((struct macros *)ctx)->loose = true;
}

/* <uapi/linux/in.h> is remembered as linux/in.h. */
static void source_include(void *ctx, const char *at, size_t size)
{
	struct macros *m = ctx;
	const char *start = memchr(at, '<', size), *end;

	if (!start || !(end = memchr(start, '>', size - (size_t)(start - at))))
		return;
	start++;
	if (end - start > 5 && !memcmp(start, "uapi/", 5))
		start += 5;
	words_add(&m->included, start, (size_t)(end - start));
}

void macros_foresee(struct macros *m, const char *text, size_t size)
{
	cond_foresee(&m->cond, text, size);
}

void macros_add_flag(struct macros *m, const char *macro)
{
	struct token name = {.kind = TOKEN_WORD, .at = macro};
	const char *value;

	while (is_word_byte(macro[name.size]))
		name.size++;
	value = macro + name.size;
	value = *value == '=' ? value + 1 : *value ? value : " 1";
	cond_define(&m->cond, &name, value, value + strlen(value), false);
	words_add(m->words, macro, name.size)->flags |= WORD_DEF_MACRO;
	macros_add_source(m, value, strlen(value));
}

void macros_add_source(struct macros *m, const char *text, size_t size)
{
	static const struct scan_calls calls = {
		.word = source_word, .hidden = source_hidden, .include = source_include};

	m->asking = 0;
	scan_text(text, size, &m->cond, &calls, m);
}

static void builtin_word(void *ctx, const struct token *token, uint32_t flags)
{
	struct macros *m = ctx;
	uint32_t bcc = 0;

	if (flags & WORD_DEF_TAG)
		bcc |= WORD_BCC_TAG;
	if (flags & WORD_DEF_NAME)
		bcc |= WORD_BCC_NAME;
	if (flags & WORD_DEF_MACRO)
		bcc |= WORD_BCC_MACRO;
	if (bcc)
		words_add(m->words, token->at, token->size)->flags |= bcc;
}

static void builtin_macro(void *ctx, const struct token *name, const char *end)
{
	struct macros *m = ctx;
	struct word *word = words_add(&m->bcc_names, name->at, name->size);

	word->chain = (uint32_t)m->bcc_count;
	m->bcc_bodies = cc_grow(m->bcc_bodies, m->bcc_count, sizeof(*m->bcc_bodies));
	m->bcc_bodies[m->bcc_count].at = name->at + name->size;
	m->bcc_bodies[m->bcc_count++].end = end;
}

void macros_add_builtin(struct macros *m, const char *text, size_t size)
{
	static const struct scan_calls calls = {.word = builtin_word, .macro = builtin_macro};

	scan_text(text, size, NULL, &calls, m);
}

/* ---- Choice -------------------------------------------------------------------------------- */

static void use(struct macros *m, const char *at, size_t size, uint32_t flags)
{
	words_add(m->words, at, size)->flags |= flags & (WORD_USED | WORD_TAG);
}

static void use_text(struct macros *m, const char *at, const char *end)
{
	struct lexer lexer = {.at = at, .end = end};

	for (struct token t = lex(&lexer); t.kind != TOKEN_END; t = lex(&lexer))
		if (t.kind == TOKEN_WORD)
			use(m, t.at, t.size, WORD_USED);
}

/* A variable or member of the source must not be turned into something else by a macro that looks
   like one. Constants are not taken for variables, however they are written. */
static bool hides_local(const struct word *word, const char *definition)
{
	bool lower = false;

	for (uint32_t i = 0; i < word->size; i++)
		lower |= word->at[i] >= 'a' && word->at[i] <= 'z';
	return lower && word->flags & WORD_LOCAL && *definition != '(';
}

static void expand_idiom(struct macros *m, const struct word *word, size_t index)
{
	struct idiom *idiom = &m->idioms[index];

	for (size_t i = 0; i < idiom->name_count; i++) {
		const struct idiom_word *name = &m->names[idiom->first_name + i];

		if (name->size == word->size && !memcmp(name->at, word->at, name->size) &&
		    name->flags & WORD_DEF_MACRO && hides_local(word, name->at + name->size))
			return;
	}
	if (idiom->wanted)
		return;
	idiom->wanted = true;
	m->asking = 0;
	for (size_t i = 0; i < idiom->use_count; i++) {
		const struct idiom_word *w = &m->uses[idiom->first_use + i];
		struct token token = {.kind = TOKEN_WORD, .at = w->at, .size = w->size};

		use(m, w->at, w->size, w->flags);
		note_question(m, &token);
	}
}

static void expand_constant(struct macros *m, const struct word *word)
{
	struct uapi_macro macro;

	if (!uapi_find(m->uapi, word->at, word->size, header_included, m, &macro) ||
	    hides_local(word, macro.definition))
		return;
	m->constants = cc_grow(m->constants, m->constant_count, sizeof(*m->constants));
	m->constants[m->constant_count++] = macro;
	use_text(m, macro.definition, macro.definition + strlen(macro.definition));
}

static void expand_word(struct macros *m, struct word word)
{
	const struct word *found;

	if (word.flags & (WORD_DEF_MACRO | WORD_DEF_NAME))
		return;
	found = words_find(&m->bcc_names, word.at, word.size);
	if (found) {
		use_text(m, m->bcc_bodies[found->chain].at, m->bcc_bodies[found->chain].end);
		return;
	}
	if (word.flags & WORD_BCC_NAME)
		return;
	found = words_find(&m->idiom_names, word.at, word.size);
	if (found)
		expand_idiom(m, &word, found->chain);
	else
		expand_constant(m, &word);
}

void macros_expand(struct macros *m)
{
	bool again = true;

	/* A word that is already in the table can come into use later: then once more. */
	while (again) {
		again = false;
		for (size_t i = 0; i < m->words->count; i++) {
			struct word *word = &m->words->list[i];

			if (!(word->flags & WORD_USED) || word->flags & WORD_EXPANDED)
				continue;
			word->flags |= WORD_EXPANDED;
			expand_word(m, *word);
			again = true;
		}
	}
}

/* ---- Output -------------------------------------------------------------------------------- */

static bool is_taken(const struct macros *m, const char *at, size_t size, bool tag)
{
	const struct word *word = words_find(m->words, at, size);
	const uint32_t tags = WORD_BTF_TAG | WORD_BCC_TAG | WORD_DEF_TAG;
	const uint32_t names =
		WORD_BTF_NAME | WORD_BCC_NAME | WORD_BCC_MACRO | WORD_DEF_NAME | WORD_DEF_MACRO;

	return word && word->flags & (tag ? tags : names);
}

bool macros_is_taken(const struct macros *m, const char *at, size_t size)
{
	return is_taken(m, at, size, false);
}

static bool is_idiom_taken(const struct macros *m, const struct idiom *idiom)
{
	for (size_t i = 0; i < idiom->name_count; i++) {
		const struct idiom_word *name = &m->names[idiom->first_name + i];

		if (is_taken(m, name->at, name->size, name->flags & WORD_DEF_TAG))
			return true;
	}
	return false;
}

void macros_put(const struct macros *m, struct text *out)
{
	for (size_t i = 0; i < m->constant_count; i++) {
		const struct uapi_macro *c = &m->constants[i];

		if (!is_taken(m, c->name, strlen(c->name), false))
			text_printf(out, "#define %s%s\n", c->name, c->definition);
	}
	for (size_t i = 1; i < m->idiom_count; i++) {
		const struct idiom *idiom = &m->idioms[i];

		if (idiom->wanted && !is_idiom_taken(m, idiom))
			text_add(out, idiom->text, idiom->size);
	}
}
