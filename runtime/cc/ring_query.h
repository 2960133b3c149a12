/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TABLE.ringbuf_query(FLAGS) of a BPF_RINGBUF_OUTPUT: libbcc's macro declares it from 0.27 on, and
 * its rewriter does not know it before. Where it does not, the call is given to it as one that it
 * knows and writes in the same form, with what that calls standing for the right helper.
 */
#ifndef HOTPROBE_CC_RING_QUERY_H
#define HOTPROBE_CC_RING_QUERY_H

#include <clang-c/Index.h>

#include "parse.h"
#include "source.h"

/* Has libbcc's macro declare the operation, if it does not. Before the headers are used. */
void ring_query_declare(void);

/* Takes note of the call if it is one that has to be edited. */
void ring_query_from_call(CXCursor call, const struct source *source, struct parsed *parsed);

/* What to put in front of the source, and around each call that was noted. */
extern const char ring_query_define[], ring_query_before[], ring_query_after[];

#endif
