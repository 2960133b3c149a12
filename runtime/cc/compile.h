/* SPDX-License-Identifier: Apache-2.0 */
/* Runs libbcc on a program. */
#ifndef HOTPROBE_CC_COMPILE_H
#define HOTPROBE_CC_COMPILE_H

#include <stdbool.h>

#include "flags.h"

/*
 * Compiles text, made by lines_mark(); skip_first_pass is for a program whose headers declare the
 * structs of its tracepoints. Returns libbcc's module, NULL if it made none. LLVM ends the
 * process on some errors instead of returning; then given_up is called and must not return.
 */
void *compile_run(const char *text, const struct flags *user, bool skip_first_pass,
		  void (*given_up)(void));

/* What was written to standard error meanwhile; the caller's memory. */
char *compile_stray_text(void);

#endif
