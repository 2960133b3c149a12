/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps line numbers right. libbcc rewrites the source before it compiles it: it puts a line in
 * front of every function, lines that fetch the arguments behind its opening brace, and joins
 * calls that span lines. The copy of the source that libbcc gets therefore states its line with
 * #line wherever that happens, and diagnostics and line info come out with the user's lines.
 */
#ifndef HOTPROBE_CC_LINES_H
#define HOTPROBE_CC_LINES_H

#include "parse.h"
#include "source.h"

/* With this macro defined, the compiler sees nothing of the text. */
#define LINES_SKIPPED "HOTPROBE_SKIP_SOURCE"

/* The text for libbcc, in memory of its own. */
char *lines_mark(const struct source *source, const struct parsed *parsed);
/* The user's line that a line of the compiled text stands for. What libbcc put behind a brace to
   fetch arguments stands on the function's first line. */
unsigned lines_resolve(const struct parsed *parsed, unsigned line);

#endif
