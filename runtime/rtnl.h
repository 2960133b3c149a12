/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink: network interfaces, and programs attached to them the way kernels without BPF links
 * for that have it. What is attached so stays when the process ends.
 */
#ifndef HOTPROBE_RTNL_H
#define HOTPROBE_RTNL_H

#include <stdbool.h>
#include <stdint.h>

/* Sets the XDP program of an interface, fd -1 removes it; flags are XDP_FLAGS_. With
   XDP_FLAGS_REPLACE only if the present one is that of old_fd. Returns 0 or a negative errno. */
int rtnl_set_xdp(int ifindex, int fd, int old_fd, uint32_t flags);

/* A direct-action classifier below a clsact qdisc. */
struct rtnl_filter {
	int ifindex;
	bool is_egress;
	uint16_t priority; /* chosen by the kernel */
	uint32_t handle;   /* the same */
};

/* The qdisc that filters hang on. Returns 0, -EEXIST if there is one, or another negative errno. */
int rtnl_add_clsact(int ifindex);
/* Removes it if no filter is left. */
int rtnl_remove_clsact(int ifindex);
/* filter has ifindex and is_egress set, and gets the rest. */
int rtnl_add_filter(struct rtnl_filter *filter, int prog_fd, const char *name);
int rtnl_remove_filter(const struct rtnl_filter *filter);

#endif
