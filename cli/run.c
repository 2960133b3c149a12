/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe run: compile, attach, print events until the end. */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flame.h"
#include "hotprobe.h"
#include "iterators.h"
#include "output.h"
#include "program.h"
#include "report.h"
#include "run_options.h"
#include "signals.h"
#include "trace.h"

struct run {
	const struct run_options *options;
	struct text event_stacks, table_stacks; /* for a flame graph */
	struct program program;
	struct output out;
	struct tables_shown shown;
	struct trace trace;
};

static bool is_confined(const struct run *run)
{
	return !run->options->all && (run->options->command || run->options->pid);
}

/* ---- Before the start ------------------------------------------------------------------- */

static int check_placement(const struct program *program)
{
	if (program_check_placement(program))
		return EXIT_DONE;
	report(HOTPROBE_ERROR, "%s: there is nothing to attach", program->file);
	report_hint("name a function after what it is for: syscall__NAME, syscall_ret__NAME, "
		    "kprobe__FUNC, kretprobe__FUNC, TRACEPOINT_PROBE(CATEGORY, EVENT), "
		    "RAW_TRACEPOINT_PROBE(EVENT); or write HOTPROBE(\"KIND:TARGET\") in front of "
		    "it, or use --attach");
	return EXIT_PROGRAM;
}

static void warn_unconfined(const struct program *program)
{
	for (size_t i = 0; i < hotprobe_program_count(program->hp); i++) {
		const struct hotprobe_program *function = hotprobe_program_at(program->hp, i);

		if (hotprobe_program_unconfined(function))
			report(HOTPROBE_WARNING,
			       "'%s' sees the whole system: a program of type %s runs in no task's "
			       "context and cannot be confined to a process",
			       hotprobe_program_name(function), hotprobe_program_type(function));
	}
}

static void handle_event(void *ctx, int cpu, const void *data, size_t size)
{
	output_event(ctx, cpu, data, size);
}

static void handle_lost(void *ctx, int cpu, uint64_t lost)
{
	(void)cpu;
	output_lost(ctx, lost);
}

static bool sends_events(const struct hotprobe_table *table)
{
	const char *kind = hotprobe_table_kind(table);

	return !strcmp(kind, "perf_output") || !strcmp(kind, "ringbuf");
}

static void handle_printk(void *ctx, const struct hotprobe_printk *message)
{
	output_printk(ctx, message);
}

/* Takes the messages, and the events of every table that sends some. */
static int subscribe(struct run *run)
{
	struct hotprobe *hp = run->program.hp;

	hotprobe_on_printk(hp, handle_printk, &run->out);
	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const struct hotprobe_table *source = hotprobe_table_at(hp, i);
		const char *name = hotprobe_table_name(source);
		struct output_table *table;
		int err;

		if (!sends_events(source))
			continue;
		table = output_add_table(&run->out, name, hotprobe_event_type(hp, name));
		err = table ? hotprobe_on_event(hp, name, handle_event, handle_lost, table)
			    : -ENOMEM;
		if (err)
			return program_failed(&run->program, err);
	}
	return EXIT_DONE;
}

static int target_failed(struct run *run, int err)
{
	report(HOTPROBE_ERROR, "--pid %d: %s", (int)run->options->pid, strerror(-err));
	return err == -ESRCH ? EXIT_USAGE : EXIT_SYSTEM;
}

static int trace_process(struct run *run)
{
	pid_t pid = run->options->pid;
	int err;

	run->trace.target_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (run->trace.target_fd < 0)
		return target_failed(run, -errno);
	err = hotprobe_trace_pid(run->program.hp, pid);
	return err ? target_failed(run, err) : EXIT_DONE;
}

static int command_failed(struct run *run, int err)
{
	report(HOTPROBE_ERROR, "%s: %s", run->options->command[0], strerror(-err));
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

static int start_command(struct run *run)
{
	const char *const *argv = (const char *const *)run->options->command;
	int err = hotprobe_command_start(run->program.hp, argv, NULL);

	if (err)
		return command_failed(run, err);
	run->trace.target_fd = hotprobe_command_fd(run->program.hp);
	return EXIT_DONE;
}

struct fields {
	struct suggestion suggestion;
	struct text all;
};

static void add_field(void *ctx, const char *name)
{
	struct fields *fields = ctx;

	suggest_offer(&fields->suggestion, name);
	if (fields->all.length)
		text_string(&fields->all, ", ");
	text_string(&fields->all, name);
}

static int no_field(const struct run *run, const char *name)
{
	struct fields fields = {.suggestion = suggest_for(name, strlen(name))};

	report(HOTPROBE_ERROR, "--format: no event of %s has a field '%s'", run->program.file,
	       name);
	line_format_each_name(run->program.hp, add_field, &fields);
	report_suggestion(&fields.suggestion, "the fields are %s", text_cstr(&fields.all));
	text_free(&fields.all);
	return EXIT_USAGE;
}

static int no_table(const struct run *run, const char *name)
{
	struct fields fields = {.suggestion = suggest_for(name, strlen(name))};

	report(HOTPROBE_ERROR, "--tables: '%s' is no table of %s whose contents can be shown", name,
	       run->program.file);
	tables_each_name(run->program.hp, add_field, &fields);
	if (fields.all.length)
		report_suggestion(&fields.suggestion, "there are %s", text_cstr(&fields.all));
	text_free(&fields.all);
	return EXIT_USAGE;
}

/* Do the tables and fields exist that the command line names? */
static int check_names(struct run *run)
{
	const char *name = line_format_unknown(&run->options->line_format, run->program.hp);

	if (name)
		return no_field(run, name);
	name = tables_unknown(&run->options->tables, run->program.hp);
	return name ? no_table(run, name) : EXIT_DONE;
}

/* option is TABLE=EVENT. */
static int open_counter(struct run *run, const char *option)
{
	const char *event = strchr(option, '=') + 1;
	size_t length = (size_t)(event - 1 - option);
	struct hotprobe *hp = run->program.hp;

	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		struct hotprobe_table *table = hotprobe_table_at(hp, i);
		const char *name = hotprobe_table_name(table);
		int err;

		if (strlen(name) != length || strncmp(name, option, length))
			continue;
		err = hotprobe_table_open_counter(table, event, -1);
		return err ? program_failed(&run->program, err) : EXIT_DONE;
	}
	report(HOTPROBE_ERROR, "--counter: '%.*s' is no table of %s", (int)length, option,
	       run->program.file);
	return EXIT_USAGE;
}

static int open_counters(struct run *run)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < run->options->counters.count && status == EXIT_DONE; i++)
		status = open_counter(run, run->options->counters.at[i]);
	return status;
}

/* Up to the point where everything is attached and a command waits to be let go. */
static int prepare(struct run *run)
{
	const struct run_options *options = run->options;
	struct hotprobe_opts opts = {
		.confine = is_confined(run),
		.backend = options->backend,
		.perf_pages = options->perf_pages,
		.perf_buffer = options->perf_buffer,
	};
	int status = program_open(&run->program, &options->source, &opts);

	if (status == EXIT_DONE)
		status = check_placement(&run->program);
	if (status == EXIT_DONE)
		status = check_names(run);
	if (status == EXIT_DONE)
		status = program_load(&run->program);
	if (status == EXIT_DONE)
		status = open_counters(run);
	if (status == EXIT_DONE)
		status = subscribe(run);
	if (status != EXIT_DONE)
		return status;
	if (opts.confine)
		warn_unconfined(&run->program);

	run->trace.hp = run->out.hp = run->program.hp;
	/* Until here a signal may simply end the process: nothing is attached yet. */
	run->trace.signal_fd = signals_catch();
	if (run->trace.signal_fd < 0) {
		report(HOTPROBE_ERROR, "eventfd: %s", strerror(-run->trace.signal_fd));
		return EXIT_SYSTEM;
	}
	if (options->pid)
		status = trace_process(run);
	else if (options->command)
		status = start_command(run);
	return status == EXIT_DONE ? program_attach(&run->program) : status;
}

/* ---- The end
 * --------------------------------------------------------------------------------------- */

static int command_status(struct run *run)
{
	int status;

	if (hotprobe_command_status(run->program.hp, &status) != 1)
		return EXIT_SYSTEM;
	return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* hotprobe ends before its command: that is told to end too. */
static int stop_command(struct run *run, enum trace_end end)
{
	bool from_terminal = false;
	int caught = end == TRACE_SIGNAL ? signals_caught(&from_terminal) : 0;
	int number = !caught ? SIGTERM : from_terminal ? 0 : caught;

	if (trace_end_command(&run->trace, number))
		return end == TRACE_DURATION ? EXIT_DONE : command_status(run);
	report(HOTPROBE_WARNING, "%s (process %d) goes on, untraced", run->options->command[0],
	       (int)hotprobe_command_pid(run->program.hp));
	return caught ? EXIT_SIGNALLED + caught : EXIT_DONE;
}

static void report_lost(struct run *run)
{
	bool any = false;

	for (size_t i = 0; i < run->out.table_count; i++) {
		const char *name = run->out.tables[i]->name;
		uint64_t lost = hotprobe_lost(run->program.hp, name);

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

/* A program of iterators alone has told all it can once they are read. */
static bool awaits_events(const struct run *run)
{
	return iterators_count(run->program.hp) < hotprobe_link_count(run->program.hp);
}

/* ---- Tables -------------------------------------------------------------------------------- */

static int print_tables(struct run *run)
{
	const struct run_options *options = run->options;
	int err;

	if (options->interval_ms)
		output_time(&run->out, time(NULL));
	/* What was not cleared is read again. */
	if (!options->tables.clear)
		text_clear(&run->table_stacks);
	err = tables_print(&options->tables, &run->shown, run->program.hp, &run->out);
	return err < 0 ? err : output_flush(&run->out);
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

static int draw_flame(struct run *run)
{
	struct text *stacks = &run->event_stacks, svg = {0};
	int status = EXIT_SYSTEM, err;

	text_bytes(stacks, run->table_stacks.data, run->table_stacks.length);
	err = stacks->failed || run->table_stacks.failed
		      ? -ENOMEM
		      : flame_draw(&svg, stacks, run->program.file);
	if (!err) {
		status = write_flame(run->options->flame, &svg);
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
	struct run *run = ctx;
	int err = print_tables(run);

	/* What is wrong with the output, the loop sees itself. */
	return run->out.error ? 0 : err;
}

static int trace(struct run *run)
{
	enum trace_end end = TRACE_TARGET_ENDED;
	int status = EXIT_DONE;

	if (awaits_events(run) || run->options->command)
		end = trace_run(&run->trace);
	if (end == TRACE_FAILED)
		program_failed(&run->program, -EIO);
	if (run->options->command)
		status = end == TRACE_TARGET_ENDED ? command_status(run) : stop_command(run, end);
	if (end != TRACE_FAILED && iterators_print(run->program.hp, &run->out))
		end = TRACE_FAILED;
	report_missed(run->program.hp);
	trace_drain(&run->trace);
	if (end != TRACE_FAILED && print_tables(run) < 0 && !run->out.error) {
		program_failed(&run->program, -EIO);
		end = TRACE_FAILED;
	}
	/* Who has stopped reading misses nothing. */
	if (!run->options->format->lost && !run->out.error)
		report_lost(run);
	if (run->options->flame && end != TRACE_FAILED && status == EXIT_DONE)
		status = draw_flame(run);
	return end == TRACE_FAILED ? EXIT_SYSTEM : status;
}

/* Lets a command go that waits just short of its execve. */
static int release(struct run *run)
{
	bool from_terminal;
	int caught = signals_caught(&from_terminal), err;

	if (!run->options->command)
		return EXIT_DONE;
	if (caught)
		return EXIT_SIGNALLED + caught;
	err = hotprobe_command_release(run->program.hp);
	return err ? command_failed(run, err) : EXIT_DONE;
}

static void say_ready(const struct run *run)
{
	if (!run->options->command && awaits_events(run) && isatty(STDERR_FILENO))
		report(HOTPROBE_NOTE, "tracing %s; Ctrl-C ends",
		       run->options->pid ? "the process and its descendants" : "the whole system");
}

static int run_program(const struct run_options *options)
{
	struct run run = {
		.options = options,
		.trace = {.target_fd = -1,
			  .duration_ms = options->duration_ms,
			  .interval_ms = options->interval_ms,
			  .tick = tick,
			  .tick_ctx = &run},
	};
	int status, error;

	output_open(&run.out, options->format, STDOUT_FILENO);
	run.out.raw = options->raw;
	run.out.line_format = &options->line_format;
	if (options->flame) {
		run.out.event_stacks = &run.event_stacks;
		run.out.table_stacks = &run.table_stacks;
	}
	run.trace.out = &run.out;
	status = prepare(&run);
	if (status == EXIT_DONE) {
		/* The heading comes before anything that the command prints. */
		output_start(&run.out);
		status = output_flush(&run.out) ? EXIT_SYSTEM : release(&run);
	}
	if (status == EXIT_DONE) {
		say_ready(&run);
		status = trace(&run);
	}
	error = run.out.error;
	program_close(&run.program);
	output_close(&run.out);
	tables_shown_free(&run.shown);
	text_free(&run.event_stacks);
	text_free(&run.table_stacks);
	return error ? output_failed(error) : status;
}

static int run_main(const struct command *command, int argc, char **argv)
{
	struct run_options options;
	int status;

	if (run_options_parse(&options, command, argc, argv, &status))
		status = run_program(&options);
	run_options_free(&options);
	return status;
}

const struct command command_run = {
	.name = "run",
	.summary = "compile a program, attach it, print its events",
	.help = run_help,
	.main = run_main,
};
