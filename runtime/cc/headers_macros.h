/* SPDX-License-Identifier: Apache-2.0 */
/* Macros and inline functions that the words ask for: idioms and constants. */
#ifndef HOTPROBE_CC_HEADERS_MACROS_H
#define HOTPROBE_CC_HEADERS_MACROS_H

#include "headers_btf.h"
#include "headers_scan.h"
#include "headers_uapi.h"
#include "headers_words.h"
#include "text.h"

struct idiom {
	const char *text;
	size_t size;
	size_t first_use, use_count; /* in macros.uses */
	size_t first_name, name_count;
	bool wanted;
};

enum question_kind {
	HAS_FIELD,	/* HOTPROBE_HAS_FIELD or HOTPROBE_FIELD_SIZE: a struct and its member */
	HAS_TYPE,	/* HOTPROBE_HAS_TYPE: a struct, union or enum */
	HAS_ENUMERATOR, /* HOTPROBE_HAS_ENUMERATOR */
};

struct question {
	enum question_kind kind;
	struct question_word {
		const char *at; /* NULL until it was read */
		int size;
	} name, field;
};

struct macros {
	struct words *words;
	const struct uapi_table *uapi;
	struct idiom *idioms;
	size_t idiom_count;
	struct idiom_word {
		const char *at;
		size_t size;
		uint32_t flags;
	} * uses, *names;
	size_t use_count, name_count;
	struct words idiom_names; /* their chain is the idiom's index */
	/* Macros of libbcc's headers: what they expand to brings words in. */
	struct words bcc_names; /* their chain is the body's index */
	struct {
		const char *at, *end;
	} * bcc_bodies;
	size_t bcc_count;
	struct uapi_macro *constants;
	size_t constant_count;
	struct words included; /* headers that the source includes, as "linux/in.h" */
	struct question *questions;
	size_t question_count;
	int asking;   /* operands that the current question still lacks */
	bool is_iter; /* the word before was BPF_ITER */
	struct cond cond;
	bool loose; /* the source makes identifiers that can't be seen */
};

/* Reads the idioms. The words of the first one are marked as libbcc's. */
void macros_init(struct macros *macros, struct words *words, const struct headers_btf *btf,
		 const struct uapi_table *uapi, unsigned version_code);
/* Notes the macros of a text of the user's, before any of them is added. */
void macros_foresee(struct macros *macros, const char *text, size_t size);
/* Notes a macro of the command line: NAME or NAME=VALUE. */
void macros_add_flag(struct macros *macros, const char *macro);
/* Notes what a text of the user's uses, defines and asks. */
void macros_add_source(struct macros *macros, const char *text, size_t size);
/* Notes what a header of libbcc's defines. */
void macros_add_builtin(struct macros *macros, const char *text, size_t size);
/* Chooses idioms and constants until no word asks for another. */
void macros_expand(struct macros *macros);

/* What of them BTF and the source leave to be defined, in parts that go into the tree at
   different places: answers to questions, the first idiom, constants and the other idioms. */
void macros_put_answers(const struct macros *macros, const struct headers_btf *btf,
			struct text *out);
void macros_put_basics(const struct macros *macros, struct text *out);
void macros_put(const struct macros *macros, struct text *out);
/* Do BTF, the source or libbcc have something of that name, that a macro must not hide? */
bool macros_is_taken(const struct macros *macros, const char *at, size_t size);

#endif
