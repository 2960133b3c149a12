/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the user's files, as libclang gives them. */
#ifndef HOTPROBE_CC_PLACE_H
#define HOTPROBE_CC_PLACE_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>

#include "source.h"

struct place {
	char *file; /* as the user calls it; "" for a header of the tree or of libbcc */
	unsigned line, column;
	size_t offset;
	bool is_main;	 /* in the source itself */
	bool from_macro; /* a macro's expansion; the place is where it is used */
};

/* The string in memory of the process's; the CXString is disposed of. */
char *place_string(CXString string);
struct place place_of(const struct source *source, CXSourceLocation location);
/* False for what the header tree and libbcc declare. */
bool place_is_users(CXSourceLocation location);

#endif
