/* SPDX-License-Identifier: Apache-2.0 */
#include "netif.h"

#include <errno.h>
#include <net/if.h>

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
