/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe version: which command and which library this is. */
#include "command.h"
#include "hotprobe.h"
#include "output.h"
#include "report.h"

#include <string.h>

static int version_main(const struct command *command, int argc, char **argv)
{
	const char *library = hotprobe_version();

	if (argc > 1)
		return usage_error(command, "unexpected argument '%s'", argv[1]);
	if (!strcmp(library, HOTPROBE_VERSION))
		return print_out("hotprobe %s\n", HOTPROBE_VERSION);
	return print_out("hotprobe %s (library %s)\n", HOTPROBE_VERSION, library);
}

const struct command command_version = {
	.name = "version",
	.summary = "print the version",
	.help = "Usage: hotprobe version\n"
		"\n"
		"Prints the version of the command, and that of the library if it is another "
		"one.\n",
	.main = version_main,
};
