/* SPDX-License-Identifier: Apache-2.0 */
#include "rename.h"

#include <string.h>

#include "text.h"

#define GIVEN "kprobe__sys_"
#define BEFORE "syscall__"

struct flags rename_flags(const struct flags *user, const struct parsed *parsed)
{
	struct flags flags = {0};
	size_t i;

	for (i = 0; i < user->count; i++)
		flags_add(&flags, user->argv[i]);
	for (i = 0; i < parsed->function_count; i++) {
		const struct parse_function *f = &parsed->functions[i];

		if (f->parameters > 1 && !strncmp(f->name, GIVEN, strlen(GIVEN)))
			flags_add(&flags, cc_printf("-D%s=" BEFORE "%s", f->name, f->name));
	}
	return flags;
}

const char *rename_undo(const char *name)
{
	return strncmp(name, BEFORE GIVEN, strlen(BEFORE GIVEN)) ? name : name + strlen(BEFORE);
}
