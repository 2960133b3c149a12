/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <errno.h>
#include <string.h>

#include "hotprobe.h"
#include "report.h"
#include "suggest.h"

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
int session_subscribe(struct session *session, struct program *program)
{
	struct hotprobe *hp = program->hp;

	hotprobe_on_printk(hp, handle_printk, &session->out);
	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const struct hotprobe_table *source = hotprobe_table_at(hp, i);
		const char *name = hotprobe_table_name(source);
		struct output_table *table;
		int err;

		if (!sends_events(source))
			continue;
		table = output_add_next(&session->out, name, hotprobe_event_type(hp, name));
		err = table ? hotprobe_on_event(hp, name, handle_event, handle_lost, table)
			    : -ENOMEM;
		if (err)
			return program_failed(program, err);
	}
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

static int no_field(const struct program *program, const char *name)
{
	struct fields fields = {.suggestion = suggest_for(name, strlen(name))};

	report(HOTPROBE_ERROR, "--format: no event of %s has a field '%s'", program->file, name);
	line_format_each_name(program->hp, add_field, &fields);
	report_suggestion(&fields.suggestion, "the fields are %s", text_cstr(&fields.all));
	text_free(&fields.all);
	return EXIT_USAGE;
}

static int no_table(const struct program *program, const char *name)
{
	struct fields fields = {.suggestion = suggest_for(name, strlen(name))};

	report(HOTPROBE_ERROR, "--tables: '%s' is no table of %s whose contents can be shown", name,
	       program->file);
	tables_each_name(program->hp, add_field, &fields);
	if (fields.all.length)
		report_suggestion(&fields.suggestion, "there are %s", text_cstr(&fields.all));
	text_free(&fields.all);
	return EXIT_USAGE;
}

/* Do the tables and fields exist that the command line names? */
static int check_names(const struct run_options *options, const struct program *program)
{
	const char *name = line_format_unknown(&options->line_format, program->hp);

	if (name)
		return no_field(program, name);
	name = tables_unknown(&options->tables, program->hp);
	return name ? no_table(program, name) : EXIT_DONE;
}

/* option is TABLE=EVENT. */
static int open_counter(struct program *program, const char *option)
{
	const char *event = strchr(option, '=') + 1;
	size_t length = (size_t)(event - 1 - option);
	struct hotprobe *hp = program->hp;

	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		struct hotprobe_table *table = hotprobe_table_at(hp, i);
		const char *name = hotprobe_table_name(table);
		int err;

		if (strlen(name) != length || strncmp(name, option, length))
			continue;
		err = hotprobe_table_open_counter(table, event, -1);
		return err ? program_failed(program, err) : EXIT_DONE;
	}
	report(HOTPROBE_ERROR, "--counter: '%.*s' is no table of %s", (int)length, option,
	       program->file);
	return EXIT_USAGE;
}

static int open_counters(const struct run_options *options, struct program *program)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < options->counters.count && status == EXIT_DONE; i++)
		status = open_counter(program, options->counters.at[i]);
	return status;
}

static bool is_confined(const struct run_options *options)
{
	return !options->all && (options->command || options->pid);
}

int session_compile(const struct session *session, struct program *program)
{
	const struct run_options *options = session->options;
	struct hotprobe_opts opts = {
		.confine = is_confined(options),
		.backend = options->backend,
		.perf_pages = options->perf_pages,
		.perf_buffer = options->perf_buffer,
		.replaceable = session->replaceable,
	};
	int status = program_open(program, &options->source, &opts);

	if (status == EXIT_DONE)
		status = check_placement(program);
	return status == EXIT_DONE ? check_names(options, program) : status;
}

int session_load(const struct session *session, struct program *program)
{
	int status = program_load(program);

	if (status == EXIT_DONE)
		status = open_counters(session->options, program);
	if (status == EXIT_DONE && is_confined(session->options))
		warn_unconfined(program);
	return status;
}
