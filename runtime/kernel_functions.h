/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's functions, from /proc/kallsyms. */
#ifndef HOTPROBE_KERNEL_FUNCTIONS_H
#define HOTPROBE_KERNEL_FUNCTIONS_H

#include "pattern.h"

/* Adds those that match and may take a kprobe as far as can be known without trying, sorted.
   Returns 0 or a negative errno. */
int kernel_find_functions(const char *pattern, struct names *found);

/* Is there one of that name, in the kernel or a module? */
bool kernel_has_function(const char *name);

#endif
