/* SPDX-License-Identifier: Apache-2.0 */
#include "file_watch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

enum {
	SETTLE_MS = 50,	     /* without a change, before one counts */
	SETTLE_MAX_MS = 500, /* but no longer than that */
	LOOK_MS = 1000,	     /* where inotify does not serve */
	EVENTS_SIZE = 16 << 10,
};

/* A file that is still written to is none that was saved: no IN_MODIFY. */
#define CHANGES                                                                                    \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF |   \
	 IN_MOVE_SELF)

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_timer(int fd, unsigned first_ms, unsigned every_ms)
{
	struct itimerspec t = {
		.it_value = {first_ms / 1000, first_ms % 1000 * 1000000L},
		.it_interval = {every_ms / 1000, every_ms % 1000 * 1000000L},
	};

	timerfd_settime(fd, 0, &t, NULL);
}

/* ---- Open and close ------------------------------------------------------------------------ */

static int wait_for(struct file_watch *watch, int fd)
{
	struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};

	return fd < 0 || epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &interest) ? -errno : 0;
}

static void say_refused(struct file_watch *watch, int err)
{
	if (watch->refused)
		return;
	watch->refused = true;
	report(HOTPROBE_WARNING,
	       "inotify is refused (%s): the files are looked at once a second instead",
	       strerror(err));
	if (err == EMFILE || err == ENOSPC)
		report_hint("other programs take all of it: raise "
			    "/proc/sys/fs/inotify/max_user_%s",
			    err == EMFILE ? "instances" : "watches");
}

int file_watch_open(struct file_watch *watch)
{
	int err;

	*watch = (struct file_watch){.inotify_fd = -1, .settle_fd = -1, .look_fd = -1};
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0)
		return -errno;
	watch->settle_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = wait_for(watch, watch->settle_fd);
	if (err)
		return err;
	watch->look_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	err = wait_for(watch, watch->look_fd);
	if (err)
		return err;
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify_fd < 0) {
		say_refused(watch, errno);
		return 0;
	}
	return wait_for(watch, watch->inotify_fd);
}

static void free_file(struct watched_file *file)
{
	free(file->path);
	free(file->real);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void file_watch_close(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->file_count; i++)
		free_file(&watch->files[i]);
	for (size_t i = 0; i < watch->dir_count; i++)
		free(watch->dirs[i].path);
	free(watch->files);
	free(watch->dirs);
	close_if_open(watch->inotify_fd);
	close_if_open(watch->look_fd);
	close_if_open(watch->settle_fd);
	close_if_open(watch->epoll_fd);
}

/* ---- What is watched ----------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* malloc'ed */
static char *dir_of(const char *path)
{
	char *copy = strdup(path), *dir = copy ? strdup(dirname(copy)) : NULL;

	free(copy);
	return dir;
}

static void look_at(struct watched_file *file, struct stat *now)
{
	if (stat(file->path, now))
		*now = (struct stat){0};
}

static bool differs(const struct stat *a, const struct stat *b)
{
	return a->st_nlink != b->st_nlink || a->st_dev != b->st_dev || a->st_ino != b->st_ino ||
	       a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static int make_file(struct watched_file *file, const char *path)
{
	char real[PATH_MAX];

	*file = (struct watched_file){.path = strdup(path)};
	if (!file->path)
		return -ENOMEM;
	look_at(file, &file->seen);
	if (!realpath(path, real) || !strcmp(real, path))
		return 0;
	file->real = strdup(real);
	return file->real ? 0 : -ENOMEM;
}

/* Watches a directory, again if it was. */
static void watch_dir(struct file_watch *watch, struct watched_dir *dir)
{
	dir->wd = -1;
	if (watch->inotify_fd < 0)
		return;
	dir->wd = inotify_add_watch(watch->inotify_fd, dir->path, CHANGES | IN_ONLYDIR);
	if (dir->wd < 0 && (errno == ENOSPC || errno == ENOMEM || errno == EACCES))
		say_refused(watch, errno);
}

static int add_dir(struct file_watch *watch, const char *file)
{
	struct watched_dir *grown;
	char *path;

	if (!file)
		return 0;
	path = dir_of(file);
	for (size_t i = 0; path && i < watch->dir_count; i++)
		if (!strcmp(watch->dirs[i].path, path)) {
			free(path);
			return 0;
		}
	grown = path ? reallocarray(watch->dirs, watch->dir_count + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	watch->dirs = grown;
	grown[watch->dir_count] = (struct watched_dir){.path = path};
	watch_dir(watch, &grown[watch->dir_count++]);
	return 0;
}

static bool watches_all(const struct file_watch *watch)
{
	for (size_t i = 0; i < watch->dir_count; i++)
		if (watch->dirs[i].wd < 0)
			return false;
	return true;
}

static void look_if_needed(struct file_watch *watch)
{
	unsigned every = watches_all(watch) ? 0 : LOOK_MS;

	set_timer(watch->look_fd, every, every);
}

/* Begins to wait for the end of the changes, or goes on. */
static void settle(struct file_watch *watch)
{
	int64_t now = now_ms();

	if (!watch->settle_end)
		watch->settle_end = now + SETTLE_MAX_MS;
	if (now + SETTLE_MS <= watch->settle_end)
		set_timer(watch->settle_fd, SETTLE_MS, 0);
}

static bool was_watched(const struct file_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->file_count; i++)
		if (!strcmp(watch->files[i].path, path))
			return true;
	return false;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

/* Directories that were watched stay so: where a file was, one may be again. */
int file_watch_set(struct file_watch *watch, const char *const *paths, size_t count,
		   const struct timespec *since)
{
	struct watched_file *files = calloc(count + 1, sizeof(*files));
	int err = files ? 0 : -ENOMEM;
	size_t made = 0;

	while (made < count && !err)
		err = make_file(&files[made], paths[made]), made++;
	for (size_t i = 0; i < made && !err; i++) {
		err = add_dir(watch, files[i].path);
		if (!err)
			err = add_dir(watch, files[i].real);
	}
	if (err) {
		for (size_t i = 0; i < made; i++)
			free_file(&files[i]);
		free(files);
		return err;
	}
	for (size_t i = 0; i < count; i++)
		if (!was_watched(watch, files[i].path) && is_later(&files[i].seen.st_mtim, since))
			settle(watch);
	for (size_t i = 0; i < watch->file_count; i++)
		free_file(&watch->files[i]);
	free(watch->files);
	watch->files = files;
	watch->file_count = count;
	look_if_needed(watch);
	return 0;
}

/* ---- What happens -------------------------------------------------------------------------- */

int file_watch_fd(const struct file_watch *watch)
{
	return watch->epoll_fd;
}

void file_watch_again(struct file_watch *watch, unsigned milliseconds)
{
	set_timer(watch->settle_fd, milliseconds, 0);
}

static bool is_in(const char *path, const struct watched_dir *dir, const char *name)
{
	char *its;
	bool same;

	if (!path || strcmp(base_of(path), name))
		return false;
	its = dir_of(path);
	same = its && !strcmp(its, dir->path);
	free(its);
	return same;
}

static bool is_header(const char *name)
{
	size_t length = strlen(name);

	return length > 2 && !strcmp(name + length - 2, ".h");
}

static bool is_watched(const struct file_watch *watch, const struct watched_dir *dir,
		       const char *name)
{
	for (size_t i = 0; i < watch->file_count; i++)
		if (is_in(watch->files[i].path, dir, name) ||
		    is_in(watch->files[i].real, dir, name))
			return true;
	return watch->any_header && is_header(name);
}

/* A file that was made is saved when it is closed; a link to one is there at once. */
static bool is_complete(const struct watched_dir *dir, const struct inotify_event *event)
{
	char path[PATH_MAX];
	struct stat st;

	if (!(event->mask & IN_CREATE))
		return true;
	if (snprintf(path, sizeof(path), "%s/%s", dir->path, event->name) >= (int)sizeof(path) ||
	    lstat(path, &st))
		return false;
	return !S_ISREG(st.st_mode) || st.st_nlink > 1;
}

static void lose_dir(struct file_watch *watch, struct watched_dir *dir)
{
	dir->wd = -1;
	look_if_needed(watch);
	settle(watch);
}

static void handle(struct file_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW) {
		settle(watch);
		return;
	}
	/* Two names of one directory have one watch. */
	for (size_t i = 0; i < watch->dir_count; i++) {
		struct watched_dir *dir = &watch->dirs[i];

		if (dir->wd != event->wd)
			continue;
		if (event->mask & IN_MOVE_SELF)
			inotify_rm_watch(watch->inotify_fd, dir->wd);
		if (event->mask & (IN_MOVE_SELF | IN_IGNORED))
			lose_dir(watch, dir);
		else if (event->len && is_watched(watch, dir, event->name) &&
			 is_complete(dir, event))
			settle(watch);
	}
}

static void read_events(struct file_watch *watch)
{
	char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t size;

	while ((size = read(watch->inotify_fd, events, sizeof(events))) > 0)
		for (char *at = events; at < events + size;) {
			const struct inotify_event *event = (const void *)at;

			handle(watch, event);
			at += sizeof(*event) + event->len;
		}
}

static bool take_timer(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

/* Looks at what is not watched, and tries to watch it. */
static void look(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->dir_count; i++)
		if (watch->dirs[i].wd < 0)
			watch_dir(watch, &watch->dirs[i]);
	look_if_needed(watch);
	for (size_t i = 0; i < watch->file_count; i++) {
		struct stat now;

		look_at(&watch->files[i], &now);
		if (differs(&now, &watch->files[i].seen))
			settle(watch);
		watch->files[i].seen = now;
	}
}

bool file_watch_read(struct file_watch *watch)
{
	if (watch->inotify_fd >= 0)
		read_events(watch);
	if (take_timer(watch->look_fd))
		look(watch);
	if (!take_timer(watch->settle_fd))
		return false;
	watch->settle_end = 0;
	return true;
}
