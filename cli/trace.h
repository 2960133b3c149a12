/* SPDX-License-Identifier: Apache-2.0 */
/* The time between attaching and the end: events to the output, and an eye on what ends it. */
#ifndef HOTPROBE_CLI_TRACE_H
#define HOTPROBE_CLI_TRACE_H

#include "hotprobe.h"
#include "output.h"

struct trace {
	struct hotprobe *hp;
	struct output *out;
	int signal_fd;		  /* of signals_catch() */
	int target_fd;		  /* pidfd of what is traced, -1 if the whole system is */
	int extra_fd;		  /* what else to wait for, -1: nothing */
	void (*extra)(void *ctx); /* called when that is readable; may change hp */
	void *extra_ctx;
	unsigned duration_ms; /* 0: no limit */
	/* Called every interval, unless that is 0. A negative errno ends the tracing. */
	unsigned interval_ms;
	int (*tick)(void *ctx);
	void *tick_ctx;
	int64_t next_tick; /* milliseconds of the monotonic clock */
};

enum trace_end {
	TRACE_TARGET_ENDED,
	TRACE_SIGNAL,
	TRACE_DURATION,
	TRACE_OUTPUT, /* standard output failed: out->error */
	TRACE_FAILED, /* the library did, or a tick: hotprobe_error() */
};

/* Prints events until the target ends or something else ends the tracing. */
enum trace_end trace_run(struct trace *trace);

/* Sends the command that hotprobe_command_start() started a signal (none if it is 0) and goes on
   tracing until it ends, but no longer than a second. Returns whether it ended. */
bool trace_end_command(struct trace *trace, int signal);

/* Detaches, and prints what was sent until then. */
void trace_drain(struct trace *trace);

#endif
