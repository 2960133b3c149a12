/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracepoint:CATEGORY:EVENT, either of which may be a pattern: perf events of the tracepoint's
 * number in tracefs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"
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

/* A directory of tracefs; NULL with errno set if there is none of that name. */
static DIR *open_dir(struct hotprobe *hp, const char *path)
{
	int root = tracefs_fd(hp), fd, err;
	DIR *dir;

	if (root < 0) {
		errno = -root;
		return NULL;
	}
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0) {
		err = errno;
		close(fd);
		errno = err;
	}
	return dir;
}

/* The next directory in dir, NULL at the end. */
static const char *next_dir(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			return entry->d_name;
	return NULL;
}

/* One name holds the other. */
bool find_event_like(struct hotprobe *hp, const char *category, const char *wanted, char *found,
		     size_t size)
{
	char path[512];
	const char *name;
	DIR *dir;

	snprintf(path, sizeof(path), "events/%s", category);
	dir = open_dir(hp, path);
	found[0] = '\0';
	while (dir && !found[0] && (name = next_dir(dir)))
		if (strstr(name, wanted) || strstr(wanted, name))
			snprintf(found, size, "%s", name);
	if (dir)
		closedir(dir);
	return found[0];
}

static int no_tracefs(struct hotprobe_link *link, int err)
{
	return link_fail(link, err == -EACCES ? -EPERM : err,
			 "mount it: mount -t tracefs tracefs /sys/kernel/tracing",
			 "cannot attach %s to %s: tracefs cannot be opened: %s",
			 link->program->name, link->target_text, strerror(-err));
}

int open_tracepoint(struct hotprobe_link *link, int prog_fd, const char *category,
		    const char *event)
{
	struct hotprobe *hp = link->program->hp;
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	int err = tracefs_fd(hp), fd;
	char *id;

	if (err < 0)
		return no_tracefs(link, err);
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

/* Opens an event and holds it; what can go wrong has its message. */
static int attach_event(struct hotprobe_link *link, int prog_fd, const char *category,
			const char *event)
{
	int fd = open_tracepoint(link, prog_fd, category, event);

	if (fd == -ENOENT)
		return no_such_event(link);
	if (fd == -EACCES)
		return link_fail(link, fd,
				 "compare it with the tracepoint's format file in tracefs",
				 "cannot attach %s: it reads beyond the record of %s:%s",
				 link->program->name, category, event);
	return fd < 0 ? fd : link_hold(link, fd);
}

/* ---- Patterns ----------------------------------------------------------------------------------
 */

/* Adds "CATEGORY:EVENT" for each event that matches; what has no number is no event. */
static int find_events(struct hotprobe *hp, const char *category, const char *pattern,
		       struct names *found)
{
	char path[512], *full, *id;
	const char *event;
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "events/%s", category);
	dir = open_dir(hp, path);
	if (!dir)
		return -errno;
	while (!err && (event = next_dir(dir))) {
		if (!pattern_matches(pattern, event))
			continue;
		err = tracefs_read_event(hp, category, event, "id", &id);
		if (err == -ENOENT) {
			err = 0;
			continue;
		}
		if (err)
			break;
		free(id);
		err = names_add(found, asprintf(&full, "%s:%s", category, event) < 0 ? NULL : full);
	}
	closedir(dir);
	return err;
}

static int find_all_events(struct hotprobe *hp, const struct target *t, struct names *found)
{
	DIR *categories = open_dir(hp, "events");
	const char *category;
	int err = 0;

	if (!categories)
		return -errno;
	while (!err && (category = next_dir(categories)))
		if (pattern_matches(t->group, category))
			err = find_events(hp, category, t->name, found);
	closedir(categories);
	names_sort(found);
	return err;
}

static int attach_to_each(struct hotprobe_link *link, int prog_fd, const struct names *found)
{
	int err = 0;

	for (size_t i = 0; i < found->list.count && !err; i++) {
		char *category = found->list.at[i], *colon = strchr(category, ':');

		*colon = '\0';
		err = attach_event(link, prog_fd, category, colon + 1);
		*colon = ':';
		if (!err)
			note(link->program->hp, HOTPROBE_NOTE, "%s: tracepoint %s",
			     link->program->name, category);
	}
	return err ? err
		   : link_attached_to(link, "%zu tracepoints that match %s:%s", found->list.count,
				      link->target.group, link->target.name);
}

static int attach_pattern(struct hotprobe_link *link, int prog_fd)
{
	struct names found = {0};
	int err = tracefs_fd(link->program->hp);

	if (err < 0)
		return no_tracefs(link, err);
	err = find_all_events(link->program->hp, &link->target, &found);
	if (err == -ENOMEM)
		err = fail(link->program->hp, err, "out of memory");
	else if (err)
		err = no_tracefs(link, err);
	if (!err)
		err = link_check_matches(link, &found, "tracepoint");
	if (!err)
		err = attach_to_each(link, prog_fd, &found);
	names_free(&found);
	return err;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const struct target *t = &link->target;
	int err;

	if (is_pattern(t->group) || is_pattern(t->name))
		return attach_pattern(link, prog_fd);
	err = attach_event(link, prog_fd, t->group, t->name);
	return err ? err : link_attached_to(link, "tracepoint %s:%s", t->group, t->name);
}

const struct provider provider_tracepoint = {
	.word = "tracepoint",
	.prefix = "tracepoint__",
	.form = "CATEGORY:EVENT, patterns allowed",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACEPOINT},
	.attach = attach,
};
