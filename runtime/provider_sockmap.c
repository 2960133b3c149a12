/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockmap:TABLE:HOOK: what the sockets of a BPF_SOCKMAP or BPF_SOCKHASH of the same source send
 * (msg_verdict) or receive (stream_parser, stream_verdict, skb_verdict). What the program returns
 * decides: SK_PASS, SK_DROP, or the result of a redirection.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "hook.h"
#include "provider.h"
#include "target.h"

/* By the names of enum bpf_attach_type. */
static const struct hook list[] = {
	{"msg_verdict", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT},
	{"stream_parser", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_PARSER},
	{"stream_verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_VERDICT},
	{"skb_verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT},
};

/* What is attached lies in the map and ends with it, or with this. */
struct attachment {
	int prog_fd, map_fd; /* the handle's */
	enum bpf_attach_type type;
};

static const struct hooks hooks = {
	.at = list,
	.count = sizeof(list) / sizeof(*list),
	.unknown = "its last word is none of msg_verdict, stream_parser, "
		   "stream_verdict, skb_verdict",
	.no_object = "the table is missing",
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

/* The kernel would put the one in the place of the other. */
static int check_free(struct hotprobe_link *link)
{
	const struct hotprobe *hp = link->program->hp;

	for (size_t i = 0; i < hp->links.count; i++) {
		const struct hotprobe_link *other = hp->links.at[i];

		if (other != link && other->own && !strcmp(other->target_text, link->target_text))
			return link_fail(link, -EBUSY, "a table takes one program for each hook",
					 "cannot attach %s to %s: %s is there already",
					 link->program->name, link->target_text,
					 other->program->name);
	}
	return 0;
}

static int find_map(struct hotprobe_link *link, int *fd)
{
	const struct hotprobe_table *table =
		hotprobe_find_table(link->program->hp, link->target.group);

	if (!table)
		return link_fail(link, -ENOENT, "give the name of a table that the source declares",
				 "cannot attach %s: the program has no table %s",
				 link->program->name, link->target.group);
	if (table->map_type != BPF_MAP_TYPE_SOCKMAP && table->map_type != BPF_MAP_TYPE_SOCKHASH)
		return link_fail(link, -EINVAL, "declare it with BPF_SOCKMAP or BPF_SOCKHASH",
				 "cannot attach %s to %s: table %s holds no sockets",
				 link->program->name, link->target_text, table->name);
	*fd = table->fd;
	return 0;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	struct attachment a = {.prog_fd = prog_fd, .type = link->plan.expected_attach_type};
	struct attachment *own;
	int err = find_map(link, &a.map_fd);

	if (!err)
		err = check_free(link);
	if (err)
		return err;
	own = malloc(sizeof(*own));
	if (!own)
		return fail(link->program->hp, -ENOMEM, "out of memory");
	*own = a;
	err = bpf_prog_attach(a.prog_fd, a.map_fd, a.type, 0) ? -errno : 0;
	if (err) {
		free(own);
		return link_fail_errno(link, err);
	}
	link->own = own;
	return link_attached_to(link, "%s of table %s", link->target.name, link->target.group);
}

static void detach(struct hotprobe_link *link)
{
	const struct attachment *own = link->own;

	if (own)
		bpf_prog_detach2(own->prog_fd, own->map_fd, own->type);
}

const struct provider provider_sockmap = {
	.word = "sockmap",
	.form = "TABLE:HOOK",
	.parse = parse,
	.plan = plan,
	.attach = attach,
	.detach = detach,
};
