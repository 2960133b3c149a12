/* SPDX-License-Identifier: Apache-2.0 */
#include "perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PERF_MAP_MAX = 256 << 20,
};

void perf_map_free(struct perf_map *map)
{
	array_free(&map->entries);
	free(map->text);
	*map = (struct perf_map){0};
}

/* Ends a name where its line ends. */
static int add_line(struct perf_map *map, char *line)
{
	struct perf_map_entry e = {.order = (uint32_t)map->entries.count};
	char *end;

	e.start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return 0;
	line = end + 1;
	e.size = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1])
		return 0;
	e.name = (uint32_t)(end + 1 - map->text);
	return array_push(&map->entries, e);
}

static int compare(const void *a, const void *b)
{
	const struct perf_map_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

int perf_map_parse(struct perf_map *map)
{
	char *save, *line;

	for (line = strtok_r(map->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (add_line(map, line))
			return -ENOMEM;
	if (map->entries.count)
		qsort(map->entries.at, map->entries.count, sizeof(*map->entries.at), compare);
	return 0;
}

static bool read_text(struct perf_map *map, int fd, size_t size)
{
	size_t used = 0;
	ssize_t n = 1;

	map->text = malloc(size + 1);
	while (map->text && used < size && n > 0) {
		n = read(fd, map->text + used, size - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (map->text)
		map->text[used] = '\0';
	return map->text;
}

static bool is_newer(const struct perf_map *map, const struct stat *st)
{
	return st->st_size != map->size || st->st_mtim.tv_sec != map->modified.tv_sec ||
	       st->st_mtim.tv_nsec != map->modified.tv_nsec;
}

bool perf_map_refresh(struct perf_map *map, const char *path, uid_t uid)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool changed = false;
	struct stat st;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (!st.st_uid || st.st_uid == uid) &&
	    st.st_size <= PERF_MAP_MAX && is_newer(map, &st)) {
		perf_map_free(map);
		changed = read_text(map, fd, (size_t)st.st_size) && !perf_map_parse(map);
		map->size = st.st_size;
		map->modified = st.st_mtim;
	}
	close(fd);
	return changed;
}

const char *perf_map_find(const struct perf_map *map, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = map->entries.count;
	const struct perf_map_entry *e;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (map->entries.at[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	e = &map->entries.at[low - 1]; /* the newest of those that begin there */
	*offset = address - e->start;
	return *offset < e->size ? map->text + e->name : NULL;
}
