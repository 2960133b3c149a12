/* SPDX-License-Identifier: Apache-2.0 */
/* What of a pattern's matches is left out is what BCC's get_kprobe_functions() leaves out: the
 * kernel would refuse it. */
#include "kernel_functions.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tracefs.h"

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

static int reader_open_at(struct reader *r, int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	*r = (struct reader){.file = fdopen(fd, "r")};
	if (r->file)
		return 0;
	err = -errno;
	close(fd);
	return err;
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

static bool is_code(char type)
{
	return strchr("tw", tolower(type));
}

/* ---- By their names ----------------------------------------------------------------------------
 */

/* FNV-1a */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return hash;
}

/* The reader's line is that of the function. */
static int add_to_index(struct function_index *index, const struct reader *r, const char *name)
{
	struct function_entry entry = {
		.hash = hash_name(name),
		.address = strtoull(r->line, NULL, 16),
	};

	return array_push(&index->at, entry) ? -ENOMEM : 0;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_index(struct function_index *index)
{
	if (index->at.count)
		qsort(index->at.at, index->at.count, sizeof(*index->at.at), compare_hashes);
}

size_t function_index_find(const struct function_index *index, const char *name, uint64_t *address)
{
	uint64_t hash = hash_name(name);
	size_t low = 0, high = index->at.count, count = 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (index->at.at[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	*address = low < index->at.count ? index->at.at[low].address : 0;
	while (low + count < index->at.count && index->at.at[low + count].hash == hash)
		count++;
	return count;
}

void function_index_free(struct function_index *index)
{
	array_free(&index->at);
}

int kernel_functions(struct hotprobe *hp, const struct function_index **index)
{
	struct function_index *all = hp->functions;
	struct reader r;
	char *name, type;
	int err;

	*index = all;
	if (all)
		return 0;
	err = reader_open(&r, "/proc/kallsyms");
	if (err)
		return err;
	all = calloc(1, sizeof(*all));
	if (!all)
		err = -ENOMEM;
	while (!err && (name = next_function(&r, &type)))
		if (is_code(type))
			err = add_to_index(all, &r, name);
	reader_close(&r);
	hp->functions = all;
	if (err)
		kernel_functions_forget(hp);
	else
		sort_index(all);
	*index = hp->functions;
	return err;
}

void kernel_functions_forget(struct hotprobe *hp)
{
	if (hp->functions)
		function_index_free(hp->functions);
	free(hp->functions);
	hp->functions = NULL;
}

/* ---- By a pattern ------------------------------------------------------------------------------
 */

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
	       begins(name, "__SCT__") || begins(name, "__pfx_") || is_cold_part(name);
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

int kernel_find_functions(const char *pattern, struct names *found, struct function_index *index)
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
		if (in_section(name, &section, seen) || !is_code(type) ||
		    !pattern_matches(pattern, name) || is_refused_by_name(name) ||
		    names_have(&blacklist, name))
			continue;
		err = add_to_index(index, &r, name);
		if (!err)
			err = names_add(found, strdup(name));
	}
	names_sort(found);
	sort_index(index);
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
	while ((name = next_function(&r, &type)) && (strcmp(name, wanted) || !is_code(type)))
		;
	reader_close(&r);
	return name;
}

/* "name" or "name [module]" */
int kernel_traceable_functions(struct hotprobe *hp, struct names *found)
{
	int root = tracefs_fd(hp);
	struct reader r;
	int err = root < 0 ? root : reader_open_at(&r, root, "available_filter_functions");

	if (err)
		return err;
	while (!err && getline(&r.line, &r.size, r.file) > 0) {
		r.line[strcspn(r.line, " \t\n")] = '\0';
		err = names_add(found, strdup(r.line));
	}
	reader_close(&r);
	names_sort(found);
	return err;
}
