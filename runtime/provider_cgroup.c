/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup:PATH:HOOK: what the sockets, devices and sysctls of a cgroup (version 2) and those below
 * it are used for. What the program returns decides: 1 allows, 0 refuses.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "hook.h"
#include "list.h"
#include "provider.h"
#include "target.h"

/* By the names of bpftool-cgroup(8). */
static const struct hook known[] = {
	{"ingress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS},
	{"egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS},
	{"sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	{"sock_release", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_RELEASE},
	{"post_bind4", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND},
	{"post_bind6", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND},
	{"bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
	{"bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND},
	{"connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	{"connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
	{"getpeername4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETPEERNAME},
	{"getpeername6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETPEERNAME},
	{"getsockname4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_GETSOCKNAME},
	{"getsockname6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_GETSOCKNAME},
	{"sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
	{"sendmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG},
	{"recvmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG},
	{"recvmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG},
	{"sock_ops", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS},
	{"device", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE},
	{"sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL},
	{"getsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT},
	{"setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT},
};

/* Of an attachment that no link holds. */
struct legacy {
	int cgroup_fd;
	int prog_fd; /* the handle's */
	enum bpf_attach_type attach_type;
};

static const struct hooks hooks = {
	.at = known,
	.count = sizeof(known) / sizeof(*known),
	.unknown = "its last word is none of ingress, egress, sock_create, "
		   "sock_release, post_bind4, bind4, connect4, getpeername4, "
		   "getsockname4, sendmsg4, recvmsg4 (each also with 6), sock_ops, "
		   "device, sysctl, getsockopt, setsockopt",
	.no_object = "the path of the cgroup is missing",
};

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	(void)from_name;
	return hook_parse(&hooks, target, rest, why);
}

static int plan(struct hotprobe_link *link, struct plan *plan)
{
	const struct hook *hook = hook_find(&hooks, link->target.name);

	*plan = (struct plan){.type = hook->type, .expected_attach_type = hook->attach_type};
	return 0;
}

/* Takes over cgroup_fd. */
static int set_legacy(struct hotprobe_link *link, int prog_fd, int cgroup_fd,
		      enum bpf_attach_type type)
{
	struct legacy *legacy = malloc(sizeof(*legacy));
	int err = -ENOMEM;

	if (legacy && !bpf_prog_attach(prog_fd, cgroup_fd, type, BPF_F_ALLOW_MULTI)) {
		*legacy = (struct legacy){
			.cgroup_fd = cgroup_fd, .prog_fd = prog_fd, .attach_type = type};
		link->own = legacy;
		return 0;
	}
	if (legacy)
		err = -errno;
	free(legacy);
	close(cgroup_fd);
	return err;
}

static int attach_to(struct hotprobe_link *link, int prog_fd, int cgroup_fd,
		     enum bpf_attach_type type)
{
	int fd = bpf_link_create(prog_fd, cgroup_fd, type, NULL), err = -errno;

	/* Links came with Linux 5.7. */
	if (fd < 0 && err == -EINVAL)
		return set_legacy(link, prog_fd, cgroup_fd, type);
	close(cgroup_fd);
	return fd < 0 ? err : link_hold(link, fd);
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const struct target *t = &link->target;
	int fd = open(t->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return link_fail(link, -errno, "",
				 "cannot attach %s: cannot open the cgroup %s: %s",
				 link->program->name, t->group, strerror(errno));
	err = attach_to(link, prog_fd, fd, hook_find(&hooks, t->name)->attach_type);
	if (err == -EBADF || err == -EINVAL)
		return link_fail(link, -EINVAL,
				 "name a directory of a mounted cgroup2 file system, such as "
				 "/sys/fs/cgroup/user.slice",
				 "cannot attach %s: %s is no cgroup of version 2",
				 link->program->name, t->group);
	if (err)
		return link_fail_errno(link, err);
	return link_attached_to(link, "%s of cgroup %s", t->name, t->group);
}

static void detach(struct hotprobe_link *link)
{
	const struct legacy *legacy = link->own;

	if (!legacy)
		return;
	bpf_prog_detach2(legacy->prog_fd, legacy->cgroup_fd, legacy->attach_type);
	close(legacy->cgroup_fd);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

static int offer_hooks(struct list *list, const char *path, const char *pattern)
{
	char prefix[4096 + 1];
	int err = 0;

	snprintf(prefix, sizeof(prefix), "%s:", path);
	for (size_t i = 0; i < hooks.count && !err; i++)
		if (list_matches(pattern, hooks.at[i].name))
			err = list_add(list, prefix, hooks.at[i].name);
	return err;
}

static bool is_wanted(const void *ctx, const char *target)
{
	return list_wants(ctx, target);
}

/* Of those that are not named, where the hierarchy is mounted. */
static int list_mounts(struct list *list)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;
	int err = 0;

	while (mounts && !err && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			err = offer_hooks(list, mount->mnt_dir, "*");
	if (mounts)
		endmntent(mounts);
	if (!err)
		list_keep(list, is_wanted, list);
	return err;
}

/* "PATH", "PATH:HOOK" */
static int list_cgroups(struct list *list)
{
	const char *pattern = list->pattern, *colon = strrchr(pattern, ':');
	struct stat st;
	char *path;
	int err;

	if (pattern[0] != '/' || !list->is_named)
		return list_mounts(list);
	if (!stat(pattern, &st))
		return offer_hooks(list, pattern, "*");
	path = strndup(pattern, colon ? (size_t)(colon - pattern) : strlen(pattern));
	if (!path)
		return -ENOMEM;
	if (!colon || stat(path, &st))
		err = fail(list->hp, -ENOENT, "cannot list cgroup:%s: %s: %s", pattern, path,
			   strerror(errno));
	else
		err = offer_hooks(list, path, colon + 1);
	free(path);
	return err;
}

static int describe(struct list *list, const char *target, struct description *d)
{
	const char *colon = strrchr(target, ':');
	const struct hook *hook = colon ? hook_find(&hooks, colon + 1) : NULL;

	(void)list;
	if (hook)
		d->context = context_of_type(hook->type);
	return 0;
}

const struct provider provider_cgroup = {
	.word = "cgroup",
	.form = "PATH:HOOK",
	.parse = parse,
	.plan = plan,
	.attach = attach,
	.detach = detach,
	.list = list_cgroups,
	.describe = describe,
};
