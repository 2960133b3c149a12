/* SPDX-License-Identifier: Apache-2.0 */
#include "tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "kernel.h"

static int open_mounted(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs st;

	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &st) && st.f_type == TRACEFS_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

static int open_detached(void)
{
	int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd = -1, err = 0;

	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
	    (fd = fsmount(context, FSMOUNT_CLOEXEC, 0)) < 0)
		err = -errno;
	close(context);
	return err ? err : fd;
}

int tracefs_fd(struct hotprobe *hp)
{
	int fd = hp->tracefs_fd;
	bool denied;

	if (fd >= 0)
		return fd;
	fd = open_mounted("/sys/kernel/tracing");
	denied = fd == -EACCES;
	if (fd < 0)
		fd = open_mounted("/sys/kernel/debug/tracing");
	if (fd < 0)
		fd = open_detached();
	/* It is there: to mount it is no remedy. */
	if (fd == -EPERM && denied)
		fd = -EACCES;
	hp->tracefs_fd = fd >= 0 ? fd : -1;
	return fd;
}

static int read_event(int root_fd, const char *category, const char *event, const char *file,
		      char **text)
{
	char path[512];

	if (strchr(category, '/') || strchr(event, '/') ||
	    snprintf(path, sizeof(path), "events/%s/%s/%s", category, event, file) >=
		    (int)sizeof(path))
		return -ENOENT;
	*text = kernel_read_file(root_fd, path);
	return *text ? 0 : -errno;
}

int tracefs_read_event(struct hotprobe *hp, const char *category, const char *event,
		       const char *file, char **text)
{
	int fd = tracefs_fd(hp);

	return fd < 0 ? fd : read_event(fd, category, event, file, text);
}

int tracefs_read_format(struct hotprobe *hp, const char *category, const char *event, char **text)
{
	int fd, err;

	if (!hp->opts.tracefs)
		return tracefs_read_event(hp, category, event, "format", text);
	fd = open(hp->opts.tracefs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_event(fd, category, event, "format", text);
	close(fd);
	return err;
}

int tracefs_has_number(struct hotprobe *hp, const char *category, const char *event)
{
	int root = tracefs_fd(hp);
	char path[600];

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "events/%s/%s/id", category, event);
	if (!faccessat(root, path, F_OK, 0))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int tracefs_list_events(struct hotprobe *hp, const char *category, struct names *found)
{
	int root = tracefs_fd(hp), fd, err = 0;
	struct dirent *entry;
	char path[512];
	DIR *dir;

	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "events%s%s", category ? "/" : "", category ? category : "");
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			err = names_add(found, strdup(entry->d_name));
	closedir(dir);
	return err;
}
