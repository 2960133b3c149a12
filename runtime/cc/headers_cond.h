/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of #if, as far as they can be decided without the compiler. */
#ifndef HOTPROBE_CC_HEADERS_COND_H
#define HOTPROBE_CC_HEADERS_COND_H

#include <stdbool.h>
#include <stdint.h>

#include "headers_btf.h"
#include "headers_lex.h"
#include "headers_words.h"

enum truth { NO, YES, MAYBE };

enum cond_state {
	COND_ELSEWHERE, /* some text defines it: here it may be defined or not */
	COND_UNDEFINED,
	COND_DEFINED, /* as something that is no constant */
	COND_CONSTANT,
};

struct cond {
	const struct headers_btf *btf;
	int64_t version_code; /* LINUX_VERSION_CODE */
	struct words names;   /* their chain is the index of what is known */
	struct {
		enum cond_state state;
		int64_t value;
	} * known;
	size_t count;
	/* Is there a macro of that name beyond the source: an idiom, a constant, libbcc's? */
	bool (*has_macro)(void *ctx, const char *at, size_t size);
	void *ctx;
};

/* Notes that the text has #defines of these names, wherever they are. */
void cond_foresee(struct cond *cond, const char *text, size_t size);
/* Enters a macro with its definition, up to end. unsure: perhaps the compiler does not get there.
 */
void cond_define(struct cond *cond, const struct token *name, const char *definition,
		 const char *end, bool unsure);
void cond_undef(struct cond *cond, const struct token *name, bool unsure);

enum truth cond_defined(const struct cond *cond, const struct token *name);
/* Evaluates the rest of an #if or #elif line, up to end. */
enum truth cond_evaluate(const struct cond *cond, const char *at, const char *end);

#endif
