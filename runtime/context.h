/* SPDX-License-Identifier: Apache-2.0 */
/* What a function takes as its first parameter, and what the place it is attached to gives it. */
#ifndef HOTPROBE_CONTEXT_H
#define HOTPROBE_CONTEXT_H

#include "internal.h"

#define CONTEXT_ITER "struct bpf_iter__"

/* What a function that nothing places is most likely meant to be, by its first parameter. */
struct plan context_guess_plan(const char *context);

/* What a target gives a program of that plan, into buf or static: "struct pt_regs"; NULL if it
   gives the arguments themselves. */
const char *context_of_target(const struct target *target, const struct plan *plan, char *buf,
			      size_t size);
/* The same of a type of program; NULL if it has none. */
const char *context_of_type(enum bpf_prog_type type);

/* Refuses a function that reads its context as another struct than its target's. Returns 0 or a
   negative errno with message and diagnostic set. */
int context_check(struct hotprobe_link *link);

#endif
