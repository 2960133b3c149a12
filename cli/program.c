/* SPDX-License-Identifier: Apache-2.0 */
/* A program on its way into the kernel. */
#include "program.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

static bool ends_with(const char *string, const char *end)
{
	size_t length = strlen(string), end_length = strlen(end);

	return length >= end_length && !strcmp(string + length - end_length, end);
}

/* Reports the diagnostics that are new. Returns whether one of them is the error that message
   tells, which may have the place in front of the text. */
static bool show_diagnostics(struct program *program, const char *message)
{
	size_t count = hotprobe_diagnostic_count(program->hp);
	bool said = false;

	for (; program->shown < count; program->shown++) {
		const struct hotprobe_diagnostic *diagnostic =
			hotprobe_diagnostic_at(program->hp, program->shown);

		report_diagnostic(diagnostic);
		if (diagnostic->severity == HOTPROBE_ERROR && ends_with(message, diagnostic->text))
			said = true;
	}
	return said;
}

static int status_of(int err)
{
	switch (-err) {
	case EINVAL:
	case ENOENT:
	case EACCES:
	case E2BIG:
	case EEXIST:
	case ENOSPC: /* from the verifier: its log */
		return EXIT_PROGRAM;
	default:
		return EXIT_SYSTEM;
	}
}

static void privilege_hint(void)
{
	if (geteuid())
		report_hint("run it as root (sudo hotprobe ...), or with CAP_BPF and CAP_PERFMON");
	else
		report_hint("root alone does not suffice here: a container needs CAP_BPF and "
			    "CAP_PERFMON (or CAP_SYS_ADMIN), and kernel lockdown must not be at "
			    "'confidentiality'");
}

int program_failed(struct program *program, int err)
{
	const char *message = hotprobe_error(program->hp);

	if (show_diagnostics(program, message))
		return status_of(err);
	report(HOTPROBE_ERROR, "%s", *message ? message : strerror(-err));
	if (err == -EPERM)
		privilege_hint();
	return status_of(err);
}

/* A file that cannot be read says nothing about the program in it. */
static int open_failed(struct program *program, int err)
{
	switch (-err) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
		program_failed(program, err);
		return EXIT_USAGE;
	case EACCES:
		program_failed(program, err);
		return EXIT_SYSTEM;
	default:
		return program_failed(program, err);
	}
}

int program_compile(struct program *program, const struct source_options *source,
		    struct hotprobe_opts *opts)
{
	int err;

	*program = (struct program){.file = source->file};
	opts->sz = sizeof(*opts);
	opts->cflags = source->cflags;
	opts->kernel_headers = source->kernel_headers;
	opts->no_cache = source->no_cache;
	opts->untrusted = source->untrusted;
	opts->log = source->verbose ? report_log : NULL;
	opts->verifier_log = source->verifier_log ? report_verifier_log : NULL;
	opts->errbuf = program->message;
	opts->errbuf_size = sizeof(program->message);
	program->hp = hotprobe_new(opts);
	if (!program->hp) {
		err = errno;
		report(HOTPROBE_ERROR, "%s", *program->message ? program->message : strerror(err));
		return err == EINVAL ? EXIT_USAGE : EXIT_SYSTEM;
	}

	err = hotprobe_open_file(program->hp, source->file);
	return err ? open_failed(program, err) : EXIT_DONE;
}

int program_open(struct program *program, const struct source_options *source,
		 struct hotprobe_opts *opts)
{
	int status = program_compile(program, source, opts), err;

	if (status != EXIT_DONE)
		return status;
	show_diagnostics(program, "");
	for (size_t i = 0; i < source->attachment_count; i++) {
		const struct attachment *attachment = &source->attachments[i];

		err = hotprobe_attach_spec(program->hp, attachment->function, attachment->spec,
					   NULL);
		if (err) {
			status = program_failed(program, err);
			return err == -EINVAL ? EXIT_USAGE : status;
		}
	}
	return EXIT_DONE;
}

size_t program_check_placement(const struct program *program)
{
	size_t placed = 0;

	for (size_t i = 0; i < hotprobe_program_count(program->hp); i++) {
		const struct hotprobe_program *function = hotprobe_program_at(program->hp, i);

		if (hotprobe_program_placed(function)) {
			placed++;
			continue;
		}
		report(HOTPROBE_WARNING,
		       "%s:%u: '%s' is attached to nothing: its name follows no convention and no "
		       "--attach names it",
		       hotprobe_program_file(function), hotprobe_program_line(function),
		       hotprobe_program_name(function));
	}
	return placed;
}

int program_load(struct program *program)
{
	int err = hotprobe_load(program->hp);

	if (err)
		return program_failed(program, err);
	show_diagnostics(program, "");
	return EXIT_DONE;
}

int program_attach(struct program *program)
{
	int err = hotprobe_attach(program->hp);

	if (err < 0)
		return program_failed(program, err);
	show_diagnostics(program, "");
	return EXIT_DONE;
}

void program_close(struct program *program)
{
	hotprobe_free(program->hp);
	program->hp = NULL;
}
