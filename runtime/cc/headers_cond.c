/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluates conditions of #if.
 *
 * What is inside a branch that the compiler skips must not count: its types may be the copy for
 * another kernel version. But nothing may be skipped that the compiler sees, so every value is
 * either certain or unknown, and an unknown condition leaves both branches in.
 */
#include <stdlib.h>

#include "headers_cond.h"
#include "text.h"

enum { MAX_DEPTH = 32 };

struct value {
	bool known;
	int64_t v;
};

struct expression {
	const struct cond *cond;
	struct lexer lexer;
	struct token token;
	int depth;
};

static const struct value unknown;

static struct value conditional(struct expression *e);

static struct value known(int64_t v)
{
	return (struct value){true, v};
}

static void advance(struct expression *e)
{
	e->token = lex(&e->lexer);
}

static bool accept(struct expression *e, const char *punct)
{
	if (e->token.kind != TOKEN_PUNCT || !token_is(&e->token, punct))
		return false;
	advance(e);
	return true;
}

/* ---- Names --------------------------------------------------------------------------------- */

static enum cond_state state_of(const struct cond *cond, const struct token *name, int64_t *value)
{
	const struct word *word = words_find(&cond->names, name->at, name->size);

	if (word) {
		*value = cond->known[word->chain].value;
		return cond->known[word->chain].state;
	}
	if (token_is(name, "LINUX_VERSION_CODE")) {
		*value = cond->version_code;
		return COND_CONSTANT;
	}
	/* The compiler's own, the kernel's configuration, libbcc's flags. */
	if (*name->at == '_' || (name->size > 7 && !memcmp(name->at, "CONFIG_", 7)) ||
	    token_is(name, "linux") || token_is(name, "unix") || token_is(name, "KBUILD_MODNAME") ||
	    token_is(name, "CUR_CPU_IDENTIFIER") ||
	    cond->has_macro(cond->ctx, name->at, name->size))
		return COND_ELSEWHERE;
	return COND_UNDEFINED;
}

static void set(struct cond *cond, const struct token *name, enum cond_state state, int64_t value)
{
	size_t count = cond->names.count;
	struct word *word = words_add(&cond->names, name->at, name->size);

	if (cond->names.count > count) {
		cond->known = cc_grow(cond->known, cond->count, sizeof(*cond->known));
		word->chain = (uint32_t)cond->count++;
	}
	cond->known[word->chain].state = state;
	cond->known[word->chain].value = value;
}

enum truth cond_defined(const struct cond *cond, const struct token *name)
{
	int64_t value;

	switch (state_of(cond, name, &value)) {
	case COND_UNDEFINED:
		return NO;
	case COND_ELSEWHERE:
		return MAYBE;
	default:
		return YES;
	}
}

void cond_foresee(struct cond *cond, const char *text, size_t size)
{
	const char *at = text, *end = text + size;

	while ((at = memchr(at, '#', (size_t)(end - at)))) {
		struct lexer lexer = {.at = ++at, .end = end, .in_directive = true};
		struct token t = lex(&lexer);
		int64_t value;

		if (t.kind != TOKEN_WORD || !token_is(&t, "define"))
			continue;
		t = lex(&lexer);
		if (t.kind == TOKEN_WORD && state_of(cond, &t, &value) == COND_UNDEFINED)
			set(cond, &t, COND_ELSEWHERE, 0);
	}
}

void cond_define(struct cond *cond, const struct token *name, const char *definition,
		 const char *end, bool unsure)
{
	struct expression e = {.cond = cond, .lexer = {.at = definition, .end = end}};
	struct value value = unknown;

	/* Not for parameters: NAME(x) */
	if (definition < end && *definition != '(') {
		advance(&e);
		value = conditional(&e);
		value.known &= e.token.kind == TOKEN_END;
	}
	set(cond, name,
	    unsure	  ? COND_ELSEWHERE
	    : value.known ? COND_CONSTANT
			  : COND_DEFINED,
	    value.v);
}

void cond_undef(struct cond *cond, const struct token *name, bool unsure)
{
	set(cond, name, unsure ? COND_ELSEWHERE : COND_UNDEFINED, 0);
}

/* ---- Operands ------------------------------------------------------------------------------ */

static struct value number(struct expression *e)
{
	char digits[32], *end;
	int64_t v;

	if (e->token.size >= sizeof(digits))
		return unknown;
	memcpy(digits, e->token.at, e->token.size);
	digits[e->token.size] = '\0';
	v = (int64_t)strtoull(digits, &end, 0);
	advance(e);
	return end[strspn(end, "uUlL")] ? unknown : known(v);
}

/* Skips from an opening parenthesis to its end. */
static void skip_parens(struct expression *e)
{
	int depth = 0;

	do {
		if (e->token.kind == TOKEN_END)
			return;
		depth += token_is(&e->token, "(");
		depth -= token_is(&e->token, ")");
		advance(e);
	} while (depth);
}

static struct value defined(struct expression *e)
{
	bool paren = accept(e, "(");
	struct token name = e->token;
	enum truth truth;

	if (name.kind != TOKEN_WORD)
		return unknown;
	advance(e);
	if (paren && !accept(e, ")"))
		return unknown;
	truth = cond_defined(e->cond, &name);
	return truth == MAYBE ? unknown : known(truth == YES);
}

/* KERNEL_VERSION(a, b, c) */
static struct value kernel_version(struct expression *e)
{
	struct value part[3];

	for (int i = 0; i < 3; i++) {
		if (!accept(e, i ? "," : "("))
			return unknown;
		part[i] = conditional(e);
		if (!part[i].known)
			return unknown;
	}
	if (!accept(e, ")"))
		return unknown;
	if (part[2].v > 255)
		part[2].v = 255;
	return known((int64_t)(((uint64_t)part[0].v << 16) + ((uint64_t)part[1].v << 8) +
			       (uint64_t)part[2].v));
}

/* HOTPROBE_HAS_FIELD(type, field): a type that only a module has is not known yet. */
static struct value has_field(struct expression *e)
{
	const struct headers_btf *btf = e->cond->btf;
	struct token type, field;
	struct btf_field found;
	uint32_t id;

	if (!accept(e, "("))
		return unknown;
	type = e->token;
	advance(e);
	if (!accept(e, ","))
		return unknown;
	field = e->token;
	advance(e);
	if (!accept(e, ")"))
		return unknown;
	id = btf_find_tag(btf, type.at, type.size);
	if (!id)
		return unknown;
	for (; id; id = btf->same[id])
		if (btf_find_field(btf, id, field.at, field.size, false, &found))
			return known(1);
	return known(0);
}

static struct value name(struct expression *e)
{
	struct token t = e->token;
	int64_t value;

	advance(e);
	if (token_is(&t, "defined"))
		return defined(e);
	if (token_is(&t, "KERNEL_VERSION"))
		return kernel_version(e);
	if (token_is(&t, "HOTPROBE_HAS_FIELD"))
		return has_field(e);
	if (token_is(&e->token, "(")) {
		skip_parens(e);
		return unknown;
	}
	switch (state_of(e->cond, &t, &value)) {
	case COND_CONSTANT:
		return known(value);
	case COND_UNDEFINED:
		return known(0);
	default:
		return unknown;
	}
}

static struct value unary(struct expression *e)
{
	struct value value = unknown;

	if (e->depth >= MAX_DEPTH)
		return unknown;
	e->depth++;
	if (accept(e, "!")) {
		value = unary(e);
		value.v = !value.v;
	} else if (accept(e, "-")) {
		value = unary(e);
		value.v = (int64_t) - (uint64_t)value.v;
	} else if (accept(e, "+")) {
		value = unary(e);
	} else if (accept(e, "~")) {
		value = unary(e);
		value.v = ~value.v;
	} else if (accept(e, "(")) {
		value = conditional(e);
		if (!accept(e, ")"))
			value = unknown;
	} else if (e->token.kind == TOKEN_NUMBER) {
		value = number(e);
	} else if (e->token.kind == TOKEN_WORD) {
		value = name(e);
	}
	e->depth--;
	return value;
}

/* ---- Operators ----------------------------------------------------------------------------- */

static const struct {
	const char *token;
	int precedence;
} operators[] = {{"||", 1}, {"&&", 2}, {"|", 3}, {"^", 4},  {"&", 5},  {"==", 6},
		 {"!=", 6}, {"<", 7},  {">", 7}, {"<=", 7}, {">=", 7}, {"<<", 8},
		 {">>", 8}, {"+", 9},  {"-", 9}, {"*", 10}, {"/", 10}, {"%", 10}};

static int find_operator(const struct token *t)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (t->kind == TOKEN_PUNCT && token_is(t, operators[i].token))
			return (int)i;
	return -1;
}

static struct value apply(const char *op, struct value a, struct value b)
{
	uint64_t x = (uint64_t)a.v, y = (uint64_t)b.v;

	/* One side is enough for these. */
	if (!strcmp(op, "&&") && ((a.known && !a.v) || (b.known && !b.v)))
		return known(0);
	if (!strcmp(op, "||") && ((a.known && a.v) || (b.known && b.v)))
		return known(1);
	if (!a.known || !b.known)
		return unknown;
	switch (op[0]) {
	case '|':
		return known(op[1] ? a.v || b.v : a.v | b.v);
	case '&':
		return known(op[1] ? a.v && b.v : (a.v & b.v));
	case '^':
		return known(a.v ^ b.v);
	case '=':
		return known(a.v == b.v);
	case '!':
		return known(a.v != b.v);
	case '<':
		if (op[1] == '<')
			return y < 64 ? known((int64_t)(x << y)) : unknown;
		return known(op[1] ? a.v <= b.v : a.v < b.v);
	case '>':
		if (op[1] == '>')
			return y < 64 ? known(a.v >> y) : unknown;
		return known(op[1] ? a.v >= b.v : a.v > b.v);
	case '+':
		return known((int64_t)(x + y));
	case '-':
		return known((int64_t)(x - y));
	case '*':
		return known((int64_t)(x * y));
	}
	if (!b.v || (a.v == INT64_MIN && b.v == -1))
		return unknown;
	return known(op[0] == '/' ? a.v / b.v : a.v % b.v);
}

static struct value binary(struct expression *e, int precedence)
{
	struct value left = unary(e);
	int op;

	while ((op = find_operator(&e->token)) >= 0 && operators[op].precedence >= precedence) {
		advance(e);
		left = apply(operators[op].token, left, binary(e, operators[op].precedence + 1));
	}
	return left;
}

static struct value conditional(struct expression *e)
{
	struct value value = binary(e, 1), yes, no;

	if (e->depth >= MAX_DEPTH || !accept(e, "?"))
		return value;
	e->depth++;
	yes = conditional(e);
	no = accept(e, ":") ? conditional(e) : unknown;
	e->depth--;
	if (!value.known)
		return unknown;
	return value.v ? yes : no;
}

enum truth cond_evaluate(const struct cond *cond, const char *at, const char *end)
{
	struct expression e = {.cond = cond, .lexer = {.at = at, .end = end}};
	struct value value;

	advance(&e);
	value = conditional(&e);
	if (!value.known || e.token.kind != TOKEN_END)
		return MAYBE;
	return value.v ? YES : NO;
}
