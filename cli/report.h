/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error: everything that is not data. Diagnostics of the program, messages of the
 * command itself, with colours if it gets some: see colour.h.
 */
#ifndef HOTPROBE_CLI_REPORT_H
#define HOTPROBE_CLI_REPORT_H

#include "command.h"
#include "hotprobe.h"
#include "suggest.h"

/* "hotprobe: error: TEXT", one line. */
void report(enum hotprobe_severity severity, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "hint: TEXT", below a report. */
void report_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "hint: did you mean 'WORD'? TEXT", or TEXT alone if nothing comes near. */
void report_suggestion(const struct suggestion *suggestion, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * FILE:LINE:COLUMN: error: TEXT
 *     the line of the source
 *           ^
 * hint: REMEDY
 */
void report_diagnostic(const struct hotprobe_diagnostic *diagnostic);

/* A hotprobe_log_fn that prints each line. */
void report_log(void *ctx, enum hotprobe_severity severity, const char *line);

/* A hotprobe_verifier_log_fn that prints all of it. */
void report_verifier_log(void *ctx, const char *program, const char *log);

/* Says what is wrong with the command line (of the command as a whole if it is NULL) and where
   there is help. Returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, of a word that is no command. */
int no_such_command(const char *word);

/* Says that standard output could not be written; error is a negative errno. Returns EXIT_SYSTEM.
   For -EPIPE the process ends as others do whose reader has gone, by SIGPIPE. */
int output_failed(int error);

#endif
