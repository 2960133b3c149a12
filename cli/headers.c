/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe headers: kernel headers made from BTF, for BCC itself. */
#include <errno.h>

#include "command.h"
#include "options.h"
#include "output.h"
#include "program.h"
#include "report.h"

enum {
	HEADERS_BTF = OPTION_LONG,
	HEADERS_RELEASE,
};

static int write_headers(const struct hotprobe_opts *opts, const char *dir)
{
	struct program program = {.hp = hotprobe_new(opts), .file = dir};
	int count, status;

	if (!program.hp) {
		report(HOTPROBE_ERROR, "out of memory");
		return EXIT_SYSTEM;
	}
	count = hotprobe_write_headers(program.hp, dir);
	if (count < 0) {
		program_failed(&program, count);
		status = EXIT_SYSTEM;
	} else {
		status = print_out("%s: %d headers\n", dir, count);
	}
	program_close(&program);
	return status;
}

static int headers_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"btf", required_argument, NULL, HEADERS_BTF},
		{"kernel-release", required_argument, NULL, HEADERS_RELEASE},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	struct hotprobe_opts opts = {.sz = sizeof(opts)};
	const char *dir = NULL;
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == HEADERS_BTF)
			opts.btf_path = options.value;
		else if (option == HEADERS_RELEASE)
			opts.kernel_release = options.value;
		else if (option == OPTION_OPERAND && !dir)
			dir = options.value;
		else if (option == OPTION_OPERAND)
			return usage_error(command, "one directory is enough: '%s'", options.value);
		else
			return options.status;
	}
	if (!dir || options.rest)
		return usage_error(command, "it takes a directory");
	return write_headers(&opts, dir);
}

const struct command command_headers = {
	.name = "headers",
	.summary = "write kernel headers made from BTF, for BCC itself",
	.help = "Usage: hotprobe headers DIR [OPTION...]\n"
		"\n"
		"Makes the kernel's headers out of its BTF and writes them below DIR. With\n"
		"BCC_KERNEL_SOURCE=DIR in the environment, BCC and its tools work on a machine\n"
		"without kernel headers:\n"
		"  hotprobe headers /tmp/headers\n"
		"  BCC_KERNEL_SOURCE=/tmp/headers opensnoop-bpfcc\n"
		"\n"
		"Options:\n"
		"      --btf FILE            of the kernel with these types: a BTF file or a "
		"vmlinux\n"
		"      --kernel-release R    that kernel's uname -r; by default the end of the "
		"BTF\n"
		"                            file's name\n"
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = headers_main,
};
