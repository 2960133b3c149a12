/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe_write_headers(): the compiler process makes the headers, this writes them as files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "file.h"
#include "image_file.h"
#include "internal.h"
#include "request.h"

/* The compiler process has no privilege, and what it says is not to have any: only a plain path
   below the directory. */
static bool is_plain(const char *path)
{
	return *path && *path != '/' && strcmp(path, "..") && strncmp(path, "../", 3) &&
	       !strstr(path, "/../") && !strstr(path, "//");
}

/* Makes the directories that path, which is changed and restored, leads through. */
static int make_parents(int dir, char *path)
{
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		int failed;

		*slash = '\0';
		failed = mkdirat(dir, path, 0777) && errno != EEXIST;
		*slash = '/';
		if (failed)
			return -errno;
	}
	return 0;
}

static int write_header(int dir, const char *name, const char *text, size_t size)
{
	char *path = strdup(name);
	int fd, err;

	if (!path)
		return -ENOMEM;
	err = make_parents(dir, path);
	free(path);
	if (err)
		return err;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	err = file_write(fd, text, size);
	close(fd);
	return err;
}

static int write_all(struct hotprobe *hp, const char *dir, const void *answer, size_t size)
{
	const struct request_record *record;
	const char *strings[2], *text;
	size_t position = 0, length;
	int fd, count = 0, err = 0;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return fail(hp, -errno, "cannot make directory %s: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(hp, -errno, "cannot open directory %s: %s", dir, strerror(errno));
	while (!err && (record = request_next(answer, size, &position, strings, &text, &length))) {
		if (record->kind != REQUEST_FILE || !is_plain(strings[0]))
			continue;
		err = write_header(fd, strings[0], text, length);
		if (err)
			fail(hp, err, "cannot write %s/%s: %s", dir, strings[0], strerror(-err));
		count++;
	}
	close(fd);
	if (!err && !count)
		return fail(hp, -ECHILD, "the compiler's answer is unusable");
	return err ? err : count;
}

int hotprobe_write_headers(struct hotprobe *hp, const char *dir)
{
	struct request request = {0};
	void *answer = NULL;
	size_t size;
	int result;

	compile_request_kernel(hp, &request);
	request_add(&request, REQUEST_OPTION, NULL, NULL, REQUEST_OPTION_WHOLE_HEADERS,
		    strlen(REQUEST_OPTION_WHOLE_HEADERS));
	result = request.failed ? fail(hp, -ENOMEM, "out of memory")
				: compile_ask(hp, &request, &answer, &size);
	if (!result && image_file_is(answer, size)) {
		result = take_image(hp, answer, size); /* only its diagnostics: it says why not */
		answer = NULL;
		if (!result || result == -EINVAL)
			result = -EOPNOTSUPP;
	} else if (!result) {
		result = write_all(hp, dir, answer, size);
	}
	free(answer);
	free(request.data);
	return result;
}
