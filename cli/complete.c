/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates for shells. */
#include "complete.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "help_text.h"
#include "options.h"
#include "output.h"
#include "text.h"

enum { MAX_TARGETS = 500 }; /* more are no help to anyone */

struct line {
	const struct command *command;
	char **words; /* those behind the command's name, the last is to be completed */
	int count;
	const char *word;    /* so much of it as counts: behind "--option=" or a comma */
	const char *leading; /* what stands before that, "" if nothing does */
	size_t leading_length;
	struct text text;
};

/* ---- Candidates --------------------------------------------------------------------------- */

static bool begins(const struct line *line, const char *word, size_t length)
{
	size_t wanted = strlen(line->word);

	return wanted <= length && !strncmp(word, line->word, wanted);
}

/* Of the text the first line is shown. */
static void offer(struct line *line, const char *word, size_t length, const char *text,
		  size_t text_length)
{
	const char *newline = text_length ? memchr(text, '\n', text_length) : NULL;

	if (!begins(line, word, length))
		return;
	text_bytes(&line->text, line->leading, line->leading_length);
	text_bytes(&line->text, word, length);
	text_char(&line->text, '\t');
	text_bytes(&line->text, text, newline ? (size_t)(newline - text) : text_length);
	text_char(&line->text, '\n');
}

static void offer_word(struct line *line, const char *word, const char *text)
{
	offer(line, word, strlen(word), text, strlen(text));
}

static void offer_commands(struct line *line)
{
	for (size_t i = 0; commands[i]; i++)
		offer_word(line, commands[i]->name, commands[i]->summary);
}

static void order(struct line *line, const char *text)
{
	text_char(&line->text, ':');
	text_string(&line->text, text);
	text_char(&line->text, '\n');
}

/* ---- Options ------------------------------------------------------------------------------ */

/* Those that every command has are not in each help. */
static const char common[] = OPTIONS_HELP;

/* Calls help_next_option() on the command's help, and then on that. */
static bool next_option(const struct line *line, const char **at, struct help_option *option,
			bool *in_common)
{
	if (!*at)
		*at = line->command->help;
	if (!*in_common && help_next_option(at, option))
		return true;
	if (!*in_common) {
		*in_common = true;
		*at = common;
	}
	return help_next_option(at, option);
}

static bool find_option(const struct line *line, const char *word, struct help_option *found)
{
	size_t length = strcspn(word, "=");
	const char *at = NULL;
	bool in_common = false;

	while (next_option(line, &at, found, &in_common)) {
		if (word[1] == '-' && found->name.length + 2 == length &&
		    !strncmp(word + 2, found->name.at, length - 2))
			return true;
		if (word[1] && word[1] != '-' && !word[2] && found->letter == word[1])
			return true;
	}
	return false;
}

static bool is_given(const struct line *line, const struct help_option *option)
{
	for (int i = 0; i + 1 < line->count; i++) {
		const char *word = line->words[i];

		if (!strncmp(word, "--", 2) && strcspn(word + 2, "=") == option->name.length &&
		    !strncmp(word + 2, option->name.at, option->name.length))
			return true;
	}
	return false;
}

static void offer_options(struct line *line)
{
	struct help_option option;
	const char *at = NULL;
	bool in_common = false;

	while (next_option(line, &at, &option, &in_common)) {
		struct text name = {0};

		/* Those with values may be given again. */
		if (in_common && help_part_is(&option.name, "help") &&
		    strstr(line->command->help, "--help"))
			continue;
		if (!option.value.length && is_given(line, &option))
			continue;
		if (option.name.length) {
			text_string(&name, "--");
			text_bytes(&name, option.name.at, option.name.length);
		} else {
			text_char(&name, '-');
			text_char(&name, option.letter);
		}
		if (!name.failed)
			offer(line, name.data, name.length, option.text.at, option.text.length);
		text_free(&name);
	}
}

/* ---- Values ------------------------------------------------------------------------------- */

static bool is_choice(const struct help_part *value)
{
	for (size_t i = 0; i < value->length; i++)
		if (!islower((unsigned char)value->at[i]) && !strchr("|-_0123456789", value->at[i]))
			return false;
	return help_part_has(value, "|");
}

static void offer_choices(struct line *line, const struct help_part *value)
{
	size_t at = 0;

	while (at < value->length) {
		const char *bar = memchr(value->at + at, '|', value->length - at);
		size_t end = bar ? (size_t)(bar - value->at) : value->length;

		offer(line, value->at + at, end - at, "", 0);
		at = end + 1;
	}
}

static void offer_processes(struct line *line)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[64], comm[32] = "";
		FILE *file;

		if (!isdigit((unsigned char)*entry->d_name) || strlen(entry->d_name) > 12)
			continue;
		snprintf(path, sizeof(path), "/proc/%.12s/comm", entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file))
			offer_word(line, entry->d_name, comm);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
}

static bool is_kind(const struct help_part *word, size_t *length)
{
	*length = 0;
	while (*length < word->length &&
	       (islower((unsigned char)word->at[*length]) || word->at[*length] == '_'))
		++*length;
	return *length && *length + 1 < word->length && word->at[*length] == ':' &&
	       isupper((unsigned char)word->at[*length + 1]);
}

/* The kinds of targets, as "kprobe:FUNC", are listed by the help of --attach. */
static void offer_kinds(struct line *line)
{
	struct line run = {.command = find_command("run")};
	struct help_option option;
	struct help_part word, last = {0};

	if (!run.command || !find_option(&run, "--attach", &option))
		return;
	while (help_next_word(&option.text, &word)) {
		size_t length;

		/* Another form of the same follows it. */
		if (!is_kind(&word, &length) ||
		    (last.length == length && !strncmp(last.at, word.at, length)))
			continue;
		last = (struct help_part){word.at, length};
		offer(line, word.at, length + 1, word.at,
		      word.length - (word.at[word.length - 1] == ','));
	}
	order(line, "nospace");
}

/* What hotprobe list knows of targets that begin so. */
static void offer_targets(struct line *line)
{
	char self[512], target[512];
	struct text command = {0};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	FILE *list;

	if (n < 0 || !find_command("list") || strchr(line->word, '\''))
		return;
	self[n] = '\0';
	text_format(&command, "exec '%s' list '%s*' 2>/dev/null", self, line->word);
	list = strchr(self, '\'') ? NULL : popen(text_cstr(&command), "re");
	for (int i = 0; list && i < MAX_TARGETS && fgets(target, sizeof(target), list); i++)
		offer(line, target, strcspn(target, "\t\n"), "", 0);
	if (list)
		pclose(list);
	text_free(&command);
}

static void offer_attachments(struct line *line)
{
	size_t before = line->text.length;

	if (strchr(line->word, ':')) {
		offer_targets(line);
		if (line->text.length > before)
			order(line, "nospace");
	} else {
		offer_kinds(line);
	}
}

/* BPF_HASH, but not BPF_PERF_OUTPUT: what it makes can be shown. */
static bool makes_table(const struct help_part *macro)
{
	static const char *const others[] = {"OUTPUT", "TRACE", "PROG", "PERF",
					     "MAP",    "SOCK",	"XSK"};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (help_part_has(macro, others[i]))
			return false;
	return macro->length > 4 && !strncmp(macro->at, "BPF_", 4);
}

/* The tables that the source on the command line defines: BPF_HASH(NAME, ...). */
static void offer_tables(struct line *line)
{
	char text[4096], *at;
	FILE *file = NULL;

	for (int i = 0; !file && i + 1 < line->count; i++)
		if (strstr(line->words[i], ".c") && *line->words[i] != '-')
			file = fopen(line->words[i], "re");
	while (file && fgets(text, sizeof(text), file)) {
		struct help_part macro;

		at = text + strspn(text, " \t");
		macro = (struct help_part){at, strcspn(at, "(")};
		at += macro.length;
		at += strspn(at, "( ");
		/* A BPF_TABLE begins with its kind, in quotes. */
		if (makes_table(&macro) && *at != '"')
			offer(line, at, strcspn(at, ",) \n"), "", 0);
	}
	if (file)
		fclose(file);
}

/* In a list only the word behind the last comma counts. */
static void keep_last_of_list(struct line *line)
{
	const char *comma = strrchr(line->word, ',');

	if (!comma)
		return;
	line->leading_length += (size_t)(comma + 1 - line->word);
	line->word = comma + 1;
}

static void offer_file(struct line *line, const struct help_part *value)
{
	const char *dot = memchr(value->at, '.', value->length);
	char suffix[16];

	if (!dot) {
		order(line, "files");
		return;
	}
	snprintf(suffix, sizeof(suffix), "%.*s", (int)strspn(dot, ".abcdefghijklmnopqrstuvwxyz"),
		 dot);
	text_format(&line->text, ":files %s%s\n", suffix, !strcmp(suffix, ".c") ? " .hpo" : "");
}

/* By the word that stands for it in the help. */
static void offer_value(struct line *line, const struct help_part *value, const char *option)
{
	if (is_choice(value))
		offer_choices(line, value);
	else if (help_part_has(value, "KIND:") || help_part_has(value, "PATTERN"))
		offer_attachments(line);
	else if (help_part_has(value, "FILE"))
		offer_file(line, value);
	else if (help_part_has(value, "DIR"))
		order(line, "dirs");
	else if (help_part_is(value, "PID"))
		offer_processes(line);
	else if (!strcmp(option, "tables")) {
		keep_last_of_list(line);
		offer_tables(line);
	}
}

/* ---- Words that are no options -------------------------------------------------------------- */

static bool is_literal(const struct help_part *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (!islower((unsigned char)word->at[i]) && word->at[i] != '-')
			return false;
	return word->length && *word->at != '-';
}

/* "[--kernel", "[-v]", or what stands behind such a word, is no operand. */
static bool is_operand(const struct help_part *word, bool *behind_option)
{
	bool option = help_part_has(word, "[-") || *word->at == '-';
	bool operand = !option && !*behind_option && !help_part_has(word, "OPTION") &&
		       !help_part_has(word, "ARGUMENT");

	*behind_option = option && word->at[word->length - 1] != ']';
	return operand;
}

/* Offers what usage has as its operand of that index, if those before are what was typed. */
static void offer_operand(struct line *line, struct help_part usage, char *const *operands,
			  int index)
{
	struct help_part word;
	bool behind_option = false;

	for (int i = 0; help_next_word(&usage, &word) && !help_part_is(&word, "[--");) {
		if (!is_operand(&word, &behind_option))
			continue;
		if (i == index && is_literal(&word)) {
			offer(line, word.at, word.length, "", 0);
		} else if (i == index && help_part_has(&word, "COMMAND")) {
			offer_commands(line);
		} else if (i == index) {
			offer_value(line, &word, "");
		} else if (is_literal(&word) && !help_part_is(&word, operands[i])) {
			return;
		}
		if (i++ == index)
			return;
	}
}

static void offer_operands(struct line *line, char *const *operands, int index)
{
	const char *at = line->command->help;
	struct help_part usage;

	while (help_next_usage(&at, &usage))
		offer_operand(line, usage, operands, index);
}

/* ---- The line ----------------------------------------------------------------------------- */

static void complete_arguments(struct line *line)
{
	char **operands = calloc((size_t)line->count + 1, sizeof(*operands));
	const char *equals = strchr(line->word, '=');
	struct help_option option, pending = {0};
	int count = 0;

	for (int i = 0; operands && i + 1 < line->count; i++) {
		const char *word = line->words[i];

		if (pending.value.length) {
			pending = (struct help_option){0};
		} else if (!strcmp(word, "--")) {
			/* As in all that was typed, the command being word 1. */
			text_format(&line->text, ":command %d\n", i + 3);
			goto out;
		} else if (*word != '-') {
			operands[count++] = line->words[i];
		} else if (find_option(line, word, &option) && !strchr(word, '=')) {
			pending = option;
		}
	}
	if (!operands)
		return;
	if (!pending.value.length && !strncmp(line->word, "--", 2) && equals &&
	    find_option(line, line->word, &pending)) {
		line->leading = line->word;
		line->leading_length = (size_t)(equals + 1 - line->word);
		line->word = equals + 1;
	}
	if (pending.value.length) {
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)pending.name.length, pending.name.at);
		offer_value(line, &pending.value, name);
	} else if (*line->word == '-') {
		offer_options(line);
	} else {
		offer_operands(line, operands, count);
	}
out:
	free(operands);
}

int complete_main(int argc, char **argv)
{
	struct line line = {.leading = ""};
	int status;

	if (argc < 2)
		return EXIT_USAGE;
	line.word = line.leading = argv[argc - 1];
	if (argc == 2) {
		offer_commands(&line);
		if (*line.word == '-') {
			offer_word(&line, "--help", "the list of commands");
			offer_word(&line, "--version", "print the version");
		}
	} else {
		line.command = find_command(argv[1]);
		line.words = argv + 2;
		line.count = argc - 2;
		if (line.command)
			complete_arguments(&line);
	}
	status = print_out("%s", text_cstr(&line.text));
	text_free(&line.text);
	return status;
}
