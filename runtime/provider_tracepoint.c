/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracepoint:CATEGORY:EVENT, either of which may be a pattern: perf events of the tracepoint's
 * number in tracefs.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "list.h"
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

/* One name holds the other. */
bool find_event_like(struct hotprobe *hp, const char *category, const char *wanted, char *found,
		     size_t size)
{
	struct names names = {0};

	found[0] = '\0';
	tracefs_list_events(hp, category, &names);
	for (size_t i = 0; i < names.list.count && !found[0]; i++)
		if (strstr(names.list.at[i], wanted) || strstr(wanted, names.list.at[i]))
			snprintf(found, size, "%s", names.list.at[i]);
	names_free(&names);
	return found[0];
}

static int no_tracefs(struct hotprobe_link *link, int err)
{
	return link_fail(link, err == -EACCES ? -EPERM : err,
			 err == -EACCES
				 ? "CAP_DAC_READ_SEARCH is missing: run it as root, or with that, "
				   "or let a group of yours read tracefs: mount -o "
				   "remount,gid=GROUP,mode=750 /sys/kernel/tracing"
				 : "mount it: mount -t tracefs tracefs /sys/kernel/tracing",
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
		return err == -ENOENT	? err
		       : err == -EACCES ? no_tracefs(link, err)
					: link_fail_errno(link, err);
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

/* Does the event count? event NULL: may any of that category? */
typedef bool (*event_filter)(const void *ctx, const char *category, const char *event);

static int add_events(struct hotprobe *hp, const char *category, event_filter filter,
		      const void *ctx, struct names *found)
{
	struct names events = {0};
	int err = tracefs_list_events(hp, category, &events);

	for (size_t i = 0; i < events.list.count && !err; i++) {
		const char *event = events.list.at[i];
		char *full;

		if (!filter(ctx, category, event))
			continue;
		err = tracefs_has_number(hp, category, event);
		if (err <= 0)
			continue;
		err = names_add(found, asprintf(&full, "%s:%s", category, event) < 0 ? NULL : full);
	}
	names_free(&events);
	return err;
}

/* Adds "CATEGORY:EVENT" for each event that the filter takes, sorted. */
static int find_events(struct hotprobe *hp, event_filter filter, const void *ctx,
		       struct names *found)
{
	struct names categories = {0};
	int err = tracefs_list_events(hp, NULL, &categories);

	for (size_t i = 0; i < categories.list.count && !err; i++)
		if (filter(ctx, categories.list.at[i], NULL))
			err = add_events(hp, categories.list.at[i], filter, ctx, found);
	names_free(&categories);
	names_sort(found);
	return err;
}

static bool is_match(const void *ctx, const char *category, const char *event)
{
	const struct target *t = ctx;

	return pattern_matches(t->group, category) && (!event || pattern_matches(t->name, event));
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
	err = find_events(link->program->hp, is_match, &link->target, &found);
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

/* ---- Listing -----------------------------------------------------------------------------------
 */

/* Without a colon the pattern may be that of an event, or a category's name. */
static bool is_wanted(const void *ctx, const char *category, const char *event)
{
	const struct list *list = ctx;
	const char *colon = strchr(list->pattern, ':');
	size_t length = strlen(category);
	char full[512];

	if (!colon && (!event || !strcmp(list->pattern, category) || list_wants(list, event)))
		return true;
	/* Most patterns have a plain category: the others need not be read. */
	if (!event)
		return strcspn(list->pattern, "*?[\\") < (size_t)(colon - list->pattern) ||
		       ((size_t)(colon - list->pattern) == length &&
			!memcmp(list->pattern, category, length));
	snprintf(full, sizeof(full), "%s:%s", category, event);
	return list_wants(list, full);
}

static int list_events(struct list *list)
{
	int err = tracefs_fd(list->hp);

	if (err < 0) {
		list_lacks(list, "no tracepoints are listed: tracefs cannot be opened: %s%s",
			   strerror(-err),
			   err == -EPERM || err == -EACCES ? "; run it as root" : "");
		return 0;
	}
	err = find_events(list->hp, is_wanted, list, &list->found);
	if (err && err != -ENOMEM)
		err = fail(list->hp, err, "cannot read the events of tracefs: %s", strerror(-err));
	return err;
}

static int describe(struct list *list, const char *name, struct description *d)
{
	const char *event = strchr(name, ':') + 1;
	char category[256], *format;
	int err;

	snprintf(category, sizeof(category), "%.*s", (int)(event - 1 - name), name);
	if (tracefs_read_format(list->hp, category, event, &format))
		return 0;
	err = describe_record(d, format, !strcmp(category, "syscalls"));
	free(format);
	return err;
}

const struct provider provider_tracepoint = {
	.word = "tracepoint",
	.prefix = "tracepoint__",
	.form = "CATEGORY:EVENT, patterns allowed",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACEPOINT},
	.attach = attach,
	.list = list_events,
	.describe = describe,
};
