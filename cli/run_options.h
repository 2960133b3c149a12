/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of hotprobe run. */
#ifndef HOTPROBE_CLI_RUN_OPTIONS_H
#define HOTPROBE_CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "command.h"
#include "hotprobe.h"
#include "line_format.h"
#include "options.h"
#include "output.h"
#include "tables.h"

struct run_options {
	struct source_options source;
	const struct output_format *format;
	struct line_format line_format;
	bool raw;
	const char *flame; /* a file for a flame graph, NULL: none */
	enum hotprobe_backend backend;
	unsigned perf_pages;
	bool perf_buffer;
	unsigned duration_ms;
	unsigned interval_ms;
	struct table_options tables;
	char *table_names; /* what tables.names points into */
	struct {
		char **at; /* TABLE=EVENT */
		size_t count;
	} counters;
	pid_t pid;
	bool all;	      /* the whole system, with a command too */
	char *const *command; /* NULL: none */
};

/* Returns true if there is something to run; else *status is what to end with. Free it in any case.
 */
bool run_options_parse(struct run_options *run, const struct command *command, int argc,
		       char **argv, int *status);
void run_options_free(struct run_options *run);

extern const char run_help[];

#endif
