/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a program: every identifier that matters, and what is known about it. */
#ifndef HOTPROBE_CC_HEADERS_WORDS_H
#define HOTPROBE_CC_HEADERS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WORD_USED = 1 << 0,	 /* the source names it, or something does that it needs */
	WORD_TAG = 1 << 1,	 /* it follows struct, union or enum */
	WORD_LOCAL = 1 << 2,	 /* the source declares a variable or member of that name */
	WORD_DEF_TAG = 1 << 3,	 /* the source defines the struct, union or enum */
	WORD_DEF_NAME = 1 << 4,	 /* ... a typedef, function, variable, enumerator, table */
	WORD_DEF_MACRO = 1 << 5, /* ... a macro */
	WORD_BCC_TAG = 1 << 6,	 /* the same three for libbcc's headers */
	WORD_BCC_NAME = 1 << 7,
	WORD_BCC_MACRO = 1 << 8,
	WORD_BTF_NAME = 1 << 9,	 /* BTF has a typedef or enumerator of that name */
	WORD_BTF_TAG = 1 << 10,	 /* BTF has a struct, union or enum */
	WORD_STRUCT = 1 << 11,	 /* it follows struct */
	WORD_EMITTED = 1 << 12,	 /* it is in the tree as an enumerator */
	WORD_EXPANDED = 1 << 13, /* what it brings in has been added */
};

struct word {
	const char *at; /* not terminated; stays the text's */
	uint32_t size;
	uint32_t hash;
	uint32_t flags;
	uint32_t chain; /* an index that the table's owner keeps */
};

struct words {
	struct word *list;
	size_t count;
	uint32_t *slots; /* index + 1 into list; a power of two of them */
	size_t slot_count;
	/* A filter in front of the slots: bit hash % its size is set for every word's hash. */
	uint64_t filter[1024];
};

uint32_t words_hash(const char *at, size_t size);
/* Finds the word or adds it without flags. Valid until the next word is added. */
struct word *words_add(struct words *words, const char *at, size_t size);
struct word *words_find(const struct words *words, const char *at, size_t size);
/* The flags of a word, 0 if it is none. */
uint32_t words_flags(const struct words *words, const char *string);

#endif
