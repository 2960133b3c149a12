/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket:IFACE: a raw packet socket whose filter the program is, as with BCC's attach_raw_socket();
 * "socket:" without a name takes the packets of all interfaces. The program returns how many bytes
 * of a packet the socket gets; hotprobe_link_fd() is the socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netif.h"
#include "provider.h"
#include "target.h"

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	(void)from_name;
	(void)why;
	return target_set(target, NULL, rest);
}

/* Without a protocol it receives nothing, so that no packet comes in unfiltered. */
static int open_filtered(int prog_fd)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	const char *name = link->target.name;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	int fd, err;

	address.sll_ifindex = *name ? netif_index(link, name) : 0;
	if (address.sll_ifindex < 0)
		return address.sll_ifindex;
	fd = open_filtered(prog_fd);
	if (fd < 0)
		return link_fail_errno(link, fd);
	err = link_hold(link, fd);
	if (err)
		return err;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return link_fail_errno(link, -errno);
	return link_attached_to(link, "packet socket on %s", *name ? name : "all interfaces");
}

static int list_interfaces(struct list *list)
{
	return netif_list(list, "");
}

const struct provider provider_socket = {
	.word = "socket",
	.form = "IFACE",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_SOCKET_FILTER},
	.attach = attach,
	.list = list_interfaces,
};
