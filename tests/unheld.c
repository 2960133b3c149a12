/* SPDX-License-Identifier: Apache-2.0 */
#include "unheld.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

/* What /proc/PID/fdinfo calls them, and how to walk over all there are. */
static const struct {
	const char *name;
	int (*next)(uint32_t id, uint32_t *next);
} kinds[] = {
	{"prog", bpf_prog_get_next_id},
	{"map", bpf_map_get_next_id},
	{"link", bpf_link_get_next_id},
};

static uint64_t id_of(size_t kind, uint32_t id)
{
	return (uint64_t)kind << 32 | id;
}

static void add(struct unheld *list, uint64_t id)
{
	list->ids = realloc(list->ids, (list->count + 1) * sizeof(*list->ids));
	ck_assert_ptr_nonnull(list->ids);
	list->ids[list->count++] = id;
}

static bool has(const struct unheld *list, uint64_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

/* "map_id:	17" */
static void add_line(struct unheld *held, const char *line)
{
	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		size_t length = strlen(kinds[kind].name);
		unsigned id;

		if (!strncmp(line, kinds[kind].name, length) &&
		    sscanf(line + length, "_id: %u", &id) == 1)
			add(held, id_of(kind, id));
	}
}

static void add_descriptor(struct unheld *held, const char *pid, const char *fd)
{
	char path[128], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%.20s", pid, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		add_line(held, line);
	if (file)
		fclose(file);
}

/* Threads may have descriptors of their own, and those of a process outlive its first thread: all
   are looked at. */
static void add_process(struct unheld *held, const char *pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name))
			add_descriptor(held, pid, entry->d_name);
	if (dir)
		closedir(dir);
}

static void find_held(struct unheld *held)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	ck_assert_ptr_nonnull(proc);
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			add_process(held, entry->d_name);
	closedir(proc);
}

void unheld_find(struct unheld *unheld)
{
	struct unheld held = {0}, all = {0};

	*unheld = (struct unheld){0};
	/* In this order: what is made in between is held by someone who was not asked. */
	for (size_t kind = 0; kind < COUNT(kinds); kind++)
		for (uint32_t id = 0; !kinds[kind].next(id, &id);)
			add(&all, id_of(kind, id));
	find_held(&held);
	for (size_t i = 0; i < all.count; i++)
		if (!has(&held, all.ids[i]))
			add(unheld, all.ids[i]);
	unheld_free(&held);
	unheld_free(&all);
}

void unheld_free(struct unheld *unheld)
{
	free(unheld->ids);
	*unheld = (struct unheld){0};
}

/* One of others may be in between two looks: only what stays is told. */
static const char *first_of_both(const struct unheld *before, const struct unheld *earlier,
				 const struct unheld *now)
{
	static char text[64];

	for (size_t i = 0; i < now->count; i++) {
		uint64_t id = now->ids[i];

		if (has(before, id) || !has(earlier, id))
			continue;
		snprintf(text, sizeof(text), "%s %u", kinds[id >> 32].name, (uint32_t)id);
		return text;
	}
	return NULL;
}

const char *unheld_since(const struct unheld *before, int seconds)
{
	time_t end = time(NULL) + seconds;
	struct unheld first, now;
	const char *left = NULL;

	unheld_find(&first);
	do {
		unheld_find(&now);
		left = first_of_both(before, &first, &now);
		unheld_free(&now);
	} while (left && time(NULL) <= end && !usleep(50000));
	unheld_free(&first);
	return left;
}
