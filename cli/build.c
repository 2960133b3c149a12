/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe build: compile to an image that needs no compiler any more. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "program.h"
#include "report.h"

enum {
	BUILD_BTF = SOURCE_OPTION_END,
	BUILD_RELEASE,
	BUILD_TRACEFS,
	BUILD_BACKEND,
};

struct build {
	struct source_options source;
	struct hotprobe_opts opts;
	const char *output;
};

/* "dir/opensnoop.c" gives "opensnoop.hpo": where the user is, not where the source is. */
static char *default_output(const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	const char *dot = strrchr(name, '.');
	char *output;

	if (!strcmp(file, "-"))
		return strdup("stdin.hpo");
	if (asprintf(&output, "%.*s.hpo", dot ? (int)(dot - name) : (int)strlen(name), name) < 0)
		return NULL;
	return output;
}

static int build(struct build *build)
{
	struct program program;
	char *output = build->output ? strdup(build->output) : default_output(build->source.file);
	int status, err;

	status = program_open(&program, &build->source, &build->opts);
	if (status == EXIT_DONE) {
		program_check_placement(&program);
		err = output ? hotprobe_save(program.hp, output) : -ENOMEM;
		if (err) {
			program_failed(&program, err);
			status = EXIT_SYSTEM;
		}
	}
	program_close(&program);
	free(output);
	return status;
}

static bool build_option(struct build *build, struct options *options, int option)
{
	switch (option) {
	case 'o':
		build->output = options->value;
		return true;
	case BUILD_BTF:
		build->opts.btf_path = options->value;
		return true;
	case BUILD_RELEASE:
		build->opts.kernel_release = options->value;
		return true;
	case BUILD_TRACEFS:
		build->opts.tracefs = options->value;
		return true;
	case BUILD_BACKEND:
		return option_backend(options, &build->opts.backend);
	default:
		return source_option(&build->source, options, option);
	}
}

static int build_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		SOURCE_NAMES,
		{"output", required_argument, NULL, 'o'},
		{"btf", required_argument, NULL, BUILD_BTF},
		{"kernel-release", required_argument, NULL, BUILD_RELEASE},
		{"tracefs", required_argument, NULL, BUILD_TRACEFS},
		{"backend", required_argument, NULL, BUILD_BACKEND},
		OPTION_NAMES,
		{0},
	};
	struct options options =
		options_begin(command, argc, argv, OPTION_LETTERS SOURCE_LETTERS "o:", names);
	struct build b = {0};
	int option;

	while ((option = options_next(&options)) != OPTION_END)
		if (option == OPTION_HELP || option == OPTION_BAD ||
		    !build_option(&b, &options, option))
			goto out;
	if (!options_without_command(&options))
		goto out;
	if (source_options_complete(&b.source, &options))
		options.status = build(&b);
out:
	source_options_free(&b.source);
	return options.status;
}

const struct command command_build = {
	.name = "build",
	.summary = "compile a program to an image that runs without a compiler",
	.help = "Usage: hotprobe build FILE.c [OPTION...]\n"
		"\n"
		"Compiles FILE.c (- is standard input) into an image, FILE.hpo. It needs no\n"
		"privilege. hotprobe run and hotprobe check take an image in place of a source, "
		"on\n"
		"machines without a compiler, too. An image runs on the kernel that it was "
		"compiled\n"
		"for, and on others where all that the program uses of the kernel is the same; "
		"what\n"
		"differs is named. What --attach names is kept in the image. The kernel whose "
		"types\n"
		"--btf names may be of another architecture: x86 or arm64.\n"
		"\n"
		"Options:\n"
		"  -o, --output FILE         write the image there\n"
		"      --btf FILE            compile for the kernel with these types: a BTF file "
		"or a\n"
		"                            vmlinux; modules' types are looked for beside a file "
		"of\n"
		"                            that name, as in a copy of /sys/kernel/btf\n"
		"      --kernel-release R    that kernel's uname -r; by default the end of the "
		"BTF\n"
		"                            file's name\n"
		"      --tracefs DIR         that kernel's tracefs, or a copy with the format "
		"files of "
		"its\n"
		"                            tracepoints\n"
		"      --backend auto|fentry|kprobe|tracepoint\n"
		"                            how syscall functions are to be attached there (auto\n"
		"                            with --btf: kprobe)\n" SOURCE_OPTIONS_HELP
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = build_main,
};
