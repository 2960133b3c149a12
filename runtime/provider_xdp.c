/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp:IFACE: each packet as the driver receives it. A BPF link holds it where the kernel has those
 * for XDP (Linux 5.9), so that it goes with the process, however that ends.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "netif.h"
#include "provider.h"
#include "rtnl.h"
#include "target.h"

/* Of an attachment that no link holds. */
struct legacy {
	int ifindex;
	int prog_fd; /* the handle's */
	uint32_t flags;
};

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	(void)from_name;
	if (!*rest)
		return *why = "the interface is missing", -EINVAL;
	return target_set(target, NULL, rest);
}

static int make_link(int prog_fd, int ifindex, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

static int set_legacy(struct hotprobe_link *link, int prog_fd, int ifindex, uint32_t flags)
{
	struct legacy *legacy;
	int err = rtnl_set_xdp(ifindex, prog_fd, -1, flags | XDP_FLAGS_UPDATE_IF_NOEXIST);

	if (err)
		return err;
	legacy = malloc(sizeof(*legacy));
	if (!legacy) {
		rtnl_set_xdp(ifindex, -1, -1, flags);
		return -ENOMEM;
	}
	*legacy = (struct legacy){.ifindex = ifindex, .prog_fd = prog_fd, .flags = flags};
	link->own = legacy;
	return 0;
}

static int attach_mode(struct hotprobe_link *link, int prog_fd, int ifindex, uint32_t flags)
{
	int fd = make_link(prog_fd, ifindex, flags);

	if (fd >= 0)
		return link_hold(link, fd);
	return fd == -EINVAL ? set_legacy(link, prog_fd, ifindex, flags) : fd;
}

/* A driver may decline for its own reasons (MTU, offloads): then the network stack runs it. */
static bool driver_declines(int err)
{
	return err && err != -EBUSY && err != -EEXIST && err != -EPERM && err != -ENODEV &&
	       err != -ENOMEM && err != -EMFILE;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const char *name = link->target.name;
	int ifindex = netif_index(link, name), err;
	const char *mode = "";

	if (ifindex < 0)
		return ifindex;
	err = attach_mode(link, prog_fd, ifindex, 0);
	if (driver_declines(err)) {
		mode = " (generic mode)";
		err = attach_mode(link, prog_fd, ifindex, XDP_FLAGS_SKB_MODE);
	}
	if (err == -EBUSY || err == -EEXIST)
		return link_fail(link, -EBUSY, "`ip link show` names it",
				 "cannot attach %s: %s has an XDP program already, and takes only "
				 "one",
				 link->program->name, name);
	if (err)
		return link_fail_errno(link, err);
	return link_attached_to(link, "XDP of %s%s", name, mode);
}

/* Only what is still this program's is removed; the interface may be gone. */
static void detach(struct hotprobe_link *link)
{
	const struct legacy *legacy = link->own;

	if (!legacy)
		return;
	if (rtnl_set_xdp(legacy->ifindex, -1, legacy->prog_fd, legacy->flags | XDP_FLAGS_REPLACE) ==
	    -EINVAL)
		rtnl_set_xdp(legacy->ifindex, -1, -1, legacy->flags);
}

static int list_interfaces(struct list *list)
{
	return netif_list(list, "");
}

const struct provider provider_xdp = {
	.word = "xdp",
	.form = "IFACE",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_XDP},
	.attach = attach,
	.detach = detach,
	.list = list_interfaces,
};
