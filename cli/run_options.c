/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of hotprobe run. */
#include "run_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "suggest.h"

enum { RUN_PID = RUN_OPTION_END, RUN_FLAME };

static bool parse_perf_pages(struct run_options *run, const struct options *options)
{
	unsigned long pages;

	if (!option_unsigned(options, "--perf-pages", 1, 1ul << 16, &pages))
		return false;
	run->perf_pages = (unsigned)pages;
	if (!(pages & (pages - 1)))
		return true;
	usage_error(options->command, "--perf-pages '%s': not a power of two", options->value);
	return false;
}

static bool parse_tables(struct run_options *run, const struct options *options)
{
	size_t count = 0;
	char **names;

	free(run->table_names);
	free((void *)run->tables.names);
	run->tables.names = NULL;
	run->tables.none = !strcmp(options->value, "none");
	if (run->tables.none)
		return true;
	run->table_names = strdup(options->value);
	names = calloc(strlen(options->value) + 2, sizeof(*names));
	if (!run->table_names || !names) {
		free(names);
		report(HOTPROBE_ERROR, "out of memory");
		return false;
	}
	for (char *rest = run->table_names, *name; (name = strsep(&rest, ","));)
		names[count++] = name;
	run->tables.names = names;
	return true;
}

/* There begins the name of a conversion that does not exist. */
static void no_conversion(const struct options *options, size_t at)
{
	const char *name = options->value + at;
	size_t length = strcspn(name, ":}");
	struct suggestion suggestion = suggest_for(name, length);
	struct text all = {0};

	for (size_t i = 0; conversion_name(i); i++) {
		suggest_offer(&suggestion, conversion_name(i));
		text_format(&all, "%s%s", i ? ", " : "", conversion_name(i));
	}
	usage_error(options->command, "--format '%s', at column %zu: there is no conversion '%.*s'",
		    options->value, at + 1, (int)length, name);
	report_suggestion(&suggestion, "the conversions are %s", text_cstr(&all));
	text_free(&all);
}

static bool parse_format(struct run_options *run, const struct options *options)
{
	const char *wrong;
	size_t at;

	line_format_free(&run->line_format);
	wrong = line_format_parse(&run->line_format, options->value, &at);
	run->format = &output_lines;
	if (!wrong)
		return true;
	if (wrong == line_format_no_conversion)
		no_conversion(options, at);
	else
		usage_error(options->command, "--format '%s', at column %zu: %s", options->value,
			    at + 1, wrong);
	return false;
}

static bool parse_top(struct run_options *run, const struct options *options)
{
	unsigned long top;

	if (!option_unsigned(options, "--top", 1, INT_MAX, &top))
		return false;
	run->tables.top = top;
	return true;
}

static bool parse_counter(struct run_options *run, const struct options *options)
{
	const char *equals = strchr(options->value, '=');
	char **at, *copy;

	if (!equals || equals == options->value || !equals[1]) {
		usage_error(options->command, "--counter '%s': not TABLE=EVENT", options->value);
		return false;
	}
	at = realloc(run->counters.at, (run->counters.count + 1) * sizeof(*at));
	if (at)
		run->counters.at = at;
	copy = at ? strdup(options->value) : NULL;
	if (!copy) {
		report(HOTPROBE_ERROR, "out of memory");
		return false;
	}
	at[run->counters.count++] = copy;
	return true;
}

static bool parse_pid(struct run_options *run, const struct options *options)
{
	unsigned long pid;

	if (!option_unsigned(options, "--pid", 1, INT_MAX, &pid))
		return false;
	run->pid = (pid_t)pid;
	return true;
}

bool run_option(struct run_options *run, const struct options *options, int option)
{
	switch (option) {
	case RUN_JSON:
		run->format = &output_json;
		return true;
	case 'a':
		run->all = true;
		return true;
	case RUN_DURATION:
		return option_seconds(options, "--duration", &run->duration_ms);
	case RUN_BACKEND:
		return option_backend(options, &run->backend);
	case RUN_PERF_PAGES:
		return parse_perf_pages(run, options);
	case RUN_PERF_BUFFER:
		run->perf_buffer = true;
		return true;
	case RUN_TABLES:
		return parse_tables(run, options);
	case RUN_TOP:
		return parse_top(run, options);
	case RUN_INTERVAL:
		return option_seconds(options, "--interval", &run->interval_ms);
	case RUN_COUNTER:
		return parse_counter(run, options);
	case RUN_CLEAR:
		run->tables.clear = true;
		return true;
	case RUN_FORMAT:
		return parse_format(run, options);
	case RUN_CSV:
		run->format = &output_csv;
		return true;
	case RUN_FOLDED:
		run->format = &output_folded;
		return true;
	case RUN_RAW:
		run->raw = true;
		return true;
	default:
		return source_option(&run->source, options, option);
	}
}

/* Those that make sense on this machine alone. */
static bool own_option(struct run_options *run, const struct options *options, int option)
{
	switch (option) {
	case RUN_PID:
		return parse_pid(run, options);
	case RUN_FLAME:
		run->flame = options->value;
		return true;
	default:
		return run_option(run, options, option);
	}
}

static bool complete(struct run_options *run, const struct options *options)
{
	run->command = options->rest;
	if (!source_options_complete(&run->source, options))
		return false;
	if (run->command && !run->command[0])
		usage_error(options->command, "there is no command behind '--'");
	else if (run->command && run->pid)
		usage_error(options->command, "--pid and a command exclude each other");
	else if (run->all && run->pid)
		usage_error(options->command, "--pid and --all exclude each other");
	else if (run->format == &output_folded && run->interval_ms && !run->tables.clear)
		usage_error(options->command, "--folded with --interval would count stacks again "
					      "each time: add --clear");
	else
		return true;
	return false;
}

bool run_options_parse(struct run_options *run, const struct command *command, int argc,
		       char **argv, int *status)
{
	bool ok = false;
	static const struct option names[] = {
		{"pid", required_argument, NULL, RUN_PID},
		{"flame", required_argument, NULL, RUN_FLAME},
		RUN_NAMES,
		OPTION_NAMES,
		{0},
	};
	struct options options =
		options_begin(command, argc, argv, OPTION_LETTERS RUN_LETTERS, names);
	int option;

	*run = (struct run_options){.format = &output_columns};
	while ((option = options_next(&options)) != OPTION_END)
		if (option == OPTION_HELP || option == OPTION_BAD ||
		    !own_option(run, &options, option))
			goto out;
	ok = complete(run, &options);
out:
	*status = options.status;
	return ok;
}

void run_options_free(struct run_options *run)
{
	source_options_free(&run->source);
	line_format_free(&run->line_format);
	for (size_t i = 0; i < run->counters.count; i++)
		free(run->counters.at[i]);
	free(run->counters.at);
	free(run->table_names);
	free((void *)run->tables.names);
}

/* clang-format off */
const char run_help[] =
	"Usage: hotprobe run FILE.c [OPTION...] [-- COMMAND [ARGUMENT...]]\n"
	"\n"
	"Compiles FILE.c (- is standard input), attaches its functions by their names and prints\n"
	"the events that they send: columns, or with --json an object a line. At the end it prints\n"
	"what the tables hold.\n"
	"\n"
	"With COMMAND or --pid only that process and its descendants are traced, from COMMAND's\n"
	"first instruction until it ends; descendants that outlive it are not waited for.\n"
	"Otherwise the whole system is, until Ctrl-C. If hotprobe is told to end before COMMAND,\n"
	"it passes the signal on (SIGTERM after --duration); a second Ctrl-C ends it at once.\n"
	"\n"
	LOCAL_RUN_HELP;
/* clang-format on */
