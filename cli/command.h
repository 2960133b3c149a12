/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand is, and what its exit status says. A subcommand is one file that defines one
 * struct command; commands.c lists them.
 */
#ifndef HOTPROBE_CLI_COMMAND_H
#define HOTPROBE_CLI_COMMAND_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_PROGRAM = 1,
	EXIT_USAGE = 2,
	EXIT_SYSTEM = 3,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNALLED = 128, /* plus the signal's number */
};

#define EXIT_STATUS_HELP                                                                           \
	"Exit status:\n"                                                                           \
	"  0      done\n"                                                                          \
	"  1      the program is wrong: it does not compile, the verifier refuses it, or it\n"     \
	"         names a function, syscall or event that this kernel does not have\n"             \
	"  2      the command line is wrong\n"                                                     \
	"  3      the system refuses: a privilege, a kernel feature, BTF, the compiler, memory\n"  \
	"         or space for the output is missing; the message says which\n"

struct command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *help;    /* all that `hotprobe help NAME` shows */
	/* argv[0] is the subcommand. Returns the exit status. */
	int (*main)(const struct command *command, int argc, char **argv);
};

extern const struct command command_run;
extern const struct command command_watch;
extern const struct command command_check;
extern const struct command command_build;
extern const struct command command_cache;
extern const struct command command_headers;
extern const struct command command_list;
extern const struct command command_new;
extern const struct command command_guest;
extern const struct command command_doctor;
extern const struct command command_lesson;
extern const struct command command_version;
extern const struct command command_help;

/* Every subcommand, ended by NULL, in the order in which help lists them. */
extern const struct command *const commands[];

/* NULL if there is none of that name. */
const struct command *find_command(const char *name);

#endif
