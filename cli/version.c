/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe version: which command and which library this is. */
#include "command.h"
#include "hotprobe.h"
#include "options.h"
#include "output.h"
#include "report.h"

#include <string.h>

static int version_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {OPTION_NAMES, {0}};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	const char *library = hotprobe_version();
	int option = options_next(&options);

	if (option == OPTION_OPERAND)
		return usage_error(command, "unexpected argument '%s'", options.value);
	if (option != OPTION_END)
		return options.status;
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
		"one.\n"
		"\n"
		"Options:\n"
		"  -h, --help                print this\n",
	.main = version_main,
};
