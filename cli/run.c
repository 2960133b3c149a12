/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe run: compile, attach, print events until the end. */
#include "command.h"

#include "run_options.h"
#include "session.h"

static int run_program(const struct run_options *options)
{
	struct session session;
	int status;

	session_open(&session, options);
	status = session_start(&session);
	if (status == EXIT_DONE)
		status = session_trace(&session);
	return session_close(&session, status);
}

static int run_main(const struct command *command, int argc, char **argv)
{
	struct run_options options;
	int status;

	if (run_options_parse(&options, command, argc, argv, &status))
		status = run_program(&options);
	run_options_free(&options);
	return status;
}

const struct command command_run = {
	.name = "run",
	.summary = "compile a program, attach it, print its events",
	.help = run_help,
	.main = run_main,
};
