/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

enum { CONFIG_MAX = 8 << 20 };

/* zlib reads files that are not compressed as they are. */
static char *read_config(const char *path)
{
	size_t capacity = 256 << 10, size = 0;
	gzFile file = gzopen(path, "rbe");
	char *text, *grown;
	int n = 0;

	if (!file)
		return NULL;
	text = malloc(capacity);
	while (text && size < CONFIG_MAX &&
	       (n = gzread(file, text + size, (unsigned)(capacity - size - 1))) > 0) {
		size += (size_t)n;
		if (size + 1 < capacity)
			continue;
		grown = realloc(text, capacity *= 2);
		if (!grown)
			free(text);
		text = grown;
	}
	gzclose(file);
	if (text && size && n >= 0) {
		text[size] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

static char *read_in(const char *dir, size_t dir_size, const char *release)
{
	char *path, *text;

	if (asprintf(&path, "%.*s/config-%s", (int)dir_size, dir, release) < 0)
		return NULL;
	text = read_config(path);
	free(path);
	return text;
}

char *kernel_config_read(const char *btf_path, const char *release)
{
	const char *slash = btf_path ? strrchr(btf_path, '/') : NULL;
	struct utsname running;
	char *text = NULL;

	if (strchr(release, '/'))
		return NULL;
	if (!uname(&running) && !strcmp(release, running.release))
		text = read_config("/proc/config.gz");
	/* As /boot has them: vmlinux-RELEASE and config-RELEASE. */
	if (!text && slash)
		text = read_in(btf_path, (size_t)(slash - btf_path), release);
	return text ? text : read_in("/boot", strlen("/boot"), release);
}
