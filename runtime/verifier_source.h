/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds in a statement of the source the expression that an instruction is about. Whatever it
 * cannot tell for sure it leaves: the functions return NULL then, or if there is no memory; else
 * what they return is malloc'ed. column is from 1, where line info has the instruction: the member
 * that is read, the operator of an assignment, the star or the name otherwise; 0 if it is not
 * known.
 */
#ifndef HOTPROBE_VERIFIER_SOURCE_H
#define HOTPROBE_VERIFIER_SOURCE_H

#include <stdbool.h>

/* The pointer that is dereferenced: "count" of "*count += 1", "slots" of "slots->slot[i]". */
char *expr_pointer(const char *text, unsigned column);
/* The address of what is accessed: "count" of "*count", "&slots->used" of "slots->used". */
char *expr_address(const char *text, unsigned column);
/* Of "slots->slot[i]": "slots->slot" and "i". */
char *expr_array(const char *text, unsigned column);
char *expr_index(const char *text, unsigned column);
/* What the call of that function or method is assigned to: "count" of "u64 *count =
   counts.lookup()". called NULL: the first assignment. */
char *expr_assigned(const char *text, const char *called);
/* The operation of a table that is called: "lookup". */
char *expr_method(const char *text, const char *table);
/* An argument of a call, from 1. */
char *expr_argument(const char *text, const char *called, unsigned number);
/* The name is a word of the text. */
bool expr_has_word(const char *text, const char *word);

#endif
