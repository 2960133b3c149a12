/* SPDX-License-Identifier: Apache-2.0 */
/* tracepoint:CATEGORY:EVENT: perf events of the tracepoint's number in tracefs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "provider.h"
#include "target.h"
#include "tracefs.h"

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	const char *separator = from_name ? "__" : ":";
	const char *split = strstr(rest, separator);
	const char *event = split ? split + strlen(separator) : NULL;
	char *category;
	int err;

	if (!split || split == rest || !*event)
		return *why = "it names no event", -EINVAL;
	category = strndup(rest, split - rest);
	err = category ? target_set(target, category, event) : -ENOMEM;
	free(category);
	return err;
}

/* One name holds the other. */
bool find_event_like(struct hotprobe *hp, const char *category, const char *wanted, char *found,
		     size_t size)
{
	char path[512];
	int root = tracefs_fd(hp), fd;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "events/%s", category);
	fd = root < 0 ? -1 : openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	found[0] = '\0';
	while (dir && !found[0] && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    (strstr(entry->d_name, wanted) || strstr(wanted, entry->d_name)))
			snprintf(found, size, "%s", entry->d_name);
	if (dir)
		closedir(dir);
	return found[0];
}

int open_tracepoint(struct hotprobe_link *link, int prog_fd, const char *category,
		    const char *event)
{
	struct hotprobe *hp = link->program->hp;
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	int err = tracefs_fd(hp), fd;
	char *id;

	if (err < 0)
		return link_fail(link, err == -EACCES ? -EPERM : err,
				 "mount it: mount -t tracefs tracefs /sys/kernel/tracing",
				 "cannot attach %s to %s: tracefs cannot be opened: %s",
				 link->program->name, link->target_text, strerror(-err));
	err = tracefs_read_event(hp, category, event, "id", &id);
	if (err)
		return err == -ENOENT ? err : link_fail_errno(link, err);
	attr.config = strtoull(id, NULL, 10);
	free(id);
	fd = open_probe_event(&attr, prog_fd);
	return fd >= 0 || fd == -EACCES ? fd : link_fail_errno(link, fd);
}

static int no_such_event(struct hotprobe_link *link)
{
	const struct target *t = &link->target;
	char like[256], hint[512];

	if (find_event_like(link->program->hp, t->group, t->name, like, sizeof(like)))
		snprintf(hint, sizeof(hint), "there is %s:%s", t->group, like);
	else
		snprintf(hint, sizeof(hint),
			 "see /sys/kernel/tracing/events (mount -t tracefs tracefs "
			 "/sys/kernel/tracing)");
	return link_fail(link, -ENOENT, hint,
			 "cannot attach %s: the kernel has no tracepoint %s:%s",
			 link->program->name, t->group, t->name);
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const struct target *t = &link->target;
	int fd = open_tracepoint(link, prog_fd, t->group, t->name), err;

	if (fd == -ENOENT)
		return no_such_event(link);
	if (fd == -EACCES)
		return link_fail(link, fd,
				 "compare it with the tracepoint's format file in tracefs",
				 "cannot attach %s: it reads beyond the record of %s:%s",
				 link->program->name, t->group, t->name);
	if (fd < 0)
		return fd;
	err = link_hold(link, fd);
	return err ? err : link_attached_to(link, "tracepoint %s:%s", t->group, t->name);
}

const struct provider provider_tracepoint = {
	.word = "tracepoint",
	.prefix = "tracepoint__",
	.form = "CATEGORY:EVENT",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACEPOINT},
	.attach = attach,
};
