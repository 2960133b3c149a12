/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe list: what can be traced here. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "targets.h"

enum {
	LIST_JSON = OPTION_LONG,
};

struct lister {
	const char *pattern;
	bool verbose, json;
	struct output out;
};

/* ---- As text ----------------------------------------------------------------------------------
 */

static void put_arguments(struct text *text, const struct hotprobe_target_info *info)
{
	text_char(text, '(');
	for (size_t i = 0; i < info->argument_count; i++) {
		if (i)
			text_string(text, ", ");
		text_string(text, info->arguments[i].declaration);
	}
	text_char(text, ')');
	if (info->result) {
		text_string(text, " -> ");
		text_string(text, info->result->declaration);
	}
}

static void put_line(struct text *text, const struct hotprobe_target_info *info)
{
	text_escaped(text, info->target, strlen(info->target), 0);
	if (info->has_arguments)
		put_arguments(text, info);
	text_char(text, '\n');
	for (size_t i = 0; i < info->field_count; i++)
		text_format(text, "\t%s\n", info->fields[i].declaration);
}

/* ---- As JSON ----------------------------------------------------------------------------------
 */

static const char *const kind_names[] = {
	[HOTPROBE_VOID] = "void",   [HOTPROBE_INT] = "int",	    [HOTPROBE_INT128] = "int128",
	[HOTPROBE_BOOL] = "bool",   [HOTPROBE_CHAR] = "char",	    [HOTPROBE_FLOAT] = "float",
	[HOTPROBE_ENUM] = "enum",   [HOTPROBE_POINTER] = "pointer", [HOTPROBE_STRING] = "string",
	[HOTPROBE_ARRAY] = "array", [HOTPROBE_STRUCT] = "struct",   [HOTPROBE_UNION] = "union",
};

static void put_member(struct output *out, const char *name, const char *value)
{
	json_key(out, name);
	json_text(out, value, strlen(value));
}

static void put_number(struct output *out, const char *name, size_t value)
{
	text_char(&out->buffer, ',');
	json_key(out, name);
	text_unsigned(&out->buffer, value);
}

static void put_flag(struct output *out, const char *name, bool value)
{
	if (!value)
		return;
	text_char(&out->buffer, ',');
	json_key(out, name);
	text_string(&out->buffer, "true");
}

static void put_arg(struct output *out, const struct hotprobe_arg *arg, bool is_field)
{
	bool has_inner = arg->kind == HOTPROBE_POINTER || arg->kind == HOTPROBE_ARRAY;

	text_char(&out->buffer, '{');
	put_member(out, "name", arg->name);
	text_char(&out->buffer, ',');
	put_member(out, "declaration", arg->declaration);
	text_char(&out->buffer, ',');
	put_member(out, "type", kind_names[arg->kind]);
	if (has_inner) {
		text_char(&out->buffer, ',');
		put_member(out, "of", kind_names[arg->of]);
	}
	if (*arg->tag) {
		text_char(&out->buffer, ',');
		put_member(out, "tag", arg->tag);
	}
	if (arg->size)
		put_number(out, "size", arg->size);
	if (arg->count)
		put_number(out, "count", arg->count);
	if (is_field)
		put_number(out, "offset", arg->offset);
	put_flag(out, "signed", arg->is_signed);
	put_flag(out, "const", arg->is_const);
	put_flag(out, "user", arg->is_user);
	put_flag(out, "dynamic", arg->is_dynamic);
	text_char(&out->buffer, '}');
}

static void put_args(struct output *out, const char *name, const struct hotprobe_arg *args,
		     size_t count, bool are_fields)
{
	text_char(&out->buffer, ',');
	json_key(out, name);
	text_char(&out->buffer, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_char(&out->buffer, ',');
		put_arg(out, &args[i], are_fields);
	}
	text_char(&out->buffer, ']');
}

static void put_object(struct output *out, const struct hotprobe_target_info *info)
{
	text_char(&out->buffer, '{');
	put_member(out, "kind", info->kind);
	text_char(&out->buffer, ',');
	put_member(out, "target", info->target);
	if (*info->context) {
		text_char(&out->buffer, ',');
		put_member(out, "context", info->context);
	}
	if (info->has_arguments)
		put_args(out, "arguments", info->arguments, info->argument_count, false);
	if (info->field_count)
		put_args(out, "fields", info->fields, info->field_count, true);
	if (info->result) {
		text_char(&out->buffer, ',');
		json_key(out, "result");
		put_arg(out, info->result, false);
	}
	text_string(&out->buffer, "}\n");
}

/* ---- The command ------------------------------------------------------------------------------
 */

/* Ends the list once it cannot be written. */
static bool put_target(void *ctx, const struct hotprobe_target_info *info)
{
	struct lister *lister = ctx;
	struct output *out = &lister->out;

	if (lister->json)
		put_object(out, info);
	else if (lister->verbose)
		put_line(&out->buffer, info);
	else {
		text_escaped(&out->buffer, info->target, strlen(info->target), 0);
		text_char(&out->buffer, '\n');
	}
	return out->buffer.length >= OUTPUT_FLUSH_SIZE && output_flush(out);
}

static int list(struct lister *lister)
{
	int status, err;

	output_open(&lister->out, &output_json, STDOUT_FILENO);
	status = targets_each(lister->pattern, lister->verbose || lister->json, put_target, lister);
	err = output_flush(&lister->out);
	output_close(&lister->out);
	return err ? output_failed(err) : status;
}

static int list_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"verbose", no_argument, NULL, 'v'},
		{"json", no_argument, NULL, LIST_JSON},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS "vl", names);
	struct lister lister = {0};
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == 'v' || option == 'l')
			lister.verbose = true;
		else if (option == LIST_JSON)
			lister.json = true;
		else if (option == OPTION_OPERAND && !lister.pattern)
			lister.pattern = options.value;
		else if (option == OPTION_OPERAND)
			return usage_error(command,
					   "one pattern is enough: '%s' (quote it, so that the "
					   "shell leaves its * alone)",
					   options.value);
		else
			return options.status;
	}
	if (!options_without_command(&options))
		return options.status;
	if (lister.pattern && !*lister.pattern)
		return usage_error(command, "the pattern is empty");
	if (!lister.pattern)
		lister.pattern = "*";
	return list(&lister);
}

const struct command command_list = {
	.name = "list",
	.summary = "what can be traced here: functions, system calls, tracepoints, probes",
	.help = "Usage: hotprobe list [PATTERN] [OPTION...]\n"
		"\n"
		"Prints what can be traced on this machine, a target a line, as --attach and\n"
		"HOTPROBE() take it. PATTERN, with *, ? and [] for any characters, is\n"
		"\n"
		"  KIND:TARGET          'kprobe:vfs_*', 'tracepoint:sched:*', 'syscall:open*'\n"
		"  KIND                 all of that kind\n"
		"  TARGET               of all kinds: '*unlink*'\n"
		"  uprobe:FILE          the functions of a program or library, "
		"'uprobe:FILE:read*'\n"
		"                       some of them; FILE is a path, a library's name (c, "
		"libssl),\n"
		"                       or @PID for all files of a process\n"
		"  usdt:FILE            its static probes\n"
		"\n"
		"KINDs are kprobe, kretprobe, syscall, syscall_ret, tracepoint, raw_tracepoint, "
		"uprobe,\n"
		"uretprobe, usdt, kfunc, kretfunc, fmod_ret, lsm, iter, perf_event, xdp, tc, "
		"socket,\n"
		"cgroup. Those that this kernel cannot attach, and kretprobe, kretfunc, "
		"syscall_ret,\n"
		"uretprobe and fmod_ret, whose targets are those of others, are listed only if\n"
		"PATTERN names them. `hotprobe new KIND:TARGET` writes a program for a target.\n"
		"\n"
		"Options:\n"
		"  -v, --verbose             with arguments, results and fields, as C has them; so "
		"does -l\n"
		"      --json                an object a line, with their types taken apart\n"
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = list_main,
};
