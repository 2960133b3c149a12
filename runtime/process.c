/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel.h"

/* "55d0c0a2b000-55d0c0b3e000 r-xp 0002f000 fe:01 1234   /usr/bin/bash" */
static bool parse_line(char *line, struct mapping *m)
{
	unsigned long long start, end, offset, inode;
	unsigned major, minor;
	char flags[5];
	int path = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, flags, &offset, &major,
		   &minor, &inode, &path) < 7 ||
	    flags[2] != 'x')
		return false;
	*m = (struct mapping){
		.start = start,
		.end = end,
		.offset = offset,
		.device = makedev(major, minor),
		.inode = inode,
		.path = line + path,
	};
	return true;
}

int process_read_maps(pid_t pid, struct mappings *maps)
{
	char path[64], *text, *save, *line;
	struct mapping m;
	int err = 0;

	*maps = (struct mappings){0};
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	text = kernel_read_file(AT_FDCWD, path);
	if (!text)
		return errno == ENOENT ? -ESRCH : -errno;
	for (line = strtok_r(text, "\n", &save); line && !err; line = strtok_r(NULL, "\n", &save)) {
		if (!parse_line(line, &m))
			continue;
		m.path = strdup(m.path);
		err = !m.path || array_push(&maps->list, m) ? -ENOMEM : 0;
		if (err)
			free(m.path);
	}
	free(text);
	if (err)
		mappings_free(maps);
	return err;
}

void mappings_free(struct mappings *maps)
{
	for (size_t i = 0; i < maps->list.count; i++)
		free(maps->list.at[i].path);
	array_free(&maps->list);
}

const struct mapping *mappings_find(const struct mappings *maps, uint64_t address)
{
	size_t low = 0, high = maps->list.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (maps->list.at[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == maps->list.count || maps->list.at[low].start > address)
		return NULL;
	return &maps->list.at[low];
}

bool mapping_is_file(const struct mapping *mapping)
{
	return mapping->path[0] == '/' && mapping->inode;
}

char *process_file(pid_t pid, const struct mapping *mapping)
{
	char *path;

	/* Through its root, which may be another than ours. */
	if (asprintf(&path, "/proc/%d/root%s", (int)pid, mapping->path) < 0)
		return NULL;
	if (!access(path, R_OK))
		return path;
	free(path);
	/* The file has another name by now, or none. */
	if (asprintf(&path, "/proc/%d/map_files/%llx-%llx", (int)pid,
		     (unsigned long long)mapping->start, (unsigned long long)mapping->end) < 0)
		return NULL;
	return path;
}

struct process_identity process_identify(pid_t pid)
{
	unsigned long long start = 0, code = 0, stack = 0;
	char path[64], text[1024], *after_name;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	kernel_read_text(path, text, sizeof(text));
	after_name = strrchr(text, ')'); /* the name may hold anything */
	if (after_name &&
	    sscanf(after_name,
		   ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu %*u %*d %*u %llu %*u %llu",
		   &start, &code, &stack) < 1)
		start = 0;
	return (struct process_identity){start, code, stack};
}

bool process_is_same(const struct process_identity *a, const struct process_identity *b)
{
	return a->start_time == b->start_time && a->start_code == b->start_code &&
	       a->start_stack == b->start_stack;
}
