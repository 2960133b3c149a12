/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe help: the list of commands, or all about one of them. */
#include "command.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "text.h"

static int print_commands(void)
{
	struct text list = {0};
	int status;

	for (size_t i = 0; commands[i]; i++)
		text_format(&list, "  %-10s%s\n", commands[i]->name, commands[i]->summary);
	status = print_out("Usage: hotprobe COMMAND [ARGUMENTS...]\n"
			   "\n"
			   "Compiles BPF C in the dialect of BCC, attaches its functions by their "
			   "names and prints\n"
			   "the events that they send.\n"
			   "\n"
			   "Commands:\n"
			   "%s"
			   "\n"
			   "Options of every command:\n" OPTIONS_HELP "\n"
			   "Examples:\n"
			   "  hotprobe run opensnoop.c -- cat /etc/hostname\n"
			   "  hotprobe check opensnoop.c\n"
			   "  hotprobe help run\n",
			   text_cstr(&list));
	text_free(&list);
	return status;
}

static int help_main(const struct command *command, int argc, char **argv)
{
	const struct command *about;

	if (argc < 2)
		return print_commands();
	if (argc > 2)
		return usage_error(command, "unexpected argument '%s'", argv[2]);
	about = find_command(argv[1]);
	if (!about)
		return no_such_command(argv[1]);
	return print_out("%s", about->help);
}

const struct command command_help = {
	.name = "help",
	.summary = "this list, or with the name of a command all about it",
	.help = "Usage: hotprobe help [COMMAND]\n",
	.main = help_main,
};
