/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe check: compile, and take every function through the verifier; attach nothing. */
#include "command.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "report.h"
#include "text.h"

#include <string.h>

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void add_escaped(struct text *text, const char *string)
{
	text_escaped(text, string, strlen(string), 0);
}

static int print_result(const struct program *program, bool verbose)
{
	size_t programs = hotprobe_program_count(program->hp);
	size_t tables = hotprobe_table_count(program->hp);
	struct text text = {0};
	int status;

	text_format(&text, "OK: %zu program%s, %zu table%s\n", programs, plural(programs), tables,
		    plural(tables));
	for (size_t i = 0; verbose && i < programs; i++) {
		const struct hotprobe_program *function = hotprobe_program_at(program->hp, i);

		add_escaped(&text, hotprobe_program_file(function));
		text_format(&text, ":%u: ", hotprobe_program_line(function));
		add_escaped(&text, hotprobe_program_name(function));
		text_format(&text, ": %s%s\n", hotprobe_program_type(function),
			    hotprobe_program_placed(function) ? "" : ", attached to nothing");
	}
	status = print_out("%s", text_cstr(&text));
	text_free(&text);
	return status;
}

static int check(const struct source_options *source)
{
	struct hotprobe_opts opts = {0};
	struct program program;
	int status;

	status = program_open(&program, source, &opts);
	if (status == EXIT_DONE) {
		program_check_placement(&program);
		status = program_load(&program);
	}
	if (status == EXIT_DONE)
		status = print_result(&program, source->verbose);
	program_close(&program);
	return status;
}

static int check_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {SOURCE_NAMES, VERIFIER_LOG_NAME, OPTION_NAMES, {0}};
	struct options options =
		options_begin(command, argc, argv, OPTION_LETTERS SOURCE_LETTERS, names);
	struct source_options source = {0};
	int option;

	while ((option = options_next(&options)) != OPTION_END)
		if (option == OPTION_HELP || option == OPTION_BAD ||
		    !source_option(&source, &options, option))
			goto out;
	if (!options_without_command(&options))
		goto out;
	if (source_options_complete(&source, &options))
		options.status = check(&source);
out:
	source_options_free(&source);
	return options.status;
}

const struct command command_check = {
	.name = "check",
	.summary = "compile a program and take it through the verifier, attach nothing",
	.help = "Usage: hotprobe check FILE.c [OPTION...]\n"
		"\n"
		"Compiles FILE.c (- is standard input) and loads every function, so that the "
		"kernel's\n"
		"verifier sees it. Prints OK, with -v a line for each function, or what is wrong.\n"
		"\n"
		"Options:\n" SOURCE_OPTIONS_HELP VERIFIER_LOG_HELP
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = check_main,
};
