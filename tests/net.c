/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool try_ip(const char *arguments)
{
	char *command = format("ip %s", arguments);
	struct result result = RUN("sh", "-c", command);
	bool done = !result.status;

	free(command);
	result_free(&result);
	return done;
}

void ip(const char *arguments)
{
	ck_assert_msg(try_ip(arguments), "ip %s", arguments);
}

const char *enter_net(void)
{
	const char *missing = no_bpf();
	int fd;

	if (missing)
		return missing;
	if (unshare(CLONE_NEWNET))
		return "no network namespace can be made here";
	/* No frames of the kernel's own. */
	fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		ck_assert_int_eq(write(fd, "1", 1), 1);
		close(fd);
	}
	if (!try_ip("link set lo up"))
		return "there is no ip command (iproute2)";
	if (!try_ip("link add hpa type veth peer name hpb"))
		return "this kernel has no veth devices (CONFIG_VETH)";
	ip("link set hpa up");
	ip("link set hpb up");
	return NULL;
}

void send_frames(const char *from, int count)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(NET_PROTOCOL),
		.sll_ifindex = (int)if_nametoindex(from),
		.sll_halen = ETH_ALEN,
	};
	struct ethhdr *header;
	char frame[NET_FRAME] = "";
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	header = (struct ethhdr *)frame;
	memset(header->h_dest, 0xff, ETH_ALEN);
	header->h_proto = htons(NET_PROTOCOL);
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(sendto(fd, frame, sizeof(frame), 0, (void *)&to, sizeof(to)),
				 NET_FRAME);
	close(fd);
}

const char *no_tc(void)
{
	struct result made = RUN("tc", "qdisc", "add", "dev", "hpb", "clsact");
	struct result removed = RUN("tc", "qdisc", "del", "dev", "hpb", "clsact");
	bool has = !made.status && !removed.status;

	result_free(&made);
	result_free(&removed);
	return has ? NULL : "this kernel has no clsact qdisc (CONFIG_NET_SCH_INGRESS)";
}

bool make_cgroup(struct cgroup *cgroup)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cgroup->mount = make_dir();
	if (mount("none", cgroup->mount, "cgroup2", 0, NULL)) {
		remove_dir(cgroup->mount);
		return false;
	}
	cgroup->path = format("%s/hotprobe-test-%d", cgroup->mount, (int)getpid());
	ck_assert_int_eq(mkdir(cgroup->path, 0700), 0);
	return true;
}

void remove_cgroup(struct cgroup *cgroup)
{
	/* A process that has just ended may still be counted. */
	for (int i = 0; i < 100 && rmdir(cgroup->path) && errno == EBUSY; i++)
		usleep(10000);
	ck_assert_int_eq(access(cgroup->path, F_OK), -1);
	ck_assert_int_eq(umount2(cgroup->mount, MNT_DETACH), 0);
	free(cgroup->path);
	remove_dir(cgroup->mount);
}

int in_cgroup(const struct cgroup *cgroup, int (*work)(void))
{
	char *procs = format("%s/cgroup.procs", cgroup->path);
	pid_t pid = fork();
	int status;

	if (!pid) {
		int fd = open(procs, O_WRONLY | O_CLOEXEC);

		_exit(fd < 0 || write(fd, "0", 1) != 1 ? 99 : work());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_ne(WEXITSTATUS(status), 99);
	free(procs);
	return WEXITSTATUS(status);
}
