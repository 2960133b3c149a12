/* SPDX-License-Identifier: Apache-2.0 */
/* From the start to the end. */
#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flame.h"
#include "hotprobe.h"
#include "iterators.h"
#include "report.h"
#include "signals.h"

/* ---- Whom it traces ---------------------------------------------------------------------- */

static int target_failed(struct session *session, int err)
{
	report(HOTPROBE_ERROR, "--pid %d: %s", (int)session->options->pid, strerror(-err));
	return err == -ESRCH ? EXIT_USAGE : EXIT_SYSTEM;
}

static int trace_process(struct session *session)
{
	pid_t pid = session->options->pid;
	int err;

	session->trace.target_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (session->trace.target_fd < 0)
		return target_failed(session, -errno);
	err = hotprobe_trace_pid(session->program->hp, pid);
	return err ? target_failed(session, err) : EXIT_DONE;
}

static int command_failed(struct session *session, int err)
{
	report(HOTPROBE_ERROR, "%s: %s", session->options->command[0], strerror(-err));
	switch (-err) {
	case ENOENT:
	case ENOTDIR:
		return EXIT_NOT_FOUND;
	case ENOMEM:
	case EAGAIN:
	case EMFILE:
	case ENFILE:
		return EXIT_SYSTEM;
	default:
		return EXIT_NOT_EXECUTABLE;
	}
}

static int start_command(struct session *session)
{
	const char *const *argv = (const char *const *)session->options->command;
	int err = hotprobe_command_start(session->program->hp, argv, NULL);

	if (err)
		return command_failed(session, err);
	session->trace.target_fd = hotprobe_command_fd(session->program->hp);
	return EXIT_DONE;
}

/* ---- The end
 * --------------------------------------------------------------------------------------- */

static int command_status(struct session *session)
{
	int status;

	if (hotprobe_command_status(session->program->hp, &status) != 1)
		return EXIT_SYSTEM;
	return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* hotprobe ends before its command: that is told to end too. */
static int stop_command(struct session *session, enum trace_end end)
{
	bool from_terminal = false;
	int caught = end == TRACE_SIGNAL ? signals_caught(&from_terminal) : 0;
	int number = !caught ? SIGTERM : from_terminal ? 0 : caught;

	if (trace_end_command(&session->trace, number))
		return end == TRACE_DURATION ? EXIT_DONE : command_status(session);
	report(HOTPROBE_WARNING, "%s (process %d) goes on, untraced", session->options->command[0],
	       (int)hotprobe_command_pid(session->program->hp));
	return caught ? EXIT_SIGNALLED + caught : EXIT_DONE;
}

void session_report_lost(const struct session *session, struct hotprobe *hp)
{
	bool any = false;

	/* It stands in the output, or is none of who has stopped reading it. */
	if (session->options->format->lost || session->out.error)
		return;
	for (size_t i = 0; i < session->out.table_count; i++) {
		const char *name = session->out.tables[i]->name;
		uint64_t lost = hotprobe_lost(hp, name);

		if (!lost)
			continue;
		any = true;
		report(HOTPROBE_WARNING, "%s: %llu records lost", name, (unsigned long long)lost);
	}
	if (any)
		report_hint("they came faster than they were printed; larger buffers "
			    "(--perf-pages) last longer");
}

/* Asked before they are detached. */
static void report_missed(struct hotprobe *hp)
{
	bool any = false;

	for (size_t i = 0; i < hotprobe_link_count(hp); i++) {
		const struct hotprobe_link *link = hotprobe_link_at(hp, i);
		uint64_t missed;

		if (hotprobe_link_missed(link, &missed) || !missed)
			continue;
		any = true;
		report(HOTPROBE_WARNING, "%s: %llu calls were missed of %s, by all processes",
		       hotprobe_program_name(hotprobe_link_program(link)),
		       (unsigned long long)missed, hotprobe_link_target(link));
	}
	if (any)
		report_hint("the kernel keeps the returns of few threads that are inside a "
			    "function at once; probes on functions of probes are left out, too");
}

/* A program of iterators alone has told all it can once they are read, unless another follows. */
static bool awaits_events(const struct session *session)
{
	return session->replaceable ||
	       iterators_count(session->program->hp) < hotprobe_link_count(session->program->hp);
}

/* ---- Tables -------------------------------------------------------------------------------- */

static int print_tables(struct session *session)
{
	const struct run_options *options = session->options;
	int err;

	if (options->interval_ms)
		output_time(&session->out, time(NULL));
	/* What was not cleared is read again. */
	if (!options->tables.clear)
		text_clear(&session->table_stacks);
	err = tables_print(&options->tables, &session->shown, session->program->hp, &session->out);
	return err < 0 ? err : output_flush(&session->out);
}

static int write_flame(const char *file, const struct text *svg)
{
	FILE *to = fopen(file, "we");
	bool ok = to && fwrite(svg->data, 1, svg->length, to) == svg->length;

	if (to && fclose(to))
		ok = false;
	if (ok)
		return EXIT_DONE;
	report(HOTPROBE_ERROR, "--flame %s: %s", file, strerror(errno));
	return EXIT_SYSTEM;
}

static int draw_flame(struct session *session)
{
	struct text *stacks = &session->event_stacks, svg = {0};
	int status = EXIT_SYSTEM, err;

	text_bytes(stacks, session->table_stacks.data, session->table_stacks.length);
	err = stacks->failed || session->table_stacks.failed
		      ? -ENOMEM
		      : flame_draw(&svg, stacks, session->program->file);
	if (!err) {
		status = write_flame(session->options->flame, &svg);
	} else if (err == -ENODATA) {
		report(HOTPROBE_ERROR, "--flame: there are no stacks to draw");
		report_hint("an event, or a table's key or value, needs a member whose name has "
			    "'stack' in it, from get_stackid() of a BPF_STACK_TRACE");
		status = EXIT_PROGRAM;
	} else {
		report(HOTPROBE_ERROR, "--flame: out of memory");
	}
	text_free(&svg);
	return status;
}

static int tick(void *ctx)
{
	struct session *session = ctx;
	int err = print_tables(session);

	/* What is wrong with the output, the loop sees itself. */
	return session->out.error ? 0 : err;
}

static void say_ready(const struct session *session)
{
	if (!session->options->command && awaits_events(session) && isatty(STDERR_FILENO))
		report(HOTPROBE_NOTE, "tracing %s; Ctrl-C ends",
		       session->options->pid ? "the process and its descendants"
					     : "the whole system");
}

int session_trace(struct session *session)
{
	enum trace_end end = TRACE_TARGET_ENDED;
	int status = EXIT_DONE;

	say_ready(session);
	if (awaits_events(session) || session->options->command)
		end = trace_run(&session->trace);
	if (end == TRACE_FAILED)
		program_failed(session->program, -EIO);
	if (session->options->command)
		status = end == TRACE_TARGET_ENDED ? command_status(session)
						   : stop_command(session, end);
	if (end != TRACE_FAILED && iterators_print(session->program->hp, &session->out))
		end = TRACE_FAILED;
	report_missed(session->program->hp);
	trace_drain(&session->trace);
	if (end != TRACE_FAILED && print_tables(session) < 0 && !session->out.error) {
		program_failed(session->program, -EIO);
		end = TRACE_FAILED;
	}
	session_report_lost(session, session->program->hp);
	if (session->options->flame && end != TRACE_FAILED && status == EXIT_DONE)
		status = draw_flame(session);
	return end == TRACE_FAILED ? EXIT_SYSTEM : status;
}

/* ---- The start and the end of it all ------------------------------------------------------- */

static void close_program(struct session *session)
{
	if (session->program)
		program_close(session->program);
	free(session->program);
	session->program = NULL;
	session->out.hp = session->trace.hp = NULL;
}

/* Lets a command go that waits just short of its execve. */
static int release(struct session *session)
{
	bool from_terminal;
	int caught = signals_caught(&from_terminal), err;

	if (!session->options->command)
		return EXIT_DONE;
	if (caught)
		return EXIT_SIGNALLED + caught;
	err = hotprobe_command_release(session->program->hp);
	return err ? command_failed(session, err) : EXIT_DONE;
}

/* Up to where it can be attached. */
static int prepare(struct session *session)
{
	int status;

	session->program = calloc(1, sizeof(*session->program));
	if (!session->program) {
		report(HOTPROBE_ERROR, "out of memory");
		return EXIT_SYSTEM;
	}
	status = session_compile(session, session->program);
	if (status == EXIT_DONE)
		status = session_load(session, session->program);
	if (status == EXIT_DONE)
		status = session_subscribe(session, session->program);
	session->out.hp = session->trace.hp = session->program->hp;
	return status;
}

/* Up to the point where everything is attached and a command waits to be let go. */
static int attach(struct session *session)
{
	int status = EXIT_DONE;

	/* Until here a signal may simply end the process: nothing is attached yet. */
	if (session->trace.signal_fd < 0)
		session->trace.signal_fd = signals_catch();
	if (session->trace.signal_fd < 0) {
		report(HOTPROBE_ERROR, "eventfd: %s", strerror(-session->trace.signal_fd));
		return EXIT_SYSTEM;
	}
	if (session->options->pid)
		status = trace_process(session);
	else if (session->options->command)
		status = start_command(session);
	return status == EXIT_DONE ? program_attach(session->program) : status;
}

int session_start(struct session *session)
{
	int status;

	close_program(session);
	output_drop_next(&session->out);
	if (session->trace.target_fd >= 0 && session->options->pid)
		close(session->trace.target_fd);
	session->trace.target_fd = -1;
	status = prepare(session);
	if (status == EXIT_DONE)
		status = attach(session);
	if (status != EXIT_DONE)
		return status;
	/* The heading comes before anything that the command prints. */
	output_succeed(&session->out);
	output_start(&session->out);
	return output_flush(&session->out) ? EXIT_SYSTEM : release(session);
}

void session_open(struct session *session, const struct run_options *options)
{
	*session = (struct session){
		.options = options,
		.trace = {.target_fd = -1,
			  .signal_fd = -1,
			  .extra_fd = -1,
			  .duration_ms = options->duration_ms,
			  .interval_ms = options->interval_ms,
			  .tick = tick,
			  .tick_ctx = session,
			  .out = &session->out},
	};
	output_open(&session->out, options->format, STDOUT_FILENO);
	session->out.raw = options->raw;
	session->out.line_format = &options->line_format;
	if (options->flame) {
		session->out.event_stacks = &session->event_stacks;
		session->out.table_stacks = &session->table_stacks;
	}
}

int session_close(struct session *session, int status)
{
	int error = session->out.error;

	close_program(session);
	output_close(&session->out);
	tables_shown_free(&session->shown);
	text_free(&session->event_stacks);
	text_free(&session->table_stacks);
	return error ? output_failed(error) : status;
}
