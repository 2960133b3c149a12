/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_source.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXPR_MAX = 80, /* bytes of an expression that can still be read within a sentence */
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Without blanks around it, on one line. */
static char *copy(const char *start, const char *end)
{
	while (start < end && isspace((unsigned char)*start))
		start++;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	if (end == start || end - start > EXPR_MAX || memchr(start, '\n', (size_t)(end - start)))
		return NULL;
	return strndup(start, (size_t)(end - start));
}

static const char *skip_blanks_back(const char *start, const char *at)
{
	while (at > start && isspace((unsigned char)at[-1]))
		at--;
	return at;
}

/* The start of the parentheses or brackets that end before at; NULL if there is none. */
static const char *open_of(const char *start, const char *at)
{
	int depth = 0;

	while (at-- > start) {
		depth += (*at == ')' || *at == ']') - (*at == '(' || *at == '[');
		if (!depth)
			return at;
	}
	return NULL;
}

/* Behind the parentheses or brackets that begin at at; NULL if they do not end. */
static const char *close_of(const char *at)
{
	int depth = 0;
	char quote = 0;

	for (; *at; at++) {
		if (quote) {
			if (*at == '\\' && at[1])
				at++;
			else if (*at == quote)
				quote = 0;
			if (quote || depth)
				continue;
			return at + 1;
		}
		if (*at == '"' || *at == '\'') {
			quote = *at;
			continue;
		}
		depth += (*at == '(' || *at == '[' || *at == '{') -
			 (*at == ')' || *at == ']' || *at == '}');
		if (!depth)
			return at + 1;
	}
	return NULL;
}

/* The start of "a->b[i].c", which ends before end; end if nothing of the kind does. */
static const char *chain_start(const char *start, const char *end)
{
	const char *at = end;

	for (;;) {
		const char *open;

		if (at > start && (at[-1] == ']' || at[-1] == ')')) {
			open = open_of(start, at);
			if (!open)
				return end;
			at = open;
			if (*open == '(' && (at == start || !is_word(at[-1])))
				return at; /* nothing is called: it is what is in the parentheses */
			continue;
		}
		if (at == start || !is_word(at[-1]))
			return end;
		while (at > start && is_word(at[-1]))
			at--;
		if (at - start >= 2 && at[-1] == '>' && at[-2] == '-')
			at -= 2;
		else if (at > start && at[-1] == '.')
			at--;
		else
			return at;
	}
}

/* The end of the chain that begins at at. */
static const char *chain_end(const char *at)
{
	if (*at == '(')
		at = close_of(at);
	while (at && *at) {
		if (is_word(*at))
			at++;
		else if (*at == '.' && is_word(at[1]))
			at++;
		else if (*at == '-' && at[1] == '>')
			at += 2;
		else if (*at == '[' || *at == '(')
			at = close_of(at);
		else
			break;
	}
	return at;
}

/* Of the chain from start to end: where the last "->" or "[...]" is outside of parentheses, behind
   which only members follow; NULL if there is none. */
static const char *last_step(const char *start, const char *end)
{
	const char *found = NULL;

	for (const char *at = start; at < end;) {
		if (*at == '(' || *at == '[') {
			if (*at == '[')
				found = at;
			at = close_of(at);
			if (!at)
				return NULL;
		} else {
			if (*at == '-' && at + 1 < end && at[1] == '>')
				found = at;
			at++;
		}
	}
	return found;
}

/* "(type *)" in front is left out. */
static const char *skip_casts(const char *at, const char *end)
{
	while (at < end && *at == '(') {
		const char *close = close_of(at);

		if (!close || close > end || close - at < 3 || close[-2] != '*')
			break;
		at = close;
		while (at < end && isspace((unsigned char)*at))
			at++;
	}
	return at;
}

/* The operand of a star at at. */
static char *starred(const char *at)
{
	const char *end = at + strlen(at), *stop;

	do
		at++;
	while (isspace((unsigned char)*at));
	at = skip_casts(at, end);
	stop = chain_end(at);
	if (!stop)
		return NULL;
	if (*at == '(' && stop == close_of(at))
		return copy(at + 1, stop - 1);
	return copy(at, stop);
}

/* What is assigned to or counted up by an operator at at: *start to the result. */
static const char *left_side(const char *text, const char *at, const char **start)
{
	const char *end = skip_blanks_back(text, at);

	*start = chain_start(text, end);
	return end;
}

static const char *at_column(const char *text, unsigned column)
{
	return column && column <= strlen(text) ? text + column - 1 : NULL;
}

/* Behind the brackets that follow the name before at, maybe with members in between, which are what
   begins with that name; at if there are none. */
static const char *index_end(const char *at)
{
	const char *end = at;

	while (*end == '.' || is_word(*end) || (*end == '-' && end[1] == '>'))
		end += *end == '-' ? 2 : 1;
	if (*end != '[')
		return at;
	while (end && *end == '[')
		end = close_of(end);
	return end ? end : at;
}

/* The chain that the column is in or, at an operator, to the left of; false if there is none. */
static bool find_chain(const char *text, unsigned column, const char **start, const char **end)
{
	const char *at = at_column(text, column);

	if (!at)
		return false;
	if (is_word(*at)) {
		while (is_word(*at))
			at++;
		*start = chain_start(text, at);
		*end = index_end(at);
	} else if (*at == '*' && at[1] != '=') {
		return false;
	} else {
		*end = left_side(text, at, start);
	}
	return *start < *end;
}

/* Is the star at at one that dereferences? */
static bool is_unary(const char *text, const char *at)
{
	const char *before = skip_blanks_back(text, at);

	if (!is_word(at[1]) && at[1] != '(')
		return false;
	if (before - text >= 6 && !strncmp(before - 6, "return", 6))
		return true;
	return before == text || strchr("(=;,!{+-*/&|<>?:[", before[-1]);
}

/* A pointer that is dereferenced somewhere, if it is but one. */
static char *only_pointer(const char *text)
{
	char *found = NULL;

	for (const char *at = text; *at; at++) {
		const char *start;
		char *name;

		if (at[0] == '-' && at[1] == '>') {
			start = chain_start(text, at);
			name = start < at ? copy(start, at) : NULL;
		} else if (*at == '*' && is_unary(text, at)) {
			name = starred(at);
		} else {
			continue;
		}
		if (!name || (found && strcmp(found, name))) {
			free(name);
			free(found);
			return NULL;
		}
		free(found);
		found = name;
	}
	return found;
}

char *expr_pointer(const char *text, unsigned column)
{
	const char *at = at_column(text, column), *start, *end, *step;

	if (at && *at == '*' && at[1] != '=')
		return starred(at);
	if (!find_chain(text, column, &start, &end))
		return only_pointer(text);
	if (*start == '(' && end == close_of(start)) {
		start = start + 1;
		end = end - 1;
	}
	while (start < end && isspace((unsigned char)*start))
		start++;
	if (*start == '*')
		return starred(start);
	step = last_step(start, end);
	if (step)
		return copy(start, step);
	start = skip_blanks_back(text, start);
	if (start > text && start[-1] == '*')
		return starred(start - 1);
	return only_pointer(text);
}

char *expr_address(const char *text, unsigned column)
{
	const char *at = at_column(text, column), *start, *end;
	char *chain, *address;

	if (at && *at == '*' && at[1] != '=')
		return starred(at);
	if (!find_chain(text, column, &start, &end) || !last_step(start, end))
		return NULL;
	chain = copy(start, end);
	if (!chain || asprintf(&address, "&%s", chain) < 0)
		address = NULL;
	free(chain);
	return address;
}

/* The last brackets of the chain, NULL if there are none. */
static const char *brackets(const char *text, unsigned column, const char **start)
{
	const char *end, *open = NULL;

	if (!find_chain(text, column, start, &end))
		return NULL;
	for (const char *at = *start; at && at < end;) {
		if (*at == '[')
			open = at;
		at = *at == '[' || *at == '(' ? close_of(at) : at + 1;
	}
	return open;
}

char *expr_array(const char *text, unsigned column)
{
	const char *start, *open = brackets(text, column, &start);

	return open ? copy(start, open) : NULL;
}

char *expr_index(const char *text, unsigned column)
{
	const char *start, *open = brackets(text, column, &start);

	return open ? copy(open + 1, close_of(open) - 1) : NULL;
}

/* Where the word is in the text, with a parenthesis behind it if it is called. */
static const char *find_word(const char *text, const char *word, bool called)
{
	size_t length = strlen(word);

	for (const char *at = text; length && (at = strstr(at, word)); at++) {
		const char *behind = at + length;

		if ((at > text && is_word(at[-1])) || is_word(*behind))
			continue;
		behind += strspn(behind, " \t\n");
		if (!called || *behind == '(')
			return at;
	}
	return NULL;
}

bool expr_has_word(const char *text, const char *word)
{
	return find_word(text, word, false);
}

/* What is behind the operator of the assignment, without blanks. */
static const char *find_assignment(const char *text, const char *called)
{
	const char *at = called ? find_word(text, called, true) : strchr(text, '=');

	if (!at)
		return NULL;
	return called ? skip_blanks_back(text, at) : at + 1;
}

char *expr_assigned(const char *text, const char *called)
{
	const char *at = find_assignment(text, called), *start;

	if (!at)
		return NULL;
	/* A cast of what it returns. */
	while (at > text && at[-1] == ')') {
		at = open_of(text, at);
		if (!at)
			return NULL;
		at = skip_blanks_back(text, at);
	}
	if (at - text < 2 || at[-1] != '=' || strchr("=!<>+-*/&|^%", at[-2]))
		return NULL;
	at = skip_blanks_back(text, at - 1);
	start = chain_start(text, at);
	return start < at ? copy(start, at) : NULL;
}

char *expr_method(const char *text, const char *table)
{
	const char *at = text, *end;

	while ((at = find_word(at, table, false))) {
		at += strlen(table);
		if (*at != '.')
			continue;
		for (end = ++at; is_word(*end); end++)
			;
		if (*end == '(')
			return copy(at, end);
	}
	return NULL;
}

char *expr_argument(const char *text, const char *called, unsigned number)
{
	const char *at = find_word(text, called, true), *end, *stop;

	if (!at)
		return NULL;
	at = strchr(at, '(');
	end = close_of(at);
	if (!end)
		return NULL;
	for (at++, end--; number; number--, at = stop + 1) {
		for (stop = at; stop && stop < end && *stop != ',';)
			stop = strchr("([{\"'", *stop) ? close_of(stop) : stop + 1;
		if (!stop)
			return NULL;
		if (number == 1)
			return copy(at, stop);
		if (stop >= end)
			return NULL;
	}
	return NULL;
}
