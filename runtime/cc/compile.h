/* SPDX-License-Identifier: Apache-2.0 */
/* Runs libbcc on a program. */
#ifndef HOTPROBE_CC_COMPILE_H
#define HOTPROBE_CC_COMPILE_H

#include "flags.h"

/*
 * Compiles text. Returns libbcc's module, NULL if it made none. LLVM ends the process on some
 * errors instead of returning; then given_up is called and must not return.
 */
void *compile_run(const char *text, const struct flags *user, void (*given_up)(void));

/* What was written to standard error meanwhile; the caller's memory. */
char *compile_stray_text(void);

#endif
