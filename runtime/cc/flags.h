/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's flags: the user's, and those that libbcc adds to them. */
#ifndef HOTPROBE_CC_FLAGS_H
#define HOTPROBE_CC_FLAGS_H

#include <stddef.h>

#include "../arch.h"

struct flags {
	const char **argv; /* NULL-terminated once something was added */
	size_t count;
};

/* In front of the target in the annotation that a parse sees for HOTPROBE("KIND:TARGET"). */
#define FLAGS_TARGET "hotprobe:"

void flags_add(struct flags *flags, const char *flag);
/* What clang is started with for a parse, so that it sees what libbcc's own passes see. */
struct flags flags_for_parse(const struct flags *user, const struct arch *arch);
/* The directories of the user's in which headers are looked for. */
void flags_each_include_dir(const struct flags *user, void (*each)(const char *dir));

#endif
