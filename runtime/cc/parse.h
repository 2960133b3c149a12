/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libbcc does not tell about a program: its functions and where they are, the types of its
 * tables and events, and its errors by place. libclang parses the same text as libbcc, with the
 * same flags, headers and libbcc's own prelude (exported.h), before libbcc does.
 */
#ifndef HOTPROBE_CC_PARSE_H
#define HOTPROBE_CC_PARSE_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../image.h"
#include "diag.h"
#include "flags.h"
#include "source.h"
#include "text.h"

#define PARSE_NOWHERE ((size_t)-1)

struct parse_function {
	char *name;
	char *context; /* of its first parameter, what it points to: "struct pt_regs" */
	unsigned line, column;
	size_t start; /* offset of the definition's first byte in the source */
	size_t brace; /* of its body's opening brace; PARSE_NOWHERE if a macro makes it */
	int parameters;
	bool external;
	bool from_macro; /* its name is made by a macro, such as TRACEPOINT_PROBE */
	bool has_section;
	char **targets; /* that HOTPROBE() in front of it names */
	size_t target_count;
	bool makes_powers; /* see slots.h */
};

struct parse_table {
	char *name;
	char *kind; /* BCC's word; NULL if the section was not given by one of BCC's macros */
	char *file;
	unsigned line;
	bool is_main;  /* it is declared in the source itself */
	size_t offset; /* of its declaration in that file */
	bool has_stacks;
	uint32_t key_type, value_type, event_type; /* index + 1 into IMAGE_TYPES */
	bool log2;				   /* a histogram of powers of two */
};

/* Offsets in the source. */
struct parse_range {
	size_t start, end;
};

struct parsed {
	struct parse_function *functions;
	size_t function_count;
	struct parse_table *tables;
	size_t table_count;
	/* Offsets of statements, ascending, in front of which libbcc's rewriter may have taken away
	   or added lines. */
	size_t *resync;
	size_t resync_count;
	CXCursor *powers; /* variables that hold slots of powers of two */
	size_t power_count;
	struct text usdt; /* definitions that usdt.h adds to the source, whole lines */
	struct parse_range *ring_queries; /* calls that ring_query.h edits */
	size_t ring_query_count;
};

/* Types and uses of the kernel's go to w, errors to diags. Returns -1 if libclang cannot be used at
   all. */
int parse_source(const struct source *source, const struct flags *user, const struct arch *arch,
		 struct image_writer *w, struct diag_list *diags, struct parsed *parsed);

struct parse_table *parse_find_table(struct parsed *parsed, const char *name);
const struct parse_function *parse_find_function(const struct parsed *parsed, const char *name);

#endif
