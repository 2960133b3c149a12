/* SPDX-License-Identifier: Apache-2.0 */
/* The list of subcommands. */
#include "command.h"

#include <stddef.h>
#include <string.h>

const struct command *const commands[] = {
	&command_run,	 &command_watch, &command_check,   &command_list,  &command_new,
	&command_build,	 &command_cache, &command_headers, &command_guest, &command_doctor,
	&command_lesson, &command_help,	 &command_version, NULL,
};

const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
