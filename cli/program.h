/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program on its way into the kernel, with everything said on standard error that there is to
 * say about it. The steps return an exit status, EXIT_DONE if all is well.
 */
#ifndef HOTPROBE_CLI_PROGRAM_H
#define HOTPROBE_CLI_PROGRAM_H

#include "hotprobe.h"
#include "options.h"

struct program {
	struct hotprobe *hp;
	const char *file;
	size_t shown;	   /* diagnostics that were reported already */
	char message[512]; /* of an error, also where there is no handle to ask */
};

/* Compiles. Warnings wait for the next step. Of opts the fields about the source are set here. */
int program_compile(struct program *program, const struct source_options *source,
		    struct hotprobe_opts *opts);
/* The same, and places what --attach asks for. */
int program_open(struct program *program, const struct source_options *source,
		 struct hotprobe_opts *opts);
/* Warns of functions that are placed nowhere. Returns how many are placed. */
size_t program_check_placement(const struct program *program);
int program_load(struct program *program);
int program_attach(struct program *program);
/* Reports what the last call on program->hp had to say. err is what it returned. */
int program_failed(struct program *program, int err);
void program_close(struct program *program);

#endif
