/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch.h"

/* ---- The loader's cache: glibc's sysdeps/generic/dl-cache.h ---- */

#define CACHE_MAGIC "glibc-ld.so.cache1.1"

enum {
	CACHE_MAX = 64 << 20,
};

struct cache_entry {
	int32_t flags; /* ABI */
	uint32_t name; /* offset from the cache's header */
	uint32_t path;
	uint32_t os_version;
	uint64_t hwcap; /* not 0: only for some processors */
};

struct cache {
	char magic[sizeof(CACHE_MAGIC) - 1];
	uint32_t count;
	uint32_t strings_size;
	uint32_t unused[5];
	struct cache_entry entries[];
};

/* "libc.so.6" for the names "libc.so.6", "libc" and "c"; but "libc++.so.1" only for the first. */
static bool answers_to(const char *file, const char *name)
{
	size_t length = strlen(name);

	if (!strcmp(file, name))
		return true;
	if (strncmp(name, "lib", 3) || strncmp(file, name, length)) {
		if (strncmp(file, "lib", 3) || strncmp(file + 3, name, length))
			return false;
		file += 3;
	}
	return !strcmp(file + length, ".so") || !strncmp(file + length, ".so.", 4);
}

static const char *cache_string(const struct cache *cache, size_t size, uint32_t offset)
{
	const char *text = (const char *)cache + offset;

	return offset < size && memchr(text, 0, size - offset) ? text : NULL;
}

static char *find_in_cache(const struct cache *cache, size_t size, const char *name)
{
	if (size < sizeof(*cache) || memcmp(cache->magic, CACHE_MAGIC, sizeof(cache->magic)) ||
	    cache->count > (size - sizeof(*cache)) / sizeof(*cache->entries))
		return NULL;
	for (uint32_t i = 0; i < cache->count; i++) {
		const struct cache_entry *entry = &cache->entries[i];
		const char *file = cache_string(cache, size, entry->name);
		const char *path = cache_string(cache, size, entry->path);

		if (entry->flags == arch_native.ld_cache_flags && !entry->hwcap && file && path &&
		    answers_to(file, name))
			return strdup(path);
	}
	return NULL;
}

/* The whole file, malloc'ed; NULL if there is none. */
static char *read_cache(size_t *size)
{
	int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0 && st.st_size <= CACHE_MAX)
		data = malloc((size_t)st.st_size);
	/* The loader's own tool replaces it by renaming, so it is whole. */
	if (data)
		n = read(fd, data, (size_t)st.st_size);
	close(fd);
	if (n > 0) {
		*size = (size_t)n;
		return data;
	}
	free(data);
	return NULL;
}

static char *find_by_cache(const char *name)
{
	size_t size = 0;
	char *data = read_cache(&size), *found = NULL;
	/* In front may be the cache of an older format. */
	const char *start = data ? memmem(data, size, CACHE_MAGIC, sizeof(CACHE_MAGIC) - 1) : NULL;

	if (start && !((start - data) % 8))
		found = find_in_cache((const void *)start, size - (size_t)(start - data), name);
	free(data);
	return found;
}

/* ---- Directories ---- */

/* For a system without that cache. */
static char *find_in_library_dirs(const char *name)
{
	static const char *const dirs[] = {"/lib64", "/usr/lib64", "/lib", "/usr/lib",
					   "/usr/local/lib"};
	static const char *const forms[] = {"%s/%s", "%s/%s.so", "%s/lib%s.so"};
	char path[4096];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		for (size_t j = 0; j < sizeof(forms) / sizeof(*forms); j++) {
			int length = snprintf(path, sizeof(path), forms[j], dirs[i], name);

			if (length < (int)sizeof(path) && strstr(path, ".so") &&
			    !access(path, R_OK))
				return strdup(path);
		}
	return NULL;
}

static char *find_program(const char *name)
{
	const char *dirs = secure_getenv("PATH");
	char path[4096];

	for (const char *at = dirs, *end; at; at = *end ? end + 1 : NULL) {
		int length;

		end = strchrnul(at, ':');
		length = snprintf(path, sizeof(path), "%.*s/%s", (int)(end - at), at, name);
		if (*at == '/' && length < (int)sizeof(path) && !access(path, X_OK))
			return strdup(path);
	}
	return NULL;
}

int library_find(const char *name, char **path)
{
	if (strchr(name, '/')) {
		/* The links below /proc/PID lead to files that may have no name here. */
		if (!strncmp(name, "/proc/", 6))
			*path = access(name, R_OK) ? NULL : strdup(name);
		else
			*path = realpath(name, NULL);
		return *path ? 0 : -errno;
	}
	*path = find_by_cache(name);
	if (!*path)
		*path = find_in_library_dirs(name);
	if (!*path)
		*path = find_program(name);
	return *path ? 0 : -ENOENT;
}
