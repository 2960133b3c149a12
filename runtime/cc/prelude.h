/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc's own headers, bpf.h and helpers.h, made fit for use. */
#ifndef HOTPROBE_CC_PRELUDE_H
#define HOTPROBE_CC_PRELUDE_H

#include <stdbool.h>
#include <stddef.h>

#include "headers.h"

/*
 * libclang does not tell a variable's section, but it tells annotations. This copies text with
 * every section("maps/...") followed by annotate() of the same words. In memory of its own.
 */
char *prelude_annotate(const char *text);

/*
 * A program uses few of some 300 KB of declarations, and they are read four times: once by
 * libclang and three times by libbcc. This leaves in libbcc's memory only what the words of the
 * given texts need. What is left out by mistake shows as an error; then prelude_restore() brings
 * it all back, which returns false if nothing was left out.
 */
void prelude_cut(const struct headers_text *texts, size_t count);
bool prelude_restore(void);

#endif
