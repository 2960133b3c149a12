/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when files were saved, however editors do that: written in place, renamed over, unlinked
 * and made anew, behind a symbolic link. The directories are watched, by inotify; what the kernel
 * does not let be watched is looked at every second. Several changes in a row are one.
 */
#ifndef HOTPROBE_CLI_FILE_WATCH_H
#define HOTPROBE_CLI_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct watched_file {
	char *path;
	char *real;	  /* where links lead to, NULL if it is not there or the same */
	struct stat seen; /* st_nlink 0: it was not there */
};

struct watched_dir {
	char *path;
	int wd; /* of inotify, -1: it is looked at */
};

struct file_watch {
	int epoll_fd, inotify_fd, settle_fd, look_fd;
	struct watched_file *files;
	size_t file_count;
	struct watched_dir *dirs;
	size_t dir_count;
	bool any_header;    /* a file that is missing may turn up: any *.h counts */
	int64_t settle_end; /* 0, or when it is enough of waiting, milliseconds */
	bool refused;	    /* that was said */
};

/* Returns 0 or a negative errno. Close it in any case. */
int file_watch_open(struct file_watch *watch);
void file_watch_close(struct file_watch *watch);

/* Watches these files from now on, which need not be there. One that was not watched before counts
   as saved if it changed after since (of CLOCK_REALTIME). Returns 0, or -ENOMEM. */
int file_watch_set(struct file_watch *watch, const char *const *paths, size_t count,
		   const struct timespec *since);

/* Readable when file_watch_read() has something to look at. */
int file_watch_fd(const struct file_watch *watch);
/* Returns true if a file was saved, or is gone, and that has settled. */
bool file_watch_read(struct file_watch *watch);
/* Makes it return true after so many milliseconds. */
void file_watch_again(struct file_watch *watch, unsigned milliseconds);

#endif
