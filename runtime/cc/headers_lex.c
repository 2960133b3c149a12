/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of C text: any bytes are accepted, what is no C comes out as punctuation. */
#include "headers_lex.h"

/* Length of a line's end at p, with the backslash before it if there is one; 0 if none. */
static size_t splice(const char *p, const char *end)
{
	if (p == end || *p != '\\')
		return 0;
	if (end - p > 1 && p[1] == '\n')
		return 2;
	return end - p > 2 && p[1] == '\r' && p[2] == '\n' ? 3 : 0;
}

static const char *skip_line_comment(const char *p, const char *end)
{
	while (p < end && *p != '\n') {
		size_t n = splice(p, end);

		p += n ? n : 1;
	}
	return p;
}

static const char *skip_block_comment(const char *p, const char *end)
{
	for (p += 2; p < end; p++) {
		p = memchr(p, '*', (size_t)(end - p));
		if (!p)
			return end;
		if (end - p > 1 && p[1] == '/')
			return p + 2;
	}
	return end;
}

/* Skips what stands between tokens. Stops at a newline inside a directive. */
static void skip_space(struct lexer *l)
{
	while (l->at < l->end) {
		char c = *l->at;
		size_t n = splice(l->at, l->end);

		if (n) {
			l->at += n;
		} else if (c == '\n') {
			if (l->in_directive)
				return;
			l->first = true;
			l->at++;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
			l->at++;
		} else if (c == '/' && l->end - l->at > 1 && l->at[1] == '/') {
			l->at = skip_line_comment(l->at, l->end);
		} else if (c == '/' && l->end - l->at > 1 && l->at[1] == '*') {
			l->at = skip_block_comment(l->at, l->end);
		} else {
			return;
		}
	}
}

/* A string ends at its quote, or with its line if that is missing. */
static const char *skip_string(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote && *p != '\n') {
		size_t n = splice(p, end);

		if (n)
			p += n;
		else
			p += *p == '\\' && end - p > 1 && p[1] != '\n' ? 2 : 1;
	}
	return p < end && *p == quote ? p + 1 : p;
}

static const char *skip_number(const char *p, const char *end)
{
	while (p < end && (is_word_byte(*p) || *p == '.'))
		p++;
	return p;
}

static bool is_pair(char a, char b)
{
	switch (a) {
	case '-':
		return b == '>' || b == '-' || b == '=';
	case '+':
	case '&':
	case '|':
	case '#':
		return b == a || (b == '=' && a != '#');
	case '=':
	case '!':
	case '*':
	case '/':
		return b == '=';
	case '<':
	case '>':
		return b == a || b == '=';
	}
	return false;
}

struct token lex(struct lexer *l)
{
	const char *before = l->at;
	struct token token;

	skip_space(l);
	token = (struct token){.at = l->at, .first = l->first, .spaced = l->at != before};
	if (l->at == l->end || (l->in_directive && *l->at == '\n')) {
		token.kind = l->in_directive ? TOKEN_LINE : TOKEN_END;
		l->in_directive = false;
		return token;
	}
	l->first = false;
	if (is_digit(*l->at)) {
		token.kind = TOKEN_NUMBER;
		l->at = skip_number(l->at, l->end);
	} else if (is_word_byte(*l->at)) {
		token.kind = TOKEN_WORD;
		while (l->at < l->end && is_word_byte(*l->at))
			l->at++;
	} else if (*l->at == '"' || *l->at == '\'') {
		token.kind = TOKEN_STRING;
		l->at = skip_string(l->at, l->end);
	} else {
		token.kind = TOKEN_PUNCT;
		l->at += l->end - l->at > 1 && is_pair(l->at[0], l->at[1]) ? 2 : 1;
	}
	token.size = (size_t)(l->at - token.at);
	return token;
}

bool is_identifier(const char *string)
{
	if (!*string || is_digit(*string))
		return false;
	while (is_word_byte(*string))
		string++;
	return !*string;
}
