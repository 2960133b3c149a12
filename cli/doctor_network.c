/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets: of the loopback interface of a network namespace that only this process is in, of its
 * own sockets, and a cgroup that no process is in. Where a module would have to be loaded, and
 * would stay, programs are loaded but not attached.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_config.h"
#include "doctor_files.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

enum { LOOPBACK = 1 }; /* its number in every namespace */

/* From here on the process stays there: nothing that follows needs another network. */
static int enter_own_net(struct doctor *doctor, struct finding *finding)
{
	int err;

	if (doctor->own_net)
		return 0;
	err = unshare(CLONE_NEWNET) ? -errno : 0;
	doctor->own_net = !err;
	return finding_tried(finding, err, "make a network namespace");
}

static int set_up(struct finding *finding)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return finding_tried(finding, err, "set its interface up");
}

/* The packet is received once the programs have let it through. */
static void send_packet(const struct trial *trial)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)trial;
	if (fd < 0)
		return;
	if (!bind(fd, (void *)&address, size) && !getsockname(fd, (void *)&address, &size) &&
	    sendto(fd, "", 1, 0, (void *)&address, size) == 1)
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 500);
	close(fd);
}

/* It could be loaded; there is no place of one's own to attach it to. */
static void only_loaded(struct finding *finding, const char *works, const char *why)
{
	finding_is(finding, MARK_OK, "%s; loaded, but not attached here: %s", works, why);
}

/* ---- XDP ----------------------------------------------------------------------------------
 */

#define NET_CAPABILITIES (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_NET_ADMIN))
static const char no_namespace[] = "no network namespace can be made to try it in";

void check_xdp(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_XDP, .result = XDP_PASS, .unfiltered = true};
	static const struct trial_words words = {
		.works = "xdp:IFACE",
		.fails = "no xdp:IFACE",
		.remedy = "use a kernel with CONFIG_NET and BPF links for XDP (Linux 5.9)",
	};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);
	bool sends;

	if (!err && enter_own_net(doctor, finding)) {
		only_loaded(finding, words.works, no_namespace);
	} else {
		if (!err)
			err = trial_attached(
				&trial, bpf_link_create(trial.prog_fd, LOOPBACK, BPF_XDP, &opts),
				"attach it to its loopback interface");
		sends = !err && !set_up(finding);
		trial_conclude(&trial, err, NET_CAPABILITIES, sends ? send_packet : NULL, &words);
	}
	trial_free(&trial);
}

/* ---- Traffic control ----------------------------------------------------------------------
 */

enum { TCX_INGRESS = 46 }; /* enum bpf_attach_type of Linux 6.6 */

static const struct trial_words tc_words = {
	.works = "tc:IFACE:ingress and egress",
	.fails = "no tc:IFACE:ingress and egress",
	.remedy = "use Linux 6.6 or later, or a kernel with CONFIG_NET_SCH_INGRESS and "
		  "CONFIG_NET_CLS_BPF",
};

static void conclude_tc(const struct trial *trial, int err)
{
	bool sends = !err && !set_up(trial->finding);

	trial_conclude(trial, err, NET_CAPABILITIES, sends ? send_packet : NULL, &tc_words);
}

/* As before tcx links. */
static void try_clsact(const struct trial *trial)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = LOOPBACK, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = trial->prog_fd);
	int err = bpf_tc_hook_create(&hook);

	finding_tried(trial->finding, err, "give the interface a clsact qdisc");
	if (!err)
		err = finding_tried(trial->finding, bpf_tc_attach(&hook, &opts), "attach it");
	conclude_tc(trial, err);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	bpf_tc_hook_destroy(&hook);
}

static void try_tc(struct trial *trial)
{
	int err = trial_attached(
		trial,
		bpf_link_create(trial->prog_fd, LOOPBACK, (enum bpf_attach_type)TCX_INGRESS, NULL),
		"attach it to its loopback interface by tcx");

	if (err != -EINVAL && err != -EOPNOTSUPP)
		conclude_tc(trial, err);
	else if (config_would_load("NET_SCH_INGRESS", "sch_ingress") ||
		 config_would_load("NET_CLS_BPF", "cls_bpf"))
		only_loaded(trial->finding, tc_words.works,
			    "the kernel loads its modules sch_ingress and cls_bpf when it is used");
	else
		try_clsact(trial);
}

void check_tc(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {
		.type = BPF_PROG_TYPE_SCHED_CLS, .result = -1, .unfiltered = true};
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);

	if (err)
		conclude_tc(&trial, err);
	else if (enter_own_net(doctor, finding))
		only_loaded(finding, tc_words.works, no_namespace);
	else
		try_tc(&trial);
	trial_free(&trial);
}

/* ---- Sockets ------------------------------------------------------------------------------
 */

/* Lets one of a pair of sockets, and then a packet socket that receives nothing, have the filter.
 */
static int try_filter(struct trial *trial)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return finding_tried(trial->finding, -errno, "make a pair of sockets");
	err = setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_BPF, &trial->prog_fd,
			 sizeof(trial->prog_fd))
		      ? -errno
		      : 0;
	finding_tried(trial->finding, err, "attach it to a socket");
	if (!err && send(pair[0], "", 1, MSG_DONTWAIT) < 0 && errno != EPERM)
		err = finding_tried(trial->finding, -errno, "send to it");
	close(pair[0]);
	close(pair[1]);
	return err;
}

static void already_sent(const struct trial *trial)
{
	(void)trial;
}

static void try_packet_socket(const struct doctor *doctor, struct finding *finding)
{
	int fd, err;

	if (config_would_load("PACKET", "af_packet")) {
		only_loaded(finding, "socket:IFACE",
			    "the kernel loads its module af_packet when it is used");
		return;
	}
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	err = finding_tried(finding, fd < 0 ? -errno : 0, "open a packet socket");
	if (err)
		finding_refused(doctor, finding, err, CAPABILITY(CAP_NET_RAW),
				"no socket:IFACE: there are no packet sockets",
				"use a kernel with CONFIG_PACKET");
	if (fd >= 0)
		close(fd);
}

void check_socket_filter(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {.type = BPF_PROG_TYPE_SOCKET_FILTER,
					       .unfiltered = true};
	static const struct trial_words words = {
		.works = "socket:IFACE",
		.fails = "no socket:IFACE",
		.remedy = "use a kernel with CONFIG_BPF_SYSCALL",
	};
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);

	if (!err)
		err = try_filter(&trial);
	trial_conclude(&trial, err, CAPABILITY(CAP_BPF), already_sent, &words);
	if (finding->mark == MARK_OK)
		try_packet_socket(doctor, finding);
	trial_free(&trial);
}

/* ---- cgroups ------------------------------------------------------------------------------
 */

static int attach_to_cgroup(int prog_fd, int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), link_fd;

	if (fd < 0)
		return -errno;
	link_fd = bpf_link_create(prog_fd, fd, BPF_CGROUP_INET_EGRESS, NULL);
	if (link_fd >= 0)
		close(link_fd);
	close(fd);
	return link_fd < 0 ? link_fd : 0;
}

/* A new one, which is gone again whatever signal comes, whatever becomes of the parent. */
static int try_cgroup(void *arg)
{
	const struct trial *trial = arg;
	int dir_fd = open_file_system(&file_system_cgroup2, NULL), err;
	char name[64];
	sigset_t all;

	if (dir_fd < 0)
		return dir_fd;
	snprintf(name, sizeof(name), "hotprobe-doctor-%d", (int)getpid());
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (mkdirat(dir_fd, name, 0700))
		return -errno;
	err = attach_to_cgroup(trial->prog_fd, dir_fd, name);
	unlinkat(dir_fd, name, AT_REMOVEDIR);
	return err;
}

void check_cgroup(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_kind kind = {.type = BPF_PROG_TYPE_CGROUP_SKB,
					       .attach_type = BPF_CGROUP_INET_EGRESS,
					       .result = 1,
					       .unfiltered = true};
	static const struct trial_words words = {
		.works = "cgroup:PATH:HOOK",
		.fails = "no cgroup:PATH:HOOK",
		.remedy = "use a kernel with CONFIG_CGROUP_BPF, and mount -t cgroup2 cgroup2 "
			  "/sys/fs/cgroup",
	};
	struct trial trial = TRIAL(doctor, finding);
	int err = trial_load(&trial, &kind);
	bool is_loaded = !err;

	if (is_loaded)
		err = finding_tried(finding, in_child(try_cgroup, &trial),
				    "attach it to a new cgroup");
	if (is_loaded && err == -EACCES)
		only_loaded(finding, words.works, "this user may make no cgroup");
	else
		trial_conclude(&trial, err, NET_CAPABILITIES, NULL, &words);
	trial_free(&trial);
}
