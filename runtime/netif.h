/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces as targets of probes. */
#ifndef HOTPROBE_NETIF_H
#define HOTPROBE_NETIF_H

#include "list.h"

/* The index of the interface of that name in the caller's network namespace, or -ENODEV with
   message and diagnostic set. */
int netif_index(struct hotprobe_link *link, const char *name);

/* Adds the names of all of them that match, with what targets have behind it. Returns 0 or -ENOMEM.
 */
int netif_list(struct list *list, const char *suffix);

#endif
