/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and their arguments in libclang's tree. */
#ifndef HOTPROBE_CC_CALL_H
#define HOTPROBE_CC_CALL_H

#include <clang-c/Index.h>
#include <stdbool.h>

#include "parse.h"

CXCursor first_child(CXCursor cursor);
/* A cast's operand comes after the type that it names. */
CXCursor last_child(CXCursor cursor);
/* What an expression is below parentheses and the conversions that clang adds. */
CXCursor below_implicit(CXCursor cursor);

/* True if the function or method that is called has that name. */
bool call_is(CXCursor call, const char *name);
/* The table of TABLE.method(), NULL if it is none. */
struct parse_table *call_table(CXCursor call, struct parsed *parsed);

#endif
