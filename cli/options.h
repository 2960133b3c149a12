/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines: a walk over the options of any subcommand, and the options about the source,
 * which all subcommands that compile have in common.
 */
#ifndef HOTPROBE_CLI_OPTIONS_H
#define HOTPROBE_CLI_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "hotprobe.h"

/* ---- The walk --------------------------------------------------------------------------- */

enum {
	OPTION_END = -1,
	OPTION_BAD = -2,    /* it was reported: end with EXIT_USAGE */
	OPTION_HELP = 256,  /* --help or -h was printed: end with options.status */
	OPTION_COLOUR,	    /* taken by options_next() itself */
	OPTION_LONG,	    /* the first value for options without a letter */
	OPTION_OPERAND = 1, /* no option but a word */
};

struct options {
	const struct command *command;
	int argc;
	char **argv;
	const char *letters; /* for getopt(3) */
	const struct option *names;
	const char *value; /* of the option or operand just returned */
	char *const *rest; /* after the end: what stands behind "--", NULL without one */
	int status;
};

/* Words are returned in their place, so that what follows "--" can be told from them. */
#define OPTION_LETTERS "-:h"
/* clang-format off */
#define OPTION_NAMES                                                                               \
	{"color", required_argument, NULL, OPTION_COLOUR},                                         \
	{"help", no_argument, NULL, 'h'}
/* clang-format on */
/* The options of all commands, as the list of commands shows them. */
#define OPTIONS_HELP                                                                               \
	"      --color auto|always|never\n"                                                        \
	"                            colours; by default (auto) on a terminal, unless NO_COLOR "   \
	"is\n"                                                                                     \
	"                            set or TERM is dumb\n"                                        \
	"  -h, --help                print all about the command\n"

/* A walk over argv, of which argv[0] is the subcommand. letters begin with OPTION_LETTERS, names
   end with OPTION_NAMES and an empty one. */
struct options options_begin(const struct command *command, int argc, char **argv,
			     const char *letters, const struct option *names);

/* Returns the next option's letter or value, OPTION_OPERAND, or one of the above. Those of
   OPTION_NAMES it deals with itself. */
int options_next(struct options *options);

/* After the end, for subcommands that run no command: false after it reported that one is given. */
bool options_without_command(struct options *options);

/* Read the value of the option called name. They report what is wrong and return false. */
bool option_unsigned(const struct options *options, const char *name, unsigned long low,
		     unsigned long high, unsigned long *number);
bool option_seconds(const struct options *options, const char *name, unsigned *milliseconds);
bool option_backend(const struct options *options, enum hotprobe_backend *backend);

/* ---- Options about the source ----------------------------------------------------------- */

struct attachment {
	char *spec; /* "KIND:TARGET" */
	const char *function;
};

struct source_options {
	const char *file;
	const char **cflags; /* ended by NULL; of malloc'ed flags */
	size_t cflag_count;
	struct attachment *attachments;
	size_t attachment_count;
	const char *kernel_headers;
	bool no_cache;
	bool untrusted;
	bool verbose;
	bool verifier_log;
};

enum {
	SOURCE_CFLAG = OPTION_LONG,
	SOURCE_ATTACH,
	SOURCE_KERNEL_HEADERS,
	SOURCE_NO_CACHE,
	SOURCE_UNTRUSTED,
	SOURCE_VERIFIER_LOG,
	SOURCE_OPTION_END, /* the first value for the options of the subcommand itself */
};

#define SOURCE_LETTERS "vD:I:"
/* clang-format off */
#define SOURCE_NAMES                                                                               \
	{"verbose", no_argument, NULL, 'v'},                                                       \
	{"define", required_argument, NULL, 'D'},                                                  \
	{"include-dir", required_argument, NULL, 'I'},                                             \
	{"cflag", required_argument, NULL, SOURCE_CFLAG},                                          \
	{"attach", required_argument, NULL, SOURCE_ATTACH},                                        \
	{"kernel-headers", required_argument, NULL, SOURCE_KERNEL_HEADERS},                        \
	{"no-cache", no_argument, NULL, SOURCE_NO_CACHE},                                          \
	{"untrusted", no_argument, NULL, SOURCE_UNTRUSTED}
/* Of subcommands that load. */
#define VERIFIER_LOG_NAME                                                                          \
	{"verifier-log", no_argument, NULL, SOURCE_VERIFIER_LOG}
/* clang-format on */

/* clang-format off */
#define SOURCE_ATTACH_HELP \
	"      --attach KIND:TARGET=FUNCTION\n" \
	"                            attach a function whose name does not say where to, as:\n" \
	"                              kprobe:FUNC, kprobe:FUNC+0x10, kretprobe:FUNC\n" \
	"                              syscall:NAME, syscall_ret:NAME\n" \
	"                              tracepoint:CATEGORY:EVENT, raw_tracepoint:EVENT\n" \
	"                              uprobe:FILE:SYMBOL, uretprobe:FILE:SYMBOL\n" \
	"                              usdt:FILE:PROVIDER:PROBE\n" \
	"                              kfunc:FUNC, kretfunc:FUNC, fmod_ret:FUNC, lsm:HOOK\n" \
	"                              iter:KIND, iter:bpf_map_elem:map=TABLE\n" \
	"                              perf_event:EVENT:freq=HZ|period=N[,pid=PID][,cpu=N]\n" \
	"                              xdp:IFACE, tc:IFACE:ingress|egress, socket:IFACE\n" \
	"                              cgroup:PATH:HOOK, sockmap:TABLE:HOOK\n" \
	"                            sys_NAME as a FUNC is the syscall by this kernel's name; a\n" \
	"                            FUNC of kprobes, CATEGORY and EVENT may be patterns: vfs_*\n"
#define SOURCE_COMPILE_HELP \
	"  -v, --verbose             say what is done, and what each function is attached to\n" \
	"  -D, --define NAME[=VALUE]\n" \
	"                            define a macro\n" \
	"  -I, --include-dir DIR     look for \"\" includes there too\n" \
	"      --cflag FLAG          give the compiler one more flag\n" \
	"      --kernel-headers DIR  compile against kernel headers in DIR, not those that are\n" \
	"                            made from the kernel's BTF\n" \
	"      --no-cache            compile even what was compiled before\n" \
	"      --untrusted           FILE is someone else's: read no file outside its directory,\n" \
	"                            and let it observe but not change anything\n"
#define SOURCE_OPTIONS_HELP SOURCE_COMPILE_HELP SOURCE_ATTACH_HELP
/* clang-format on */

#define VERIFIER_LOG_HELP                                                                          \
	"      --verifier-log        print all that the kernel's verifier says of each function\n"

/* Takes what options_next() returned, operands included (the first is the file). Returns false
   after it reported that it is wrong, or that no one knows it. */
bool source_option(struct source_options *source, const struct options *options, int option);
/* After the last: false, and reported, if there is no file. */
bool source_options_complete(const struct source_options *source, const struct options *options);
void source_options_free(struct source_options *source);

#endif
