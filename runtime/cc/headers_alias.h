/* SPDX-License-Identifier: Apache-2.0 */
/* Members that kernel headers rename by macros. */
#ifndef HOTPROBE_CC_HEADERS_ALIAS_H
#define HOTPROBE_CC_HEADERS_ALIAS_H

#include "headers_cut.h"

/* Adds to cut->aliases those of a chosen struct that are words. */
void alias_find(struct cut *cut, uint32_t type);

#endif
