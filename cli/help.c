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
	static const struct option names[] = {OPTION_NAMES, {0}};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	const char *name = NULL;
	const struct command *about;
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option != OPTION_OPERAND)
			return options.status;
		if (name)
			return usage_error(command, "unexpected argument '%s'", options.value);
		name = options.value;
	}
	if (!name)
		return print_commands();
	about = find_command(name);
	return about ? print_out("%s", about->help) : no_such_command(name);
}

const struct command command_help = {
	.name = "help",
	.summary = "this list, or with the name of a command all about it",
	.help = "Usage: hotprobe help [COMMAND]\n"
		"\n"
		"Lists the commands, or prints all about one of them, as hotprobe COMMAND --help "
		"does.\n"
		"\n"
		"Options:\n"
		"  -h, --help                print this\n",
	.main = help_main,
};
