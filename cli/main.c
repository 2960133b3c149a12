/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe, the command: finds the subcommand and hands over to it. */
#include "command.h"
#include "complete.h"
#include "report.h"

#include <fcntl.h>
#include <locale.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* What stands in place of a subcommand, as people are used to. */
static const char *subcommand(const char *word)
{
	if (!strcmp(word, "--version") || !strcmp(word, "-V"))
		return "version";
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return "help";
	return word;
}

/* If one of the standard descriptors is closed, the next file to be opened would take its place
   and receive what is printed. These fail instead, and are closed again in a traced command. */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct command *command;

	hold_standard_descriptors();
	/* For the width of characters alone: numbers and messages do not depend on the locale. */
	setlocale(LC_CTYPE, "C.UTF-8");

	if (argc < 2)
		return usage_error(NULL, "no command is given");
	if (!strcmp(argv[1], "__complete"))
		return complete_main(argc - 1, argv + 1);
	command = find_command(subcommand(argv[1]));
	if (!command)
		return no_such_command(argv[1]);
	return command->main(command, argc - 1, argv + 1);
}
