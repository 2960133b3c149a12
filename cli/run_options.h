/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of hotprobe run. */
#ifndef HOTPROBE_CLI_RUN_OPTIONS_H
#define HOTPROBE_CLI_RUN_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "command.h"
#include "convert.h"
#include "hotprobe.h"
#include "json.h"
#include "line_format.h"
#include "options.h"
#include "output.h"
#include "tables.h"

/* ---- Those that hotprobe guest run has too: of a run, wherever that is ------------------------
 */

enum {
	RUN_JSON = SOURCE_OPTION_END,
	RUN_DURATION,
	RUN_BACKEND,
	RUN_PERF_PAGES,
	RUN_PERF_BUFFER,
	RUN_TABLES,
	RUN_TOP,
	RUN_INTERVAL,
	RUN_CLEAR,
	RUN_RAW,
	RUN_FOLDED,
	RUN_CSV,
	RUN_FORMAT,
	RUN_COUNTER,
	RUN_OPTION_END, /* the first value for the options of a subcommand itself */
};

/* clang-format off */
#define RUN_LETTERS SOURCE_LETTERS "a"
#define RUN_NAMES                                                                                  \
	{"json", no_argument, NULL, RUN_JSON},                                                     \
	{"all", no_argument, NULL, 'a'},                                                           \
	{"duration", required_argument, NULL, RUN_DURATION},                                       \
	{"backend", required_argument, NULL, RUN_BACKEND},                                         \
	{"perf-pages", required_argument, NULL, RUN_PERF_PAGES},                                   \
	{"perf-buffer", no_argument, NULL, RUN_PERF_BUFFER},                                       \
	{"tables", required_argument, NULL, RUN_TABLES},                                           \
	{"top", required_argument, NULL, RUN_TOP},                                                 \
	{"interval", required_argument, NULL, RUN_INTERVAL},                                       \
	{"clear", no_argument, NULL, RUN_CLEAR},                                                   \
	{"csv", no_argument, NULL, RUN_CSV},                                                       \
	{"folded", no_argument, NULL, RUN_FOLDED},                                                 \
	{"format", required_argument, NULL, RUN_FORMAT},                                           \
	{"raw", no_argument, NULL, RUN_RAW},                                                       \
	{"counter", required_argument, NULL, RUN_COUNTER},                                         \
	VERIFIER_LOG_NAME,                                                                         \
	SOURCE_NAMES

/* Begins below the heading of the first group, which is of what is traced. */
#define RUN_OPTIONS_HELP \
	"  -a, --all                 with COMMAND: trace the whole system until it ends\n" \
	"      --duration SECONDS    end after that time\n" \
	SOURCE_ATTACH_HELP \
	"      --backend auto|fentry|kprobe|tracepoint\n" \
	"                            how to attach functions that BCC attaches as kprobes\n" \
	"      --counter TABLE=EVENT\n" \
	"                            let programs read this event's counters of all CPUs from a\n" \
	"                            BPF_PERF_ARRAY; events are named as in perf list\n" \
	"      --perf-pages N        pages of each CPU's event buffer, a power of two (64)\n" \
	"      --perf-buffer         send BPF_PERF_OUTPUT over perf buffers, not over a ring buffer\n" \
	"\n" \
	"How events are printed:\n" \
	"      --json                print JSON, one object a line\n" \
	"      --csv                 print comma-separated values\n" \
	"      --format FORMAT       print each event as this line: '{time} {comm:16} {pid:>7} {ret}'\n" \
	"                            fields are those of the event, and time, cpu, event (its\n" \
	"                            table); {FIELD!CONVERSION:<WIDTH.LIMIT}, all but FIELD as\n" \
	"                            wanted: < > ^ align, LIMIT is of decimals, else of columns;\n" \
	"                            'hotprobe help run' lists the conversions\n" \
	"      --folded              print the stacks alone, a line each, as flame graph tools take them\n" \
	"      --raw                 leave numbers as they are: no names of errors, no units of time\n" \
	"\n" \
	"What tables hold, at the end:\n" \
	"      --interval SECONDS    print the tables each time, not only at the end\n" \
	"      --clear               what was printed does not count again\n" \
	"      --tables NAME,...     print these tables; none prints none\n" \
	"      --top N               of each table, the N entries with the largest values\n" \
	"\n" \
	"How it is compiled:\n" \
	SOURCE_COMPILE_HELP \
	VERIFIER_LOG_HELP
/* clang-format on */

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

/* Takes what options_next() returned: an option of RUN_NAMES or of the source. Returns false after
   it reported that it is wrong, or that no one knows it. */
bool run_option(struct run_options *run, const struct options *options, int option);

/* ---- The command line of hotprobe run and hotprobe watch ------------------------------------ */

/* Returns true if there is something to run; else *status is what to end with. Free it in any case.
 */
bool run_options_parse(struct run_options *run, const struct command *command, int argc,
		       char **argv, int *status);
void run_options_free(struct run_options *run);

/* The options, and how it ends. */
/* clang-format off */
#define LOCAL_RUN_HELP \
	"What is traced:\n" \
	"      --pid PID             trace this running process and its descendants\n" \
	RUN_OPTIONS_HELP \
	"\n" \
	"Others:\n" \
	"      --flame FILE.svg      draw a flame graph of the stacks\n" \
	"  -h, --help                print this\n" \
	"\n" \
	CONVERSIONS_HELP \
	"\n" \
	JSON_HELP \
	"\n" \
	EXIT_STATUS_HELP \
	"With COMMAND, hotprobe ends with COMMAND's status, 128 + N if signal N killed it; 127 if\n" \
	"there is no such command, 126 if it cannot be executed.\n"
/* clang-format on */

extern const char run_help[];

#endif
