/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of USDT probes. libbcc turns bpf_usdt_readarg(N, ctx, &x) in function F into a call of
 * _bpf_readarg_F_N(), which BCC's Python writes after it has looked into the traced binary. Here
 * the compiler process writes them, with a call that the loader replaces (IMAGE_USDT_CALL): so a
 * program compiles without the binary, and serves any.
 */
#ifndef HOTPROBE_CC_USDT_H
#define HOTPROBE_CC_USDT_H

#include <clang-c/Index.h>

#include "diag.h"
#include "source.h"
#include "text.h"

/* If the call reads an argument, adds to text (once) what reads it in that function. */
void usdt_from_call(CXCursor call, const struct source *source, const char *function,
		    struct text *text, struct diag_list *diags);

#endif
