/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's functions by address: all of /proc/kallsyms, some megabytes, so only when asked. */
#ifndef HOTPROBE_KALLSYMS_H
#define HOTPROBE_KALLSYMS_H

#include <stdint.h>

struct kallsyms;

/* Returns 0; -EPERM if the kernel hides its addresses (kptr_restrict); a negative errno. */
int kallsyms_read(struct kallsyms **kallsyms);
void kallsyms_free(struct kallsyms *kallsyms);

/* Which function has that address, in which module ("" for the kernel proper), how far from its
   start. Returns 0 or -ENOENT. */
int kallsyms_find(const struct kallsyms *kallsyms, uint64_t address, const char **name,
		  const char **module, uint64_t *offset);

#endif
