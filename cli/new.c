/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe new: a program to begin with, for one target. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "skeleton.h"
#include "targets.h"

struct new
{
	const char *target;
	const char *file; /* NULL: standard output */
	bool force;
	struct skeleton skeleton;
	int status;
};

/* The first is the one: a target that is no pattern is only one. */
static bool write_for(void *ctx, const struct hotprobe_target_info *info)
{
	struct new *new = ctx;
	struct skeleton *s = &new->skeleton;

	s->info = info;
	s->file = new->file ? new->file : "FILE.c";
	if (!skeleton_write(s)) {
		report(HOTPROBE_ERROR, "there is no program to begin with for %s", info->target);
		new->status = EXIT_PROGRAM;
	}
	return true;
}

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* What was there before stays, unless it is to be replaced. A file that could not be written whole
   is removed. */
static int write_file(const struct new *new)
{
	const struct text *text = &new->skeleton.text;
	int how = new->force ? O_TRUNC : O_EXCL, err;
	int fd = open(new->file, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);

	if (fd < 0 && errno == EEXIST) {
		report(HOTPROBE_ERROR, "%s: it is there already", new->file);
		report_hint("--force replaces it");
		return EXIT_USAGE;
	}
	err = fd < 0 ? -errno : write_all(fd, text->data, text->length);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err)
		return EXIT_DONE;
	report(HOTPROBE_ERROR, "cannot write %s: %s", new->file, strerror(-err));
	if (fd >= 0 && !new->force)
		unlink(new->file);
	return fd < 0 && (err == -ENOENT || err == -ENOTDIR || err == -EISDIR) ? EXIT_USAGE
									       : EXIT_SYSTEM;
}

static int make(struct new *new)
{
	struct text *text = &new->skeleton.text;
	int status = targets_each(new->target, true, write_for, new), err;

	if (status == EXIT_DONE)
		status = new->status;
	if (status == EXIT_DONE && text->failed) {
		report(HOTPROBE_ERROR, "out of memory");
		status = EXIT_SYSTEM;
	}
	if (status == EXIT_DONE && new->file) {
		status = write_file(new);
	} else if (status == EXIT_DONE) {
		err = write_all(STDOUT_FILENO, text->data, text->length);
		status = err ? output_failed(err) : EXIT_DONE;
	}
	text_free(text);
	return status;
}

/* Where the file's name ends and the symbol's begins is the library's business. */
static const char *fault(const char *target)
{
	const char *colon = strchr(target, ':');

	if (!colon || !colon[1])
		return "it takes one KIND:TARGET: `hotprobe list` has them";
	if (strpbrk(target, "*?["))
		return "it takes one target, not a pattern: `hotprobe list PATTERN` shows which "
		       "there "
		       "are";
	return NULL;
}

static int new_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"output", required_argument, NULL, 'o'},
		{"force", no_argument, NULL, 'f'},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS "o:f", names);
	struct new new = {.status = EXIT_DONE};
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == 'o')
			new.file = options.value;
		else if (option == 'f')
			new.force = true;
		else if (option == OPTION_OPERAND && !new.target)
			new.target = options.value;
		else if (option == OPTION_OPERAND)
			return usage_error(command, "one target is enough: '%s'", options.value);
		else
			return options.status;
	}
	if (!options_without_command(&options))
		return options.status;
	if (!new.target)
		return usage_error(command, "no KIND:TARGET is given");
	if (fault(new.target))
		return usage_error(command, "'%s': %s", new.target, fault(new.target));
	return make(&new);
}

const struct command command_new = {
	.name = "new",
	.summary = "write a program to begin with, for one target",
	.help = "Usage: hotprobe new KIND:TARGET [-o FILE.c] [--force]\n"
		"\n"
		"Writes a program that traces the target and sends an event with its arguments,\n"
		"fields or result each time, to be changed into what you need. It runs as it is:\n"
		"\n"
		"  hotprobe new syscall:openat -o opens.c\n"
		"  hotprobe run opens.c -- cat /etc/hostname\n"
		"\n"
		"Of a system call an event has arguments, result and duration. Texts are read "
		"where\n"
		"the type is that of text; other addresses are sent as numbers. KIND:TARGET is "
		"one\n"
		"of `hotprobe list`, which also shows what is known of it.\n"
		"\n"
		"Options:\n"
		"  -o, --output FILE         write it there; a file that is there is left alone\n"
		"  -f, --force               replace the file\n"
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = new_main,
};
