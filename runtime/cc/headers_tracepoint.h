/* SPDX-License-Identifier: Apache-2.0 */
/* A tracepoint's record as a struct, as TRACEPOINT_PROBE wants it. */
#ifndef HOTPROBE_CC_HEADERS_TRACEPOINT_H
#define HOTPROBE_CC_HEADERS_TRACEPOINT_H

#include "headers.h"
#include "headers_btf.h"
#include "headers_words.h"

/* Marks the types that the fields name as words. */
void tracepoint_add_words(const struct headers_tracepoint *tp, struct words *words);
/* Writes struct tracepoint__CATEGORY__EVENT. */
void tracepoint_put(const struct headers_tracepoint *tp, const struct headers_btf *btf,
		    const struct words *words, struct text *out);

#endif
