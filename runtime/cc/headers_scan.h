/* SPDX-License-Identifier: Apache-2.0 */
/* Which identifiers a C text uses, and which it defines, found without parsing it. */
#ifndef HOTPROBE_CC_HEADERS_SCAN_H
#define HOTPROBE_CC_HEADERS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headers_cond.h"
#include "headers_lex.h"

/*
 * Called for every identifier with flags of headers_words.h: WORD_USED, WORD_TAG, WORD_LOCAL and
 * WORD_DEF_. What looks like a definition without being one costs a type that stays out; what is
 * overlooked, one that is defined twice.
 */
struct scan_calls {
	void (*word)(void *ctx, const struct token *token, uint32_t flags);
	/* The text makes identifiers that can't be seen: by ##, or as a macro's parameter that
	   follows struct. May be NULL. */
	void (*hidden)(void *ctx);
	/* The operand of #include, as it stands. May be NULL. */
	void (*include)(void *ctx, const char *at, size_t size);
	/* A macro's definition from its name to the end of the line. May be NULL. */
	void (*macro)(void *ctx, const struct token *name, const char *end);
};

/* cond decides about #if and learns the text's macros; NULL: all branches are read. */
void scan_text(const char *text, size_t size, struct cond *cond, const struct scan_calls *calls,
	       void *ctx);

#endif
