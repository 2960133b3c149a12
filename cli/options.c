/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "output.h"
#include "report.h"

/* ---- The walk --------------------------------------------------------------------------- */

static void unknown_option(const struct options *options, const char *name, int length)
{
	struct suggestion suggestion = suggest_for(name + 2, length > 2 ? (size_t)length - 2 : 0);
	const char *best;

	usage_error(options->command, "unknown option '%.*s'", length, name);
	for (const struct option *known = options->names; known->name; known++)
		suggest_offer(&suggestion, known->name);
	best = suggest_best(&suggestion);
	if (best)
		report_hint("did you mean '--%s'?", best);
}

/* Reports an option that getopt_long() did not take; word is where it found it. */
static int bad_option(const struct options *options, int why, const char *word)
{
	bool is_name = !strncmp(word, "--", 2);
	char letter[] = {'-', (char)optopt, '\0'};
	const char *name = is_name ? word : letter;
	int length = (int)strcspn(name, is_name ? "=" : "");

	if (why == ':')
		usage_error(options->command, "option '%.*s' needs a value", length, name);
	else if (is_name && optopt)
		usage_error(options->command, "option '%.*s' takes no value", length, name);
	else
		unknown_option(options, name, length);
	return OPTION_BAD;
}

static int next(struct options *options)
{
	const char *word = optind < options->argc ? options->argv[optind] : "";
	int option;

	opterr = 0;
	option = getopt_long(options->argc, options->argv, options->letters, options->names, NULL);
	options->value = optarg;
	switch (option) {
	case OPTION_END:
		if (!strcmp(word, "--"))
			options->rest = options->argv + optind;
		return OPTION_END;
	case ':':
	case '?':
		return bad_option(options, option, word);
	case 'h':
		options->status = print_out("%s", options->command->help);
		return OPTION_HELP;
	case OPTION_COLOUR:
		if (colour_choose(optarg))
			return option;
		usage_error(options->command, "--color '%s': not auto, always or never", optarg);
		return OPTION_BAD;
	default:
		return option;
	}
}

struct options options_begin(const struct command *command, int argc, char **argv,
			     const char *letters, const struct option *names)
{
	return (struct options){
		.command = command,
		.argc = argc,
		.argv = argv,
		.letters = letters,
		.names = names,
		.status = EXIT_USAGE,
	};
}

int options_next(struct options *options)
{
	int option;

	do
		option = next(options);
	while (option == OPTION_COLOUR);
	return option;
}

bool options_without_command(struct options *options)
{
	if (!options->rest)
		return true;
	options->status =
		usage_error(options->command, "it runs no command: '--' has no place here");
	return false;
}

bool option_unsigned(const struct options *options, const char *name, unsigned long low,
		     unsigned long high, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(options->value, &end, 10);
	if (isdigit((unsigned char)*options->value) && !*end && !errno && *number >= low &&
	    *number <= high)
		return true;
	usage_error(options->command, "%s '%s': not a number from %lu to %lu", name, options->value,
		    low, high);
	return false;
}

bool option_seconds(const struct options *options, const char *name, unsigned *milliseconds)
{
	const double most = 1e6; /* fits an unsigned of milliseconds; eleven days */
	char *end;
	double seconds = strtod(options->value, &end);

	if (end != options->value && !*end && seconds >= 0.001 && seconds <= most) {
		*milliseconds = (unsigned)(seconds * 1000 + 0.5);
		return true;
	}
	usage_error(options->command, "%s '%s': not a number of seconds from 0.001 to %.0f", name,
		    options->value, most);
	return false;
}

/* ---- Options about the source ----------------------------------------------------------- */

static bool no_memory(void)
{
	report(HOTPROBE_ERROR, "out of memory");
	return false;
}

static bool is_identifier(const char *name, size_t length)
{
	if (!length || isdigit((unsigned char)*name))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	return true;
}

static bool add_cflag(struct source_options *source, const char *prefix, const char *value)
{
	size_t length = strlen(prefix), size = length + strlen(value) + 1;
	const char **cflags =
		realloc(source->cflags, (source->cflag_count + 2) * sizeof(*source->cflags));
	char *flag = malloc(size);

	if (cflags)
		source->cflags = cflags;
	if (!cflags || !flag) {
		free(flag);
		return no_memory();
	}
	memcpy(flag, prefix, length);
	memcpy(flag + length, value, size - length);
	cflags[source->cflag_count++] = flag;
	cflags[source->cflag_count] = NULL;
	return true;
}

static bool add_define(struct source_options *source, const struct options *options)
{
	size_t name = strcspn(options->value, "=(");

	if (!is_identifier(options->value, name)) {
		usage_error(options->command, "-D '%s': not NAME or NAME=VALUE", options->value);
		return false;
	}
	return add_cflag(source, "-D", options->value);
}

/* Says what is wrong with KIND:TARGET=FUNCTION, NULL if its form is right. Which kinds there are is
   the library's business. */
static const char *attachment_fault(const char *value)
{
	const char *colon = strchr(value, ':'), *equals = strrchr(value, '=');

	if (!equals)
		return "there is no '=FUNCTION'";
	if (!colon || colon > equals)
		return "there is no 'KIND:' before the target";
	if (colon + 1 == equals)
		return "there is no target";
	if (!is_identifier(equals + 1, strlen(equals + 1)))
		return "what follows '=' is no name of a function";
	return NULL;
}

static bool add_attachment(struct source_options *source, const struct options *options)
{
	const char *fault = attachment_fault(options->value);
	const char *equals = strrchr(options->value, '=');
	struct attachment *attachments;
	char *spec;

	if (fault) {
		usage_error(options->command, "--attach '%s': %s", options->value, fault);
		return false;
	}
	attachments = realloc(source->attachments,
			      (source->attachment_count + 1) * sizeof(*source->attachments));
	if (attachments)
		source->attachments = attachments;
	spec = strndup(options->value, (size_t)(equals - options->value));
	if (!attachments || !spec) {
		free(spec);
		return no_memory();
	}
	attachments[source->attachment_count++] =
		(struct attachment){.spec = spec, .function = equals + 1};
	return true;
}

static bool add_operand(struct source_options *source, const struct options *options)
{
	if (source->file) {
		usage_error(options->command,
			    "unexpected argument '%s': there is one FILE already, '%s'",
			    options->value, source->file);
		return false;
	}
	source->file = options->value;
	return true;
}

bool source_option(struct source_options *source, const struct options *options, int option)
{
	switch (option) {
	case OPTION_OPERAND:
		return add_operand(source, options);
	case 'v':
		source->verbose = true;
		return true;
	case 'D':
		return add_define(source, options);
	case 'I':
		return add_cflag(source, "-I", options->value);
	case SOURCE_CFLAG:
		return add_cflag(source, "", options->value);
	case SOURCE_ATTACH:
		return add_attachment(source, options);
	case SOURCE_NO_CACHE:
		source->no_cache = true;
		return true;
	case SOURCE_UNTRUSTED:
		source->untrusted = true;
		return true;
	case SOURCE_VERIFIER_LOG:
		source->verifier_log = true;
		return true;
	case SOURCE_KERNEL_HEADERS:
		source->kernel_headers = options->value;
		return true;
	default:
		return false;
	}
}

bool source_options_complete(const struct source_options *source, const struct options *options)
{
	if (!source->file) {
		usage_error(options->command, "no FILE is given");
		return false;
	}
	for (size_t i = 0; source->untrusted && i < source->cflag_count; i++) {
		if (!strncmp(source->cflags[i], "-D", 2))
			continue;
		usage_error(options->command, "--untrusted goes with none of -I and --cflag: '%s'",
			    source->cflags[i]);
		return false;
	}
	return true;
}

void source_options_free(struct source_options *source)
{
	for (size_t i = 0; i < source->cflag_count; i++)
		free((char *)source->cflags[i]);
	free(source->cflags);
	for (size_t i = 0; i < source->attachment_count; i++)
		free(source->attachments[i].spec);
	free(source->attachments);
}

bool option_backend(const struct options *options, enum hotprobe_backend *backend)
{
	static const struct {
		const char *name;
		enum hotprobe_backend backend;
	} backends[] = {
		{"auto", HOTPROBE_BACKEND_AUTO},
		{"fentry", HOTPROBE_BACKEND_FENTRY},
		{"kprobe", HOTPROBE_BACKEND_KPROBE},
		{"tracepoint", HOTPROBE_BACKEND_TRACEPOINT},
	};

	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		if (strcmp(backends[i].name, options->value))
			continue;
		*backend = backends[i].backend;
		return true;
	}
	usage_error(options->command, "--backend '%s': not auto, fentry, kprobe or tracepoint",
		    options->value);
	return false;
}
