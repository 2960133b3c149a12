/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of C text, for what has to know the identifiers of a source without parsing it. */
#ifndef HOTPROBE_CC_HEADERS_LEX_H
#define HOTPROBE_CC_HEADERS_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum token_kind {
	TOKEN_END,
	TOKEN_LINE, /* the end of a directive */
	TOKEN_WORD, /* identifier or keyword */
	TOKEN_NUMBER,
	TOKEN_STRING, /* or character constant */
	TOKEN_PUNCT,  /* one or two characters */
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t size;
	bool first;  /* on its line */
	bool spaced; /* something stands between it and the token before */
};

struct lexer {
	const char *at, *end;
	bool first;
	bool in_directive; /* return TOKEN_LINE at the end of the line */
};

struct token lex(struct lexer *lexer);

static inline bool token_is(const struct token *token, const char *text)
{
	return token->size == strlen(text) && !memcmp(token->at, text, token->size) &&
	       token->kind != TOKEN_STRING;
}

static inline bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Can this string be an identifier of C? */
bool is_identifier(const char *string);

#endif
