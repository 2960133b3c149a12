/* SPDX-License-Identifier: Apache-2.0 */
/* The type of what a program submits to a perf or ring buffer. */
#ifndef HOTPROBE_CC_EVENTS_H
#define HOTPROBE_CC_EVENTS_H

#include <clang-c/Index.h>

#include "diag.h"
#include "parse.h"
#include "source.h"
#include "types.h"
#include "uses.h"

/* If the call is one of TABLE.perf_submit(), perf_submit_skb(), ringbuf_output() and
   ringbuf_submit(), notes the type of its data as the table's event type. */
void event_from_call(CXCursor call, const struct source *source, struct types *types,
		     struct uses *uses, struct parsed *parsed, struct diag_list *diags);

#endif
