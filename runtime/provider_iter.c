/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iter:KIND and iter:KIND:KEY=VALUE: the program is called for each object of a kind when someone
 * reads what hotprobe_open_iter() gives, and writes what is read. Attaching makes that possible.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel_btf.h"
#include "list.h"
#include "provider.h"
#include "target.h"

enum key { KEY_NONE, KEY_PID, KEY_TID, KEY_MAP, KEY_CGROUP };

/* The target's name, KIND[:KEY=VALUE], taken apart. */
struct iterator {
	char kind[64];
	enum key key;
	const char *value;
	uint32_t number; /* of pid and tid */
};

static const struct {
	const char *word;
	enum key key;
} keys[] = {
	{"pid=", KEY_PID},
	{"tid=", KEY_TID},
	{"map=", KEY_MAP},
	{"cgroup=", KEY_CGROUP},
};

static const char *read_key(struct iterator *iter, const char *text)
{
	char *end;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t length = strlen(keys[i].word);

		if (strncmp(text, keys[i].word, length))
			continue;
		iter->key = keys[i].key;
		iter->value = text + length;
	}
	if (!iter->key)
		return "only pid=, tid=, map= or cgroup= may follow the kind";
	if (!*iter->value)
		return "nothing follows the '='";
	if (iter->key == KEY_PID || iter->key == KEY_TID) {
		unsigned long number = strtoul(iter->value, &end, 10);

		if (*end || !number || number > INT_MAX)
			return "that is no process id";
		iter->number = (uint32_t)number;
	}
	return NULL;
}

/* Returns NULL, or what is wrong with it. */
static const char *read_target(struct iterator *iter, const char *text)
{
	size_t length = strcspn(text, ":");

	*iter = (struct iterator){0};
	if (!length)
		return "the kind of object is missing";
	if (length >= sizeof(iter->kind))
		return "there is no such kind of object";
	memcpy(iter->kind, text, length);
	return text[length] ? read_key(iter, text + length + 1) : NULL;
}

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	struct iterator iter;
	const char *wrong = read_target(&iter, rest);

	(void)from_name;
	if (wrong)
		return *why = wrong, -EINVAL;
	return target_set(target, NULL, rest);
}

static int resolve(struct hotprobe_link *link)
{
	struct btf_function function;
	struct iterator iter;
	int err;

	if (link->plan.attach_btf_id)
		return 0;
	read_target(&iter, link->target.name);
	err = kernel_btf_find(link->program->hp, "bpf_iter_", iter.kind, &function);
	if (err == -ENOENT || err == -EOPNOTSUPP)
		return link_fail(link, err,
				 "Linux 5.8 and later with BTF have iterators: task, task_file, "
				 "bpf_map, tcp...; in /proc/kallsyms they are bpf_iter_KIND",
				 "cannot load %s: the kernel has no iterator over %s",
				 link->program->name, iter.kind);
	if (err == -ENOMEM)
		return fail(link->program->hp, err, "out of memory");
	if (err)
		return link_fail_errno(link, err);
	link->plan.attach_btf_id = function.id;
	link->plan.attach_btf_object = function.object;
	return 0;
}

static int find_map(struct hotprobe_link *link, const char *name, uint32_t *fd)
{
	const struct hotprobe_table *table = hotprobe_find_table(link->program->hp, name);

	if (!table)
		return link_fail(link, -ENOENT, "give the name of a table that the source declares",
				 "cannot attach %s: the program has no table %s",
				 link->program->name, name);
	*fd = (uint32_t)table->fd;
	return 0;
}

static int open_cgroup(struct hotprobe_link *link, const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return link_fail(link, -errno, "give the path of a directory of cgroup version 2",
			 "cannot attach %s: cannot open %s: %s", link->program->name, path,
			 strerror(errno));
}

/* What to go through. *fd is to be closed once it is attached, unless it is -1. */
static int set_info(struct hotprobe_link *link, const struct iterator *iter,
		    union bpf_iter_link_info *info, int *fd)
{
	int err;

	memset(info, 0, sizeof(*info));
	switch (iter->key) {
	case KEY_PID:
		info->task.pid = iter->number;
		return 0;
	case KEY_TID:
		info->task.tid = iter->number;
		return 0;
	case KEY_MAP:
		return find_map(link, iter->value, &info->map.map_fd);
	case KEY_CGROUP:
		err = open_cgroup(link, iter->value, fd);
		info->cgroup.cgroup_fd = err ? 0 : (uint32_t)*fd;
		info->cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
		return err;
	case KEY_NONE:
		break;
	}
	/* This kind has no default; the others take no order. */
	if (!strcmp(iter->kind, "cgroup"))
		info->cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
	return 0;
}

static int refused(struct hotprobe_link *link, const struct iterator *iter, int err)
{
	bool wants_map =
		!strcmp(iter->kind, "bpf_map_elem") || !strcmp(iter->kind, "bpf_sk_storage_map");

	if (wants_map && iter->key != KEY_MAP && (err == -EBADF || err == -EINVAL))
		return link_fail(
			link, -EINVAL,
			"name the function otherwise (int dump(struct bpf_iter__KIND *ctx)) "
			"and attach it with iter:KIND:map=TABLE",
			"cannot attach %s: %s goes through the elements of one table, which "
			"is not given",
			link->program->name, iter->kind);
	if (err == -EINVAL || err == -E2BIG)
		return link_fail(link, err,
				 iter->key
					 ? "this kind or this kernel may not know pid=, tid=, map= "
					   "or cgroup=, or not that kind of table (pid= and tid= "
					   "are of Linux 6.1, for task, task_file and task_vma)"
					 : "",
				 "cannot attach %s to %s: the kernel does not take it",
				 link->program->name, link->target_text);
	if (err == -EACCES && iter->key == KEY_MAP)
		return link_fail(link, err,
				 "read no more of ctx->key and ctx->value than the "
				 "table's key and value have",
				 "cannot attach %s: it reads beyond the elements of table %s",
				 link->program->name, iter->value);
	return link_fail_errno(link, err);
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	union bpf_iter_link_info info;
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	struct iterator iter;
	int fd, cgroup_fd = -1, err;

	read_target(&iter, link->target.name);
	err = set_info(link, &iter, &info, &cgroup_fd);
	if (err)
		return err;
	/* Kernels refuse information that they do not know; so without need there is none. */
	if (iter.key || info.cgroup.order) {
		opts.iter_info = &info;
		opts.iter_info_len = sizeof(info);
	}
	fd = bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, &opts);
	err = -errno;
	if (cgroup_fd >= 0)
		close(cgroup_fd);
	if (fd < 0)
		return refused(link, &iter, err);
	err = link_hold(link, fd);
	return err ? err : link_attached_to(link, "iterator over %s", link->target.name);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

#define FUNCTION "bpf_iter_"
#define CONTEXT "bpf_iter__"

/* These go through the elements of one map. */
static bool is_of_map(const char *kind)
{
	return !strcmp(kind, "bpf_map_elem") || !strcmp(kind, "bpf_sk_storage_map") ||
	       !strcmp(kind, "sockmap");
}

/* A kind has a context and a function, which others whose names begin so have not. */
static int offer_kind(void *ctx, struct type_ref type, const char *name)
{
	struct list *list = ctx;
	const char *kind = name + strlen(CONTEXT);
	size_t length = strcspn(list->pattern, ":");
	char function[256];

	(void)type;
	if (strncmp(name, CONTEXT, strlen(CONTEXT)))
		return 0;
	snprintf(function, sizeof(function), FUNCTION "%s", kind);
	if (!type_index_find(list->types, BTF_KIND_FUNC, function).id)
		return 0;
	/* With a KEY=VALUE it is one kind, and stays as it is. */
	if (list->pattern[length])
		return strlen(kind) == length && !memcmp(kind, list->pattern, length)
			       ? list_add(list, "", list->pattern)
			       : 0;
	if (!list_wants(list, kind))
		return 0;
	return list_add(list, kind, is_of_map(kind) ? ":map=TABLE" : "");
}

static int list_iterators(struct list *list)
{
	int err = list_types(list);

	if (!err && !list->types)
		list_lacks(list, "no iterators are listed: the kernel has no BTF "
				 "(CONFIG_DEBUG_INFO_BTF)");
	return err || !list->types
		       ? err
		       : type_index_each(list->types, BTF_KIND_STRUCT, offer_kind, list);
}

static int describe(struct list *list, const char *target, struct description *d)
{
	char name[256];

	(void)list;
	snprintf(name, sizeof(name), CONTEXT "%.*s", (int)strcspn(target, ":"), target);
	return describe_struct(d, name);
}

const struct provider provider_iter = {
	.word = "iter",
	.prefix = "bpf_iter__",
	.form = "KIND or KIND:pid=PID, KIND:tid=TID, KIND:map=TABLE, KIND:cgroup=DIRECTORY",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_ITER},
	.resolve = resolve,
	.attach = attach,
	.list = list_iterators,
	.describe = describe,
};

static const struct hotprobe_link *find_iter(const struct hotprobe *hp, const char *function,
					     bool *exists)
{
	*exists = false;
	for (size_t i = 0; i < hp->links.count; i++) {
		const struct hotprobe_link *link = hp->links.at[i];

		if (link->target.provider != &provider_iter ||
		    strcmp(link->program->name, function))
			continue;
		*exists = true;
		if (link->fds.count)
			return link;
	}
	return NULL;
}

int hotprobe_open_iter(struct hotprobe *hp, const char *function)
{
	const struct hotprobe_link *link;
	bool exists;
	int fd;

	if (!hotprobe_find_program(hp, function))
		return fail(hp, -ENOENT, "the program has no function %s", function);
	link = find_iter(hp, function, &exists);
	if (!exists)
		return fail(hp, -EINVAL, "%s is no iterator: its name is not bpf_iter__KIND",
			    function);
	if (!link)
		return fail(hp, -EBUSY, "attach %s before reading from it", function);
	fd = bpf_iter_create(link->fds.at[0]);
	return fd >= 0 ? fd
		       : fail(hp, -errno, "cannot read from %s: %s", function, strerror(errno));
}
