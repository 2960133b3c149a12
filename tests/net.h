/* SPDX-License-Identifier: Apache-2.0 */
/* Networks and cgroups of a test's own. Check runs each test in a process of its own, so they go
   with the test. */
#ifndef HOTPROBE_TESTS_NET_H
#define HOTPROBE_TESTS_NET_H

#include "support.h"

enum {
	NET_PROTOCOL = 0x88b5, /* for local experiments: nobody speaks it */
	NET_FRAME = 64,	       /* bytes */
};

/* Runs ip(8). */
bool try_ip(const char *arguments);
void ip(const char *arguments);

/* A network namespace with a pair of interfaces, hpa and hpb, on which nothing is sent by itself.
   Returns why there can be none, or NULL. */
const char *enter_net(void);
/* NULL, or why tc is not to be had there: only modules have what it takes, and they cannot be
 * loaded. */
const char *no_tc(void);
/* Sends that many frames of NET_PROTOCOL out of an interface. */
void send_frames(const char *from, int count);

struct cgroup {
	char *mount, *path;
};

/* A cgroup of version 2, in a mount of its own; false if this kernel has none. */
bool make_cgroup(struct cgroup *cgroup);
void remove_cgroup(struct cgroup *cgroup);
/* Runs work in a child that is in the cgroup; returns what it returned. */
int in_cgroup(const struct cgroup *cgroup, int (*work)(void));

#endif
