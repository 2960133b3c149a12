/* SPDX-License-Identifier: Apache-2.0 */
#include "rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	REQUEST_MAX = 512,
	ANSWER_MAX = 32 * 1024,
};

struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct tcmsg tc;
	};
	char attributes[REQUEST_MAX];
};

/* What an answer is about: one message, 0 to go on. */
typedef int (*answer_fn)(void *ctx, const struct nlmsghdr *message);

/* ---- Requests
 * ------------------------------------------------------------------------------------ */

/* Attributes here are few and small: they always fit. */
static struct nlattr *add(struct request *r, uint16_t type, const void *data, size_t size)
{
	char *end = (char *)r + NLMSG_ALIGN(r->header.nlmsg_len);
	struct nlattr *attribute = (struct nlattr *)end;

	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + size);
	memcpy(end + NLA_HDRLEN, data, size);
	r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + NLA_ALIGN(attribute->nla_len);
	return attribute;
}

static void add_u32(struct request *r, uint16_t type, uint32_t value)
{
	add(r, type, &value, sizeof(value));
}

static struct nlattr *begin_nest(struct request *r, uint16_t type)
{
	return add(r, type | NLA_F_NESTED, "", 0);
}

static void end_nest(struct request *r, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)((char *)r + r->header.nlmsg_len - (char *)nest);
}

static int refusal(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	return error->error;
}

/* Reads until the answer is complete. */
static int receive(int fd, answer_fn answer, void *ctx)
{
	char buf[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		ssize_t got = recv(fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *message = (const void *)buf;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (size_t left = (size_t)got; NLMSG_OK(message, left);
		     message = NLMSG_NEXT(message, left)) {
			int err = 0;

			if (message->nlmsg_type == NLMSG_DONE)
				return 0;
			if (message->nlmsg_type == NLMSG_ERROR)
				return refusal(message);
			if (answer)
				err = answer(ctx, message);
			if (err)
				return err;
		}
	}
}

static int talk(struct request *r, answer_fn answer, void *ctx)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, r, r->header.nlmsg_len, 0) < 0)
		err = -errno;
	else
		err = receive(fd, answer, ctx);
	close(fd);
	return err;
}

static struct request make(uint16_t type, uint16_t flags, size_t size)
{
	return (struct request){.header = {
					.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
					.nlmsg_type = type,
					.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				}};
}

static struct request make_tc(uint16_t type, uint16_t flags, int ifindex)
{
	struct request r = make(type, flags, sizeof(r.tc));

	r.tc.tcm_family = AF_UNSPEC;
	r.tc.tcm_ifindex = ifindex;
	return r;
}

/* ---- XDP
 * ----------------------------------------------------------------------------------------- */

int rtnl_set_xdp(int ifindex, int fd, int old_fd, uint32_t flags)
{
	struct request r = make(RTM_SETLINK, NLM_F_ACK, sizeof(r.link));
	struct nlattr *nest;

	r.link.ifi_family = AF_UNSPEC;
	r.link.ifi_index = ifindex;
	nest = begin_nest(&r, IFLA_XDP);
	add_u32(&r, IFLA_XDP_FD, (uint32_t)fd);
	add_u32(&r, IFLA_XDP_FLAGS, flags);
	if (flags & XDP_FLAGS_REPLACE)
		add_u32(&r, IFLA_XDP_EXPECTED_FD, (uint32_t)old_fd);
	end_nest(&r, nest);
	return talk(&r, NULL, NULL);
}

/* ---- tc
 * ------------------------------------------------------------------------------------------ */

static const char clsact[] = "clsact", bpf[] = "bpf";

static uint32_t parent_of(bool is_egress)
{
	return TC_H_MAKE(TC_H_CLSACT, is_egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

int rtnl_add_clsact(int ifindex)
{
	struct request r = make_tc(RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifindex);

	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	add(&r, TCA_KIND, clsact, sizeof(clsact));
	return talk(&r, NULL, NULL);
}

static int see_filter(void *found, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == RTM_NEWTFILTER)
		*(bool *)found = true;
	return 0;
}

static int has_filters(int ifindex, bool is_egress, bool *found)
{
	struct request r = make_tc(RTM_GETTFILTER, NLM_F_DUMP, ifindex);

	r.tc.tcm_parent = parent_of(is_egress);
	return talk(&r, see_filter, found);
}

int rtnl_remove_clsact(int ifindex)
{
	struct request r = make_tc(RTM_DELQDISC, NLM_F_ACK, ifindex);
	bool found = false;
	int err = has_filters(ifindex, false, &found);

	if (!err)
		err = has_filters(ifindex, true, &found);
	if (err || found)
		return err;
	r.tc.tcm_parent = TC_H_CLSACT;
	r.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	add(&r, TCA_KIND, clsact, sizeof(clsact));
	return talk(&r, NULL, NULL);
}

/* The kernel echoes what it has made. */
static int see_made(void *ctx, const struct nlmsghdr *message)
{
	const struct tcmsg *tc = NLMSG_DATA(message);
	struct rtnl_filter *filter = ctx;

	if (message->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	filter->handle = tc->tcm_handle;
	filter->priority = (uint16_t)(TC_H_MAJ(tc->tcm_info) >> 16);
	return 0;
}

int rtnl_add_filter(struct rtnl_filter *filter, int prog_fd, const char *name)
{
	struct request r =
		make_tc(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_ECHO | NLM_F_CREATE | NLM_F_EXCL,
			filter->ifindex);
	struct nlattr *nest;
	int err;

	r.tc.tcm_parent = parent_of(filter->is_egress);
	r.tc.tcm_info = TC_H_MAKE(0, htons(ETH_P_ALL));
	add(&r, TCA_KIND, bpf, sizeof(bpf));
	nest = begin_nest(&r, TCA_OPTIONS);
	add_u32(&r, TCA_BPF_FD, (uint32_t)prog_fd);
	add(&r, TCA_BPF_NAME, name, strlen(name) + 1);
	add_u32(&r, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	end_nest(&r, nest);
	err = talk(&r, see_made, filter);
	return err ? err : filter->handle ? 0 : -ENOENT;
}

int rtnl_remove_filter(const struct rtnl_filter *filter)
{
	struct request r = make_tc(RTM_DELTFILTER, NLM_F_ACK, filter->ifindex);

	r.tc.tcm_parent = parent_of(filter->is_egress);
	r.tc.tcm_handle = filter->handle;
	r.tc.tcm_info = TC_H_MAKE((uint32_t)filter->priority << 16, htons(ETH_P_ALL));
	add(&r, TCA_KIND, bpf, sizeof(bpf));
	return talk(&r, NULL, NULL);
}
