/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: what a function name or a KIND:TARGET text asks to be attached to. */
#ifndef HOTPROBE_TARGET_H
#define HOTPROBE_TARGET_H

#include "internal.h"

/* From a function's name. Returns 1 and the target if it follows a convention, 0 if it follows
   none, -EINVAL if it begins like one but names no target ("kprobe__"), -ENOMEM. */
int target_from_name(struct target *target, const char *function);

/* From "KIND:TARGET". Returns 0, -EINVAL with *why (a static string), -ENOMEM. */
int target_from_spec(struct target *target, const char *spec, const char **why);

/* group may be NULL. Returns 0 or -ENOMEM. */
int target_init(struct target *target, enum probe_kind kind, const char *group, const char *name,
		uint64_t offset);
/* The same for a kprobe or kretprobe. One on a syscall's function by any spelling becomes the
   syscall: so it works on every backend, and "sys_open" means what this kernel calls it, as with
   BCC's fix_syscall_fnname. */
int target_init_kprobe(struct target *target, enum probe_kind kind, const char *name,
		       uint64_t offset);
void target_free(struct target *target);
bool target_equal(const struct target *a, const struct target *b);
/* As KIND:TARGET, malloc'ed; NULL if memory is out. */
char *target_text(const struct target *target);

#endif
