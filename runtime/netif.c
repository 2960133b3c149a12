/* SPDX-License-Identifier: Apache-2.0 */
#include "netif.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "provider.h"

int netif_index(struct hotprobe_link *link, const char *name)
{
	unsigned index = if_nametoindex(name);

	if (index)
		return (int)index;
	return link_fail(
		link, -ENODEV, "`ip link` shows those that there are in this network namespace",
		"cannot attach %s: there is no network interface %s", link->program->name, name);
}

int netif_list(struct list *list, const char *suffix)
{
	struct if_nameindex *all = if_nameindex();
	int err = 0;

	for (struct if_nameindex *one = all; one && one->if_index && !err; one++) {
		char target[IF_NAMESIZE + 16];

		snprintf(target, sizeof(target), "%s%s", one->if_name, suffix);
		err = list_offer(list, target);
	}
	if (all)
		if_freenameindex(all);
	return err;
}
