/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a histogram's slots are powers of two. BCC's scripts choose between print_log2_hist() and
 * print_linear_hist(); here the source tells, by what it counts up: the result of bpf_log2() or
 * bpf_log2l(), or a variable that such a result went to.
 */
#ifndef HOTPROBE_CC_SLOTS_H
#define HOTPROBE_CC_SLOTS_H

#include <clang-c/Index.h>

#include "parse.h"

/* Takes note of a declaration or expression in the function that was added last, in the order of
   the source. */
void slots_from(CXCursor cursor, struct parsed *parsed);

#endif
