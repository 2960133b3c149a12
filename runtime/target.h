/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: what a function name or a KIND:TARGET text asks to be attached to. */
#ifndef HOTPROBE_TARGET_H
#define HOTPROBE_TARGET_H

#include "internal.h"

/* From a function's name. Returns 1 and the target if it follows a convention, 0 if it follows
   none, -EINVAL with *why (a static string) if it begins like one but names no target, -ENOMEM. */
int target_from_name(struct target *target, const char *function, const char **why);

/* From "KIND:TARGET". Returns 0, -EINVAL with *why (a static string), -ENOMEM. */
int target_from_spec(struct target *target, const char *spec, const char **why);

/* Sets the names, which are copied; group may be NULL. Returns 0 or -ENOMEM. */
int target_set(struct target *target, const char *group, const char *name);
void target_free(struct target *target);
bool target_equal(const struct target *a, const struct target *b);
/* As KIND:TARGET, malloc'ed; NULL if memory is out. */
char *target_text(const struct target *target);
/* The kinds there are, "kprobe, kretprobe, ...", malloc'ed; NULL if memory is out. */
char *target_kinds(void);

#endif
