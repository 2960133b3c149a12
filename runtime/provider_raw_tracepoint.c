/* SPDX-License-Identifier: Apache-2.0 */
/* raw_tracepoint:EVENT: the tracepoint's own arguments, without a record made of them. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "provider.h"
#include "target.h"

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	(void)from_name;
	if (!*rest)
		return *why = "the event is missing", -EINVAL;
	return target_set(target, NULL, rest);
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const char *event = link->target.name;
	int fd = bpf_raw_tracepoint_open(event, prog_fd), err;

	if (fd < 0)
		fd = -errno;
	if (fd == -ENOENT)
		return link_fail(link, fd, "a raw tracepoint is named without its category",
				 "cannot attach %s: the kernel has no raw tracepoint %s",
				 link->program->name, event);
	if (fd == -EINVAL)
		return link_fail(link, fd, "read no more of ctx->args than the tracepoint has",
				 "cannot attach %s: it does not fit raw tracepoint %s",
				 link->program->name, event);
	if (fd < 0)
		return link_fail_errno(link, fd);
	err = link_hold(link, fd);
	return err ? err : link_attached_to(link, "raw tracepoint %s", event);
}

#define TYPEDEF "btf_trace_"
#define FUNCTION "__traceiter_"

static int list_events(struct list *list)
{
	int err = list_types(list);

	if (!err && !list->types)
		list_lacks(list, "no raw tracepoints are listed: the kernel has no BTF "
				 "(CONFIG_DEBUG_INFO_BTF)");
	return err ? err : list_offer_types(list, BTF_KIND_TYPEDEF, TYPEDEF);
}

/* The function that calls the programs has names for what it passes on, the type has none. The
   first parameter is the kernel's own. */
static int describe(struct list *list, const char *event, struct description *d)
{
	char name[512];
	struct type_ref type;

	snprintf(name, sizeof(name), FUNCTION "%s", event);
	type = type_index_find(list->types, BTF_KIND_FUNC, name);
	if (!type.id) {
		snprintf(name, sizeof(name), TYPEDEF "%s", event);
		type = type_index_find(list->types, BTF_KIND_TYPEDEF, name);
	}
	if (!type.id)
		return 0;
	d->has_arguments = true;
	return describe_parameters(d, type, 1);
}

const struct provider provider_raw_tracepoint = {
	.word = "raw_tracepoint",
	.prefix = "raw_tracepoint__",
	.form = "EVENT",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_RAW_TRACEPOINT},
	.attach = attach,
	.list = list_events,
	.describe = describe,
};
