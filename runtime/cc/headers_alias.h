/* SPDX-License-Identifier: Apache-2.0 */
/* Members that kernel headers rename by macros. */
#ifndef HOTPROBE_CC_HEADERS_ALIAS_H
#define HOTPROBE_CC_HEADERS_ALIAS_H

#include "headers_cut.h"

/* Adds to cut->aliases those of a chosen struct that are words. */
void alias_find(struct cut *cut, uint32_t type);

/* Does the source use a name that may be an alias in this struct? */
bool alias_is_used(const struct cut *cut, uint32_t type);

/* Marks the names of all aliases that BTF has members for as used. */
void alias_add_words(const struct headers_btf *btf, struct words *words);

#endif
