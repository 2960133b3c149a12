/* SPDX-License-Identifier: Apache-2.0 */
/* What is left out is what BCC's get_kprobe_functions() leaves out: the kernel would refuse it. */
#include "kernel_functions.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLACKLIST "/sys/kernel/debug/kprobes/blacklist"

struct reader {
	FILE *file;
	char *line;
	size_t size;
};

static int reader_open(struct reader *r, const char *path)
{
	*r = (struct reader){.file = fopen(path, "re")};
	return r->file ? 0 : -errno;
}

static void reader_close(struct reader *r)
{
	fclose(r->file);
	free(r->line);
}

/* The next function of kallsyms, "ffffffff81000000 t name\t[module]": its name, NULL at the end. */
static char *next_function(struct reader *r, char *type)
{
	while (getline(&r->line, &r->size, r->file) > 0) {
		char *name = strchr(r->line, ' ');

		if (!name || !name[1] || name[2] != ' ')
			continue;
		*type = name[1];
		name += 3;
		name[strcspn(name, "\t\n")] = '\0';
		return name;
	}
	return NULL;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* "NAME.cold", "NAME.cold.12": the parts of functions that gcc moved out of the way. */
static bool is_cold_part(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return cold && (!cold[5] || cold[5] == '.');
}

static bool is_refused_by_name(const char *name)
{
	return begins(name, "_kbl_addr_") || begins(name, "__perf") || begins(name, "perf_") ||
	       begins(name, "__SCT__") || is_cold_part(name);
}

/* Sections without probes: their symbols lie between two that name them. */
static const struct section {
	const char *begin, *end;
} sections[] = {
	{"__init_begin", "__init_end"},
	{"__irqentry_text_start", "__irqentry_text_end"},
};

/* The symbols that name sections are in the order of their addresses, but an empty section's end
   can come before its begin: seen[] holds whose end has come. */
static bool in_section(const char *name, const struct section **current, bool seen[])
{
	if (*current) {
		if (!strcmp(name, (*current)->end))
			*current = NULL;
		return true;
	}
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		if (!strcmp(name, sections[i].end))
			seen[i] = true;
		if (strcmp(name, sections[i].begin) || seen[i])
			continue;
		seen[i] = true;
		*current = &sections[i];
		return true;
	}
	return false;
}

/* "0xffffffff81000000-0xffffffff81000010\tname". Without debugfs there is none to read. */
static int read_blacklist(struct names *names)
{
	struct reader r;
	int err = 0;

	if (reader_open(&r, BLACKLIST))
		return 0;
	while (!err && getline(&r.line, &r.size, r.file) > 0) {
		char *name = strchr(r.line, '\t');

		if (!name)
			continue;
		name[strcspn(name, "\n")] = '\0';
		err = names_add(names, strdup(name + 1));
	}
	reader_close(&r);
	names_sort(names);
	return err;
}

int kernel_find_functions(const char *pattern, struct names *found)
{
	bool seen[sizeof(sections) / sizeof(*sections)] = {false};
	const struct section *section = NULL;
	struct names blacklist = {0};
	struct reader r;
	char *name, type;
	int err = reader_open(&r, "/proc/kallsyms");

	if (err)
		return err;
	err = read_blacklist(&blacklist);
	while (!err && (name = next_function(&r, &type))) {
		if (in_section(name, &section, seen) || !strchr("tw", tolower(type)) ||
		    !pattern_matches(pattern, name) || is_refused_by_name(name) ||
		    names_have(&blacklist, name))
			continue;
		err = names_add(found, strdup(name));
	}
	names_sort(found);
	names_free(&blacklist);
	reader_close(&r);
	return err;
}

bool kernel_has_function(const char *wanted)
{
	struct reader r;
	const char *name = NULL;
	char type;

	if (reader_open(&r, "/proc/kallsyms"))
		return false;
	while ((name = next_function(&r, &type)) &&
	       (strcmp(name, wanted) || !strchr("tw", tolower(type))))
		;
	reader_close(&r);
	return name;
}
