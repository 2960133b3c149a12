/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where lessons, working copies and the progress are. Under sudo they are those of the user who
 * called it, and what is made there is that user's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lesson.h"
#include "report.h"

enum {
	FILE_MAX = 1 << 20,
	BACKUPS_MAX = 1000,
};

/* ---- Places --------------------------------------------------------------------------------- */

/* The user behind sudo, NULL if it is none. */
static const struct passwd *sudo_user(void)
{
	const char *uid = getenv("SUDO_UID");

	return uid && !geteuid() ? getpwuid((uid_t)strtoul(uid, NULL, 10)) : NULL;
}

static const char *home(void)
{
	const struct passwd *user = sudo_user();
	const char *dir = user ? user->pw_dir : getenv("HOME");

	return dir && *dir == '/' ? dir : NULL;
}

static void give_to_user(int fd)
{
	const struct passwd *user = sudo_user();

	/* Where it fails the file stays root's, and can still be read. */
	if (user && fchown(fd, user->pw_uid, user->pw_gid))
		return;
}

static char *joined(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* In the source tree beside the build directory, or where it was installed. */
static char *find_data(void)
{
	static const char *const places[] = {"../share/hotprobe/lessons", "../programs/lessons",
					     "../../programs/lessons"};
	char exe[PATH_MAX], *path;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	if (strrchr(exe, '/'))
		*strrchr(exe, '/') = '\0';
	for (size_t i = 0; n > 0 && i < sizeof(places) / sizeof(*places); i++) {
		path = joined(exe, places[i]);
		if (!path || !access(path, X_OK))
			return path;
		free(path);
	}
	return strdup(HOTPROBE_LESSONS);
}

static char *find_copies(const char *dir)
{
	const char *from_environment = getenv("HOTPROBE_LESSONS");

	if (dir)
		return strdup(dir);
	if (from_environment && *from_environment)
		return strdup(from_environment);
	return home() ? joined(home(), "hotprobe-lessons") : NULL;
}

static char *find_progress(void)
{
	const char *state = getenv("XDG_STATE_HOME");

	if (state && *state == '/')
		return joined(state, "hotprobe/lessons");
	return home() ? joined(home(), ".local/state/hotprobe/lessons") : NULL;
}

int places_find(struct places *places, const char *dir)
{
	*places = (struct places){
		.data = find_data(),
		.copies = find_copies(dir),
		.progress = find_progress(),
	};
	if (places->data && places->copies)
		return EXIT_DONE;
	report(HOTPROBE_ERROR, "there is no home directory for the working copies");
	report_hint("name another directory: --dir DIR, or HOTPROBE_LESSONS=DIR");
	return EXIT_SYSTEM;
}

void places_free(struct places *places)
{
	free(places->data);
	free(places->copies);
	free(places->progress);
}

char *lesson_data_path(const struct places *places, size_t index, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%02zu-%s/%s", places->data, index + 1, lessons[index].name,
			file) < 0
		       ? NULL
		       : path;
}

char *lesson_copy_path(const struct places *places, size_t index)
{
	char *path;

	return asprintf(&path, "%s/%02zu-%s.c", places->copies, index + 1, lessons[index].name) < 0
		       ? NULL
		       : path;
}

/* ---- Reading and writing -------------------------------------------------------------------- */

static int file_failed(const char *path, int error)
{
	report(HOTPROBE_ERROR, "%s: %s", path, strerror(error));
	return EXIT_SYSTEM;
}

static int no_memory(void)
{
	report(HOTPROBE_ERROR, "out of memory");
	return EXIT_SYSTEM;
}

/* Appends a file. Returns 0 or an errno. */
static int read_into(struct text *text, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	while (n > 0 && text->length < FILE_MAX) {
		char *room = text_reserve(text, 4096);

		n = room ? read(fd, room, 4096) : -1;
		if (n > 0)
			text->length += (size_t)n;
		else if (n < 0)
			error = room ? errno : ENOMEM;
	}
	close(fd);
	return error;
}

int lesson_read(const struct places *places, size_t index, const char *file, struct text *text)
{
	char *path = lesson_data_path(places, index, file);
	int error;

	if (!path)
		return no_memory();
	error = read_into(text, path);
	if (error) {
		file_failed(path, error);
		report_hint("hotprobe is not wholly installed: the lessons belong to %s",
			    places->data);
	}
	free(path);
	return error ? EXIT_SYSTEM : EXIT_DONE;
}

/* Makes the directory and those above it. Returns 0 or an errno. */
static int make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return ENAMETOOLONG;
	for (size_t i = 1; i <= length; i++) {
		int fd;

		if (path[i] != '/' && path[i])
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdir(part, 0777)) {
			if (errno == EEXIST || errno == EROFS)
				continue;
			return errno;
		}
		fd = open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			give_to_user(fd);
			close(fd);
		}
	}
	return 0;
}

/* Makes a file that is not there yet. Returns 0 or an errno. */
static int write_new(const char *path, const struct text *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), error = 0;

	if (fd < 0)
		return errno;
	for (size_t at = 0; at < text->length && !error;) {
		ssize_t n = write(fd, text->data + at, text->length - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			error = n ? errno : ENOSPC;
	}
	give_to_user(fd);
	if (close(fd) && !error)
		error = errno;
	if (error)
		unlink(path);
	return error;
}

/* Gives what is there another name, PATH.1, PATH.2... that nothing has. Returns 0 or an errno. */
static int back_up(const char *path, char **backup)
{
	for (int i = 1; i < BACKUPS_MAX; i++) {
		int error;

		if (asprintf(backup, "%s.%d", path, i) < 0) {
			*backup = NULL;
			return ENOMEM;
		}
		if (!renameat2(AT_FDCWD, path, AT_FDCWD, *backup, RENAME_NOREPLACE))
			return 0;
		error = errno;
		free(*backup);
		*backup = NULL;
		if (error != EEXIST)
			return error == ENOENT ? 0 : error;
	}
	return EEXIST;
}

int lesson_copy(const struct places *places, size_t index, bool reset, bool *made, char **backup)
{
	char *path = lesson_copy_path(places, index);
	struct text text = {0};
	int status = path ? EXIT_DONE : no_memory(), error = 0;

	*made = false;
	*backup = NULL;
	if (status != EXIT_DONE || (!reset && !access(path, F_OK)))
		goto out;
	status = lesson_read(places, index, "start.c", &text);
	if (status != EXIT_DONE)
		goto out;
	error = make_directories(places->copies);
	if (!error && reset)
		error = back_up(path, backup);
	if (!error)
		error = write_new(path, &text);
	if (error)
		status = file_failed(path, error);
	else
		*made = true;
out:
	text_free(&text);
	free(path);
	return status;
}

/* ---- Progress ------------------------------------------------------------------------------- */

/* The names of the lessons that are solved, one a line; other lines are left out. */
void progress_read(const struct places *places, bool *done)
{
	struct text text = {0};
	char *line, *rest;

	memset(done, 0, lesson_count * sizeof(*done));
	if (!places->progress || read_into(&text, places->progress))
		goto out;
	for (size_t i = 0; i < text.length; i++)
		if (!text.data[i])
			text.data[i] = '\n';
	text_char(&text, '\0');
	rest = text.failed ? NULL : text.data;
	while ((line = strsep(&rest, "\n"))) {
		for (size_t i = 0; i < lesson_count; i++)
			if (!strcmp(line, lessons[i].name))
				done[i] = true;
	}
out:
	text_free(&text);
}

/* Replaced as a whole, so that what reads it never sees half of it. */
static int progress_write(const char *path, const bool *done)
{
	struct text text = {0};
	char *dir = strdup(path), *new = NULL;
	int error = ENOMEM;

	for (size_t i = 0; i < lesson_count; i++)
		if (done[i])
			text_format(&text, "%s\n", lessons[i].name);
	if (!dir || text.failed || asprintf(&new, "%s.%d", path, (int)getpid()) < 0)
		goto out;
	*strrchr(dir, '/') = '\0';
	error = make_directories(dir);
	if (!error)
		error = write_new(new, &text);
	if (!error && rename(new, path)) {
		error = errno;
		unlink(new);
	}
out:
	text_free(&text);
	free(new);
	free(dir);
	return error;
}

void progress_add(const struct places *places, size_t index)
{
	bool done[LESSONS_MAX];
	int error;

	progress_read(places, done);
	if (done[index] || !places->progress)
		return;
	done[index] = true;
	error = progress_write(places->progress, done);
	if (error)
		report(HOTPROBE_WARNING, "the progress could not be kept in %s: %s",
		       places->progress, strerror(error));
}
