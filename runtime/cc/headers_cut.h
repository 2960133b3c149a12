/* SPDX-License-Identifier: Apache-2.0 */
/* Which types a program needs, and their C text. */
#ifndef HOTPROBE_CC_HEADERS_CUT_H
#define HOTPROBE_CC_HEADERS_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headers_btf.h"
#include "headers_words.h"
#include "text.h"

/* Another name for a member, as kernel headers give by a macro: sk_state for
   __sk_common.skc_state. It is made a real member, so that it is known in its struct only. */
struct alias {
	uint32_t type; /* the struct that gets it */
	const char *name;
	size_t name_size;
	struct btf_field field; /* offset within type */
};

enum {
	CUT_WANTED = 1 << 0,   /* in types */
	CUT_FULL = 1 << 1,     /* an enum with all enumerators */
	CUT_ALIAS = 1 << 2,    /* has aliases */
	CUT_BUSY = 1 << 3,     /* emit: on the way */
	CUT_DONE = 1 << 4,     /* emit: written */
	CUT_PACKED = 1 << 5,   /* emit: needs the attribute */
	CUT_LAID_OUT = 1 << 6, /* emit: alignment is known */
};

struct cut {
	const struct headers_btf *btf;
	struct words *words;
	bool loose;	      /* every word may be a tag */
	bool whole;	      /* all types, not only what words name */
	unsigned char *state; /* of each type */
	unsigned char *align; /* of each struct and union, bytes */
	uint32_t *types;      /* that the tree has to define, in the order found */
	size_t type_count;
	struct alias *aliases;
	size_t alias_count;
};

/* Chooses the types for the words. Sets WORD_BTF_ flags. */
void cut_types(struct cut *cut);
/* Of several types of one name, that whose members the source names most; 0 if there is none. */
uint32_t cut_tag(const struct cut *cut, const char *name, size_t size);

/* Does the name stand for something of the source's or libbcc's, so that the kernel's can't
   have it? */
bool cut_foreign_tag(const struct cut *cut, const char *name);
bool cut_foreign_name(const struct cut *cut, const char *name);

/* Writes the definitions of all chosen types, each after those that it holds by value. */
void emit_types(struct cut *cut, struct text *out);

#endif
