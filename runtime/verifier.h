/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's log, made readable. */
#ifndef HOTPROBE_VERIFIER_H
#define HOTPROBE_VERIFIER_H

#include "internal.h"

/* Adds a diagnostic for a program that the verifier refused with err, at the source line that
   line info gives for the instruction it stopped at. Returns err, with the message set. */
int verifier_explain(struct hotprobe_program *program, const struct bytecode *code, int err,
		     const char *log);

#endif
