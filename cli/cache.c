/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe cache: what is kept of compiled programs. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "text.h"

enum action {
	ACTION_SUMMARY,
	ACTION_LIST,
	ACTION_CLEAR,
};

enum {
	CACHE_LIST = OPTION_LONG,
	CACHE_CLEAR,
};

struct listing {
	struct text text;
	uint64_t bytes;
};

static void add_entry(void *ctx, const struct hotprobe_cache_entry *entry)
{
	struct listing *listing = ctx;
	time_t used = (time_t)entry->used;
	struct tm local;
	char when[32];

	listing->bytes += entry->size;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime_r(&used, &local));
	text_format(&listing->text, "%.16s %8llu  %s  ", entry->key,
		    (unsigned long long)entry->size, when);
	text_escaped(&listing->text, entry->source, strlen(entry->source), 0);
	text_format(&listing->text, "\n");
}

static int failed(int err, const char *dir)
{
	report(HOTPROBE_ERROR, "cannot use the cache in %s: %s", dir,
	       err == -EPERM ? "it is not a private directory of this user's" : strerror(-err));
	return EXIT_SYSTEM;
}

static int show(const char *dir, enum action action)
{
	struct listing listing = {0};
	int count = hotprobe_cache_each(NULL, add_entry, &listing), status;

	if (count < 0)
		status = failed(count, dir);
	else if (action == ACTION_LIST)
		status = print_out("%s", text_cstr(&listing.text));
	else
		status =
			print_out("%s: %d program%s, %llu KiB\n", dir, count, count == 1 ? "" : "s",
				  (unsigned long long)(listing.bytes + 1023) / 1024);
	text_free(&listing.text);
	return status;
}

static int run(enum action action)
{
	char dir[4096];
	int err = hotprobe_cache_dir(NULL, dir, sizeof(dir));

	if (err < 0)
		return failed(err, "this user's home directory");
	if (action != ACTION_CLEAR)
		return show(dir, action);
	err = hotprobe_cache_clear(NULL);
	if (err < 0)
		return failed(err, dir);
	return print_out("%d program%s removed\n", err, err == 1 ? "" : "s");
}

static int cache_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"list", no_argument, NULL, CACHE_LIST},
		{"clear", no_argument, NULL, CACHE_CLEAR},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS, names);
	enum action action = ACTION_SUMMARY;
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == CACHE_LIST)
			action = ACTION_LIST;
		else if (option == CACHE_CLEAR)
			action = ACTION_CLEAR;
		else if (option == OPTION_OPERAND)
			return usage_error(command, "it takes no argument: '%s'", options.value);
		else
			return options.status;
	}
	if (!options_without_command(&options))
		return options.status;
	return run(action);
}

const struct command command_cache = {
	.name = "cache",
	.summary = "show or clear what is kept of compiled programs",
	.help = "Usage: hotprobe cache [--list | --clear]\n"
		"\n"
		"A program that was compiled is kept, and starts without the compiler the next\n"
		"time: in /var/cache/hotprobe for root, else in hotprobe below XDG_CACHE_HOME or\n"
		"~/.cache. It is compiled again when its source, its flags, the kernel or the\n"
		"compiler have changed.\n"
		"\n"
		"Options:\n"
		"      --list                a line for each program: key, bytes, last use, "
		"source\n"
		"      --clear               remove them all\n"
		"  -h, --help                print this\n"
		"\n" EXIT_STATUS_HELP,
	.main = cache_main,
};
