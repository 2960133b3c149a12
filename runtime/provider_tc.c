/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tc:IFACE:ingress and tc:IFACE:egress: each packet at the traffic control layer. A tcx link holds
 * it where the kernel has them (Linux 6.6), else it is a direct-action classifier below a clsact
 * qdisc, which is made if need be and removed again unless others use it by then.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "netif.h"
#include "provider.h"
#include "rtnl.h"
#include "target.h"

/* enum bpf_attach_type of Linux 6.6. */
enum {
	TCX_INGRESS = 46,
	TCX_EGRESS = 47,
};

/* Of an attachment that no link holds. */
struct legacy {
	struct rtnl_filter filter;
	bool made_qdisc;
};

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	const char *colon = strrchr(rest, ':');
	char *interface;
	int err;

	(void)from_name;
	if (!colon || (strcmp(colon, ":ingress") && strcmp(colon, ":egress")))
		return *why = "it ends neither in :ingress nor in :egress", -EINVAL;
	if (colon == rest)
		return *why = "the interface is missing", -EINVAL;
	interface = strndup(rest, (size_t)(colon - rest));
	if (!interface)
		return -ENOMEM;
	err = target_set(target, interface, colon + 1);
	free(interface);
	return err;
}

static int set_legacy(struct hotprobe_link *link, int prog_fd, int ifindex, bool is_egress)
{
	struct legacy *legacy = calloc(1, sizeof(*legacy));
	int err;

	if (!legacy)
		return -ENOMEM;
	legacy->filter = (struct rtnl_filter){.ifindex = ifindex, .is_egress = is_egress};
	err = rtnl_add_clsact(ifindex);
	legacy->made_qdisc = !err;
	if (!err || err == -EEXIST)
		err = rtnl_add_filter(&legacy->filter, prog_fd, link->program->name);
	if (!err) {
		link->own = legacy;
		return 0;
	}
	if (legacy->made_qdisc)
		rtnl_remove_clsact(ifindex);
	free(legacy);
	return err;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const struct target *t = &link->target;
	bool is_egress = !strcmp(t->name, "egress");
	int ifindex = netif_index(link, t->group), fd, err;
	const char *how = "tcx";

	if (ifindex < 0)
		return ifindex;
	fd = bpf_link_create(prog_fd, ifindex,
			     (enum bpf_attach_type)(is_egress ? TCX_EGRESS : TCX_INGRESS), NULL);
	if (fd >= 0) {
		err = link_hold(link, fd);
	} else if (errno == EINVAL || errno == EOPNOTSUPP) {
		how = "clsact";
		err = set_legacy(link, prog_fd, ifindex, is_egress);
	} else {
		err = -errno;
	}
	/* What it says of a qdisc or classifier that no module has. */
	if (err == -ENOENT)
		return link_fail(
			link, -EOPNOTSUPP, "its modules sch_ingress and cls_bpf would do",
			"cannot attach %s: this kernel has neither tcx (Linux 6.6) nor the "
			"clsact qdisc with a BPF classifier",
			link->program->name);
	if (err)
		return link_fail_errno(link, err);
	return link_attached_to(link, "%s %s of %s", how, t->name, t->group);
}

/* The qdisc goes with the last filter: another probe of this handle takes it over. */
static bool hand_on_qdisc(const struct hotprobe_link *link)
{
	const struct hotprobe *hp = link->program->hp;
	const struct legacy *legacy = link->own;

	for (size_t i = 0; i < hp->links.count; i++) {
		const struct hotprobe_link *other = hp->links.at[i];
		struct legacy *heir = other->own;

		if (other == link || other->target.provider != &provider_tc || !heir ||
		    heir->filter.ifindex != legacy->filter.ifindex)
			continue;
		heir->made_qdisc = true;
		return true;
	}
	return false;
}

/* Errors mean that the interface or the filter is gone, and this was to bring about just that. */
static void detach(struct hotprobe_link *link)
{
	const struct legacy *legacy = link->own;

	if (!legacy)
		return;
	rtnl_remove_filter(&legacy->filter);
	if (legacy->made_qdisc && !hand_on_qdisc(link))
		rtnl_remove_clsact(legacy->filter.ifindex);
}

static int list_interfaces(struct list *list)
{
	int err = netif_list(list, ":ingress");

	return err ? err : netif_list(list, ":egress");
}

const struct provider provider_tc = {
	.word = "tc",
	.form = "IFACE:ingress|egress",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_SCHED_CLS},
	.attach = attach,
	.detach = detach,
	.list = list_interfaces,
};
