/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds uses and definitions in C text by looking at each token's neighbours.
 *
 * A text may be unbalanced, half C, or no C at all. A branch of an #if is left out only where it
 * is certain that the compiler skips it.
 */
#include "headers_scan.h"
#include "headers_words.h"
#include "text.h"

enum { MAX_PARAMS = 32, MAX_NESTING = 64 };

struct scan {
	const struct scan_calls *calls;
	void *ctx;
	struct lexer lexer;
	struct token last, token, next;
	struct token before_last;
	int braces, parens;
	int enum_braces; /* the depth inside the innermost enum's braces, 0 if outside */
	/* A table macro at file scope: which argument is the table's name. */
	int table_argument, argument;
	struct cond *cond;
	struct branch {
		int braces;	 /* at the #if: every branch starts from the same depth */
		bool skip;	 /* what held outside */
		bool unsure;	 /* the same */
		enum truth done; /* was one of the branches so far taken? */
	} branch[MAX_NESTING];
	int branches; /* open #ifs, also those beyond MAX_NESTING */
	bool skip;    /* the current branch is left out */
	bool unsure;  /* it is not certain that the compiler reads it */
};

static bool is_tag_keyword(const struct token *t)
{
	return t->kind == TOKEN_WORD &&
	       (token_is(t, "struct") || token_is(t, "union") || token_is(t, "enum"));
}

/* Keywords with parentheses that look like a function's name. */
static bool is_call_keyword(const struct token *t)
{
	return token_is(t, "__attribute__") || token_is(t, "__attribute") || token_is(t, "asm") ||
	       token_is(t, "__asm__") || token_is(t, "typeof") || token_is(t, "__typeof__") ||
	       token_is(t, "_Static_assert") || token_is(t, "_Alignas") || token_is(t, "_Pragma");
}

/* Words before a name that do not make it a declaration. */
static bool is_statement_keyword(const struct token *t)
{
	return token_is(t, "return") || token_is(t, "goto") || token_is(t, "case") ||
	       token_is(t, "else") || token_is(t, "sizeof") || token_is(t, "do") ||
	       is_tag_keyword(t);
}

static bool is_punct(const struct token *t, char c)
{
	return t->kind == TOKEN_PUNCT && t->size == 1 && *t->at == c;
}

static bool is_any_punct(const struct token *t, const char *set)
{
	return t->kind == TOKEN_PUNCT && t->size == 1 && strchr(set, *t->at);
}

/* ---- Directives ---------------------------------------------------------------------------- */

static bool is_param(const struct token *params, size_t count, const struct token *t)
{
	for (size_t i = 0; i < count; i++)
		if (params[i].size == t->size && !memcmp(params[i].at, t->at, t->size))
			return true;
	return false;
}

static void hidden(struct scan *s)
{
	if (s->calls->hidden)
		s->calls->hidden(s->ctx);
}

/* The body of a macro uses words; what it is expanded to is not looked at. */
static void scan_macro(struct scan *s)
{
	struct token params[MAX_PARAMS], name = lex(&s->lexer), t, last = {0};
	size_t count = 0;

	if (name.kind != TOKEN_WORD)
		return;
	/* A macro that may not be defined here leaves room for that of the same name elsewhere. */
	if (!s->cond || !s->unsure)
		s->calls->word(s->ctx, &name, WORD_DEF_MACRO);
	t = lex(&s->lexer);
	if (is_punct(&t, '(') && !t.spaced)
		while (t.kind != TOKEN_LINE && !is_punct(&t, ')')) {
			t = lex(&s->lexer);
			if (t.kind == TOKEN_WORD && count < MAX_PARAMS)
				params[count++] = t;
		}
	for (; t.kind != TOKEN_LINE; last = t, t = lex(&s->lexer)) {
		uint32_t flags = WORD_USED;

		if (token_is(&t, "##"))
			hidden(s);
		if (t.kind != TOKEN_WORD)
			continue;
		if (is_tag_keyword(&last)) {
			flags |= WORD_TAG;
			if (is_param(params, count, &t))
				hidden(s);
		}
		s->calls->word(s->ctx, &t, flags);
	}
	if (s->calls->macro)
		s->calls->macro(s->ctx, &name, t.at);
	if (s->cond)
		cond_define(s->cond, &name, name.at + name.size, t.at, s->unsure);
}

static void scan_include(struct scan *s)
{
	const char *start = s->lexer.at;
	struct token t;

	do {
		t = lex(&s->lexer);
	} while (t.kind != TOKEN_LINE);
	if (s->calls->include)
		s->calls->include(s->ctx, start, (size_t)(t.at - start));
}

static const char *line_end(struct scan *s)
{
	struct token t;

	do {
		t = lex(&s->lexer);
		if (t.kind == TOKEN_WORD && !s->skip && !token_is(&t, "defined"))
			s->calls->word(s->ctx, &t, WORD_USED);
	} while (t.kind != TOKEN_LINE);
	return t.at;
}

/* The condition of #if, #ifdef, #ifndef, #elif and their kin. Its words count. */
static enum truth condition(struct scan *s, const struct token *directive)
{
	const char *at = s->lexer.at, *end = line_end(s);
	struct lexer lexer = {.at = at, .end = end};
	struct token name = lex(&lexer);
	enum truth truth;

	if (!s->cond)
		return MAYBE;
	if (token_is(directive, "if") || token_is(directive, "elif"))
		return cond_evaluate(s->cond, at, end);
	if (name.kind != TOKEN_WORD)
		return MAYBE;
	truth = cond_defined(s->cond, &name);
	if (token_is(directive, "ifdef") || token_is(directive, "elifdef") || truth == MAYBE)
		return truth;
	if (token_is(directive, "ifndef") || token_is(directive, "elifndef"))
		return truth == YES ? NO : YES;
	return MAYBE; /* no directive of C */
}

static void scan_if(struct scan *s, const struct token *directive)
{
	enum truth truth = condition(s, directive);

	if (s->branches < MAX_NESTING) {
		s->branch[s->branches] = (struct branch){s->braces, s->skip, s->unsure, truth};
		s->skip |= truth == NO;
		s->unsure |= truth == MAYBE;
	}
	s->branches++;
}

static void scan_else(struct scan *s, const struct token *directive)
{
	struct branch *branch;
	enum truth truth;

	if (!s->branches || s->branches > MAX_NESTING)
		return;
	branch = &s->branch[s->branches - 1];
	s->braces = branch->braces;
	s->skip = branch->skip || branch->done == YES;
	truth = token_is(directive, "else") ? YES : condition(s, directive);
	s->skip |= truth == NO;
	s->unsure = branch->unsure || branch->done == MAYBE || truth == MAYBE;
	if (truth == YES || branch->done == NO)
		branch->done = truth;
}

static void scan_endif(struct scan *s)
{
	if (!s->branches)
		return;
	s->branches--;
	if (s->branches < MAX_NESTING) {
		s->skip = s->branch[s->branches].skip;
		s->unsure = s->branch[s->branches].unsure;
	}
}

static void scan_directive(struct scan *s)
{
	struct token name, macro;

	s->lexer.in_directive = true;
	name = lex(&s->lexer);
	if (name.kind != TOKEN_WORD)
		goto end;
	if (name.size >= 2 && !memcmp(name.at, "if", 2)) {
		scan_if(s, &name);
	} else if (name.size >= 4 && !memcmp(name.at, "el", 2)) {
		scan_else(s, &name);
	} else if (token_is(&name, "endif")) {
		scan_endif(s);
	} else if (s->skip) {
		goto end;
	} else if (token_is(&name, "define")) {
		scan_macro(s);
	} else if (token_is(&name, "include")) {
		scan_include(s);
	} else if (token_is(&name, "undef")) {
		macro = lex(&s->lexer);
		if (macro.kind == TOKEN_WORD && s->cond)
			cond_undef(s->cond, &macro, s->unsure);
	}
end:
	while (s->lexer.in_directive)
		lex(&s->lexer);
}

/* ---- Declarations -------------------------------------------------------------------------- */

/* Which argument of libbcc's table macro is the name, from 1; 0 if it is no such macro. */
static int table_argument(const struct token *t)
{
	if (t->size < 4 || memcmp(t->at, "BPF_", 4))
		return 0;
	if ((t->size >= 9 && !memcmp(t->at, "BPF_TABLE", 9)) || token_is(t, "BPF_F_TABLE"))
		return 4;
	if (t->size >= 14 && !memcmp(t->at, "BPF_QUEUESTACK", 14))
		return 2;
	return token_is(t, "BPF_XDP_REDIRECT_MAP") ? 3 : 1;
}

/* Does the token before let this word be the name that is being declared? */
static bool may_declare(const struct scan *s)
{
	if (s->last.kind == TOKEN_WORD)
		return !is_statement_keyword(&s->last);
	return is_any_punct(&s->last, "*})");
}

/* BPF_HASH(...), TRACEPOINT_PROBE(...): no functions, though another macro that ends without a
   semicolon may stand before them. */
static bool is_bcc_call(const struct token *t)
{
	return table_argument(t) || (t->size > 6 && !memcmp(t->at + t->size - 6, "_PROBE", 6));
}

static uint32_t declares(const struct scan *s)
{
	bool file_scope = !s->braces && !s->parens;

	if (s->enum_braces && s->braces == s->enum_braces)
		return is_any_punct(&s->last, "{,") ? WORD_DEF_NAME : 0;
	if (s->table_argument && s->parens == 1 && s->argument == s->table_argument &&
	    is_any_punct(&s->last, "(,"))
		return WORD_DEF_NAME;
	if (file_scope && is_punct(&s->next, '('))
		return may_declare(s) && !is_call_keyword(&s->token) && !is_bcc_call(&s->token)
			       ? WORD_DEF_NAME
			       : 0;
	/* typedef int (*name)(void); */
	if (!s->braces && s->parens == 1 && is_punct(&s->last, '*') &&
	    is_punct(&s->before_last, '(') && is_punct(&s->next, ')'))
		return WORD_DEF_NAME;
	if (!is_any_punct(&s->next, ";,=[):"))
		return 0;
	if (file_scope && (may_declare(s) || is_punct(&s->last, ',')))
		return WORD_DEF_NAME;
	return may_declare(s) && !is_punct(&s->last, ')') ? WORD_LOCAL : 0;
}

static void scan_word(struct scan *s)
{
	uint32_t flags = WORD_USED;

	if (is_tag_keyword(&s->token) || is_tag_keyword(&s->last)) {
		if (is_tag_keyword(&s->last))
			flags |= WORD_TAG | (token_is(&s->last, "struct") ? WORD_STRUCT : 0) |
				 (is_punct(&s->next, '{') ? WORD_DEF_TAG : 0);
		if (is_punct(&s->next, '{') &&
		    (token_is(&s->token, "enum") || token_is(&s->last, "enum")))
			s->enum_braces = s->braces + 1;
	} else {
		flags |= declares(s);
	}
	if (!s->braces && !s->parens && is_punct(&s->next, '(')) {
		s->table_argument = table_argument(&s->token);
		s->argument = 1;
	}
	s->calls->word(s->ctx, &s->token, flags);
}

static void scan_punct(struct scan *s)
{
	switch (s->token.size == 1 ? *s->token.at : 0) {
	case '{':
		s->braces++;
		s->parens = 0;
		break;
	case '}':
		if (s->enum_braces == s->braces)
			s->enum_braces = 0;
		s->braces -= s->braces > 0;
		s->parens = 0;
		break;
	case '(':
		s->parens++;
		break;
	case ')':
		s->parens -= s->parens > 0;
		if (!s->parens)
			s->table_argument = 0;
		break;
	case ',':
		s->argument += s->parens == 1;
		break;
	case ';':
		if (!s->braces)
			s->parens = 0;
		break;
	}
	if (token_is(&s->token, "##"))
		hidden(s);
}

/* The next token that is no directive's and not in a branch that is left out. */
static struct token advance(struct scan *s)
{
	for (;;) {
		struct token t = lex(&s->lexer);

		if (t.first && (is_punct(&t, '#') || token_is(&t, "##")))
			scan_directive(s);
		else if (t.kind == TOKEN_END || !s->skip)
			return t;
	}
}

void scan_text(const char *text, size_t size, struct cond *cond, const struct scan_calls *calls,
	       void *ctx)
{
	struct scan s = {.calls = calls, .ctx = ctx, .cond = cond};

	s.lexer = (struct lexer){.at = text, .end = text + size, .first = true};
	s.next = advance(&s);
	while (s.next.kind != TOKEN_END) {
		s.before_last = s.last;
		s.last = s.token;
		s.token = s.next;
		/* Before the next token: a directive may come first, and saves the depth. */
		if (s.token.kind == TOKEN_PUNCT)
			scan_punct(&s);
		s.next = advance(&s);
		if (s.token.kind == TOKEN_WORD)
			scan_word(&s);
	}
}
