/* SPDX-License-Identifier: Apache-2.0 */
/* raw_tracepoint:EVENT: the tracepoint's own arguments, without a record made of them. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

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

const struct provider provider_raw_tracepoint = {
	.word = "raw_tracepoint",
	.prefix = "raw_tracepoint__",
	.form = "EVENT",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_RAW_TRACEPOINT},
	.attach = attach,
};
