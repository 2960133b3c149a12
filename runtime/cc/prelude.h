/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc's own headers, made fit for libclang. */
#ifndef HOTPROBE_CC_PRELUDE_H
#define HOTPROBE_CC_PRELUDE_H

/*
 * libclang does not tell a variable's section, but it tells annotations. This copies text with
 * every section("maps/...") followed by annotate() of the same words. In memory of its own.
 */
char *prelude_annotate(const char *text);

#endif
