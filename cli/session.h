/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hotprobe run and hotprobe watch do: a program is attached, its events and tables go to
 * standard output until the end. Functions that return an int return an exit status, EXIT_DONE if
 * all is well, and have said on standard error what is not.
 */
#ifndef HOTPROBE_CLI_SESSION_H
#define HOTPROBE_CLI_SESSION_H

#include "output.h"
#include "program.h"
#include "run_options.h"
#include "tables.h"
#include "trace.h"

struct session {
	const struct run_options *options;
	bool replaceable;			/* the program is not the last */
	struct text event_stacks, table_stacks; /* for a flame graph */
	struct program *program;		/* NULL until session_start() */
	struct output out;
	struct tables_shown shown;
	struct trace trace;
};

void session_open(struct session *session, const struct run_options *options);
/* Compiles, loads and attaches, and lets the command go. It may be called again if it returned
   EXIT_PROGRAM: nothing has begun then. */
int session_start(struct session *session);
/* Prints events until the end, and then what there is to print. */
int session_trace(struct session *session);
/* Frees all. status is what came of it so far. */
int session_close(struct session *session, int status);

/* A program that has given its place to another says how much of what it sent is lost. */
void session_report_lost(const struct session *session, struct hotprobe *hp);

/* ---- Of session_program.c: a program on its way to the session ------------------------------- */

/* Of a session only its options are looked at by the first two, so that they may run beside it.
   Compiles, and checks against the command line what can be. */
int session_compile(const struct session *session, struct program *program);
/* Loads. */
int session_load(const struct session *session, struct program *program);
/* Its events go to the session's next tables: output_add_next(). */
int session_subscribe(struct session *session, struct program *program);

#endif
