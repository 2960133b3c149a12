/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of the network: XDP, tc, packet sockets, cgroups. Each test has a network namespace of
 * its own with a pair of interfaces, hpa and hpb, and sends a known number of frames of a
 * protocol nobody speaks from the one to the other.
 */
#include "net.h"
#include "support.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FRAMES = 1000,
};

/* ---- A kernel without BPF links ---------------------------------------------------------------
 */

static bool no_links;

/* The library's calls end up here. */
int bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type type,
		    const struct bpf_link_create_opts *opts)
{
	union bpf_attr attr = {0};
	long fd;

	if (no_links) {
		errno = EINVAL;
		return -EINVAL;
	}
	attr.link_create.prog_fd = (uint32_t)prog_fd;
	attr.link_create.target_fd = (uint32_t)target_fd;
	attr.link_create.attach_type = type;
	attr.link_create.flags = opts ? opts->flags : 0;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}

/* ---- The programs
 * ---------------------------------------------------------------------------------- */

#define PROGRAM(function, context, pass, also)                                                     \
	"#include <linux/pkt_cls.h>\n"                                                             \
	"BPF_ARRAY(frames, u64, 1);\n"                                                             \
	"int " function "(struct " context " *ctx)\n"                                              \
	"{\n"                                                                                      \
	"	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;\n"             \
	"	struct ethhdr *eth = data;\n"                                                            \
	"	if (data + sizeof(*eth) > end || eth->h_proto != htons(0x88b5))\n"                       \
	"		return " pass ";\n"                                                        \
	"	frames.atomic_increment(0);\n" also "	return " pass ";\n"                        \
	"}\n"

static const char xdp[] = PROGRAM("see", "xdp_md", "XDP_PASS", "");
static const char tc[] = PROGRAM("see", "__sk_buff", "TC_ACT_UNSPEC", "");
static const char packets[] = "BPF_ARRAY(frames, u64, 1);\n"
			      "int see(struct __sk_buff *skb)\n"
			      "{\n"
			      "	if (skb->protocol != htons(0x88b5))\n"
			      "		return 0;\n"
			      "	frames.atomic_increment(0);\n"
			      "	return 20;\n"
			      "}\n";

static uint64_t frames_of(struct hotprobe *hp)
{
	struct hotprobe_table *table = hotprobe_find_table(hp, "frames");
	uint64_t count = 0;
	int key = 0;

	ck_hp(hp, hotprobe_table_lookup(table, &key, &count));
	return count;
}

static struct hotprobe *load_text(const char *text)
{
	struct hotprobe *hp = new_handle(NULL);

	open_text(hp, text);
	load_program(hp);
	return hp;
}

static struct hotprobe *attach_text(const char *text, const char *spec, struct hotprobe_link **link)
{
	struct hotprobe *hp = load_text(text);

	ck_hp(hp, hotprobe_attach_spec(hp, "see", spec, link));
	ck_assert_str_eq(hotprobe_link_target(*link), spec);
	return hp;
}

/* All frames are seen while it is attached, none after. */
static void check_counts(const char *text, const char *spec, const char *from,
			 const char *attached_to)
{
	size_t fds = count_fds();
	struct hotprobe_link *link;
	struct hotprobe *hp = attach_text(text, spec, &link);

	ck_assert_str_eq(hotprobe_link_attached_to(link), attached_to);
	send_frames(from, FRAMES);
	ck_assert_uint_eq(frames_of(hp), FRAMES);
	hotprobe_link_detach(link);
	send_frames(from, 10);
	ck_assert_uint_eq(frames_of(hp), FRAMES);
	hotprobe_free(hp);
	ck_assert_uint_eq(count_fds(), fds);
}

/* ---- Counts
 * --------------------------------------------------------------------------------------- */

START_TEST(xdp_sees_every_frame)
{
	NEED(enter_net());
	check_counts(xdp, "xdp:hpa", "hpb", "XDP of hpa");
}
END_TEST

START_TEST(xdp_works_on_a_kernel_without_links)
{
	NEED(enter_net());
	no_links = true;
	check_counts(xdp, "xdp:hpa", "hpb", "XDP of hpa");
}
END_TEST

/* The loopback interface has no XDP of its own. */
START_TEST(xdp_falls_back_to_generic_mode)
{
	struct hotprobe_link *link;
	struct hotprobe *hp;

	NEED(enter_net());
	hp = attach_text(xdp, "xdp:lo", &link);
	send_frames("lo", FRAMES);
	ck_assert_uint_eq(frames_of(hp), FRAMES);
	hotprobe_free(hp);
}
END_TEST

static bool has_tcx(void)
{
	struct hotprobe_link *link;
	struct hotprobe *hp = attach_text(tc, "tc:lo:ingress", &link);
	bool has = !strncmp(hotprobe_link_attached_to(link), "tcx", 3);

	hotprobe_free(hp);
	return has;
}

START_TEST(tc_sees_every_frame_that_comes_in)
{
	NEED(enter_net());
	NEED(no_tc());
	check_counts(tc, "tc:hpa:ingress", "hpb",
		     has_tcx() ? "tcx ingress of hpa" : "clsact ingress of hpa");
}
END_TEST

START_TEST(tc_sees_every_frame_that_goes_out)
{
	NEED(enter_net());
	NEED(no_tc());
	check_counts(tc, "tc:hpb:egress", "hpb",
		     has_tcx() ? "tcx egress of hpb" : "clsact egress of hpb");
}
END_TEST

static void check_no_qdisc(void)
{
	struct result result = RUN("tc", "qdisc", "show", "dev", "hpa");

	ck_assert_ptr_null(strstr(result.out, "clsact"));
	result_free(&result);
}

START_TEST(tc_works_on_a_kernel_without_links)
{
	NEED(enter_net());
	NEED(no_tc());
	no_links = true;
	check_counts(tc, "tc:hpa:ingress", "hpb", "clsact ingress of hpa");
	check_counts(tc, "tc:hpa:egress", "hpa", "clsact egress of hpa");
	check_no_qdisc();
}
END_TEST

START_TEST(tc_removes_the_qdisc_it_made_with_the_last_filter)
{
	struct hotprobe_link *in, *out;
	struct hotprobe *hp;

	NEED(enter_net());
	NEED(no_tc());
	no_links = true;
	hp = attach_text(tc, "tc:hpa:ingress", &in);
	ck_hp(hp, hotprobe_attach_spec(hp, "see", "tc:hpa:egress", &out));
	hotprobe_link_detach(in);
	send_frames("hpa", FRAMES);
	ck_assert_uint_eq(frames_of(hp), FRAMES);
	hotprobe_link_detach(out);
	check_no_qdisc();
	hotprobe_free(hp);
}
END_TEST

START_TEST(tc_leaves_what_others_made)
{
	struct hotprobe_link *link;
	struct hotprobe *hp;
	struct result result;

	NEED(enter_net());
	NEED(no_tc());
	no_links = true;
	result = RUN("tc", "qdisc", "add", "dev", "hpa", "clsact");
	if (result.status)
		SKIP("tc cannot add a clsact qdisc: %s", result.err);
	result_free(&result);
	hp = attach_text(tc, "tc:hpa:ingress", &link);
	hotprobe_free(hp);
	result = RUN("tc", "qdisc", "show", "dev", "hpa");
	ck_assert_ptr_nonnull(strstr(result.out, "clsact"));
	result_free(&result);
}
END_TEST

START_TEST(a_packet_socket_gets_what_its_filter_lets_through)
{
	struct hotprobe_link *link;
	struct hotprobe *hp;
	char frame[NET_FRAME + 1];
	int count = 0, fd;

	NEED(enter_net());
	hp = attach_text(packets, "socket:hpa", &link);
	fd = hotprobe_link_fd(link);
	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < 10; i++) {
		send_frames("hpb", FRAMES / 10);
		for (ssize_t got; (got = recv(fd, frame, sizeof(frame), 0)) >= 0; count++)
			ck_assert_int_eq(got, 20); /* as the program returned */
	}
	ck_assert_int_eq(count, FRAMES);
	ck_assert_uint_eq(frames_of(hp), FRAMES);
	hotprobe_free(hp);
	hp = attach_text(packets, "socket:", &link);
	send_frames("hpb", 10);
	ck_assert_uint_eq(frames_of(hp), 20); /* once on each interface */
	ck_assert_str_eq(hotprobe_link_attached_to(link), "packet socket on all interfaces");
	hotprobe_free(hp);
}
END_TEST

/* ---- The end of interfaces and processes
 * ---------------------------------------------------------- */

static void attach_and_lose(const char *text, const char *spec)
{
	size_t fds = count_fds();
	struct hotprobe_link *link;
	struct hotprobe *hp = attach_text(text, spec, &link);

	ip("link del hpa");
	ck_assert_uint_eq(frames_of(hp), 0);
	ck_assert_int_ge(hotprobe_consume(hp), 0);
	hotprobe_detach(hp);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "see", spec, &link), -ENODEV);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "hpa"));
	hotprobe_free(hp);
	ck_assert_uint_eq(count_fds(), fds);
	ip("link add hpa type veth peer name hpb");
}

START_TEST(an_interface_may_vanish)
{
	static const char *const specs[] = {"tc:hpa:ingress", "tc:hpa:egress"};

	NEED(enter_net());
	NEED(no_tc());
	for (int i = 0; i < 2; i++) {
		no_links = i;
		attach_and_lose(xdp, "xdp:hpa");
		for (size_t j = 0; j < COUNT(specs); j++)
			attach_and_lose(tc, specs[j]);
	}
	attach_and_lose(packets, "socket:hpa");
}
END_TEST

START_TEST(a_killed_process_leaves_nothing_attached)
{
	struct result result;
	int ready[2];
	pid_t pid;
	char c;

	NEED(enter_net());
	NEED(no_tc());
	if (!has_tcx())
		SKIP("this kernel has no tcx links (Linux 6.6)");
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		struct hotprobe_link *link;

		attach_text(xdp, "xdp:hpa", &link);
		attach_text(tc, "tc:hpa:ingress", &link);
		attach_text(packets, "socket:hpa", &link);
		_exit(write(ready[1], "x", 1) == 1 ? pause() : 1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	result = RUN("ip", "-d", "link", "show", "dev", "hpa");
	ck_assert_ptr_null(strstr(result.out, "prog/xdp"));
	result_free(&result);
	result = RUN("tc", "qdisc", "show", "dev", "hpa");
	ck_assert_ptr_null(strstr(result.out, "clsact"));
	result_free(&result);
}
END_TEST

/* ---- Bad targets
 * ---------------------------------------------------------------------------------- */

START_TEST(what_is_no_target_is_refused)
{
	static const struct {
		const char *spec;
		int err;
		const char *message;
	} bad[] = {
		{"xdp:", -EINVAL, "the interface is missing"},
		{"xdp:nosuch0", -ENODEV, "no network interface nosuch0"},
		{"tc:hpa", -EINVAL, ":ingress"},
		{"tc::ingress", -EINVAL, "the interface is missing"},
		{"tc:hpa:sideways", -EINVAL, ":ingress"},
		{"tc:nosuch0:ingress", -ENODEV, "no network interface nosuch0"},
		{"socket:nosuch0", -ENODEV, "no network interface nosuch0"},
		{"cgroup:/nonexistent:ingress", -ENOENT, "/nonexistent"},
		{"cgroup:/tmp:ingress", -EINVAL, "no cgroup"},
		{"cgroup:/tmp:upwards", -EINVAL, "sock_create"},
		{"cgroup::ingress", -EINVAL, "the path"},
	};
	struct hotprobe *hp;

	NEED(enter_net());
	hp = load_text("int see(struct __sk_buff *skb) { return 0; }\n"
		       "int see_xdp(struct xdp_md *ctx) { return XDP_PASS; }\n");
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *function = strncmp(bad[i].spec, "xdp", 3) ? "see" : "see_xdp";

		ck_assert_int_eq(hotprobe_attach_spec(hp, function, bad[i].spec, NULL), bad[i].err);
		ck_assert_msg(strstr(hotprobe_error(hp), bad[i].message), "%s: %s", bad[i].spec,
			      hotprobe_error(hp));
	}
	hotprobe_free(hp);
}
END_TEST

START_TEST(xdp_takes_one_program)
{
	struct hotprobe_link *link;
	struct hotprobe *first, *second;

	NEED(enter_net());
	for (int i = 0; i < 2; i++) {
		no_links = i;
		first = attach_text(xdp, "xdp:hpa", &link);
		second = load_text(xdp);
		ck_assert_int_eq(hotprobe_attach_spec(second, "see", "xdp:hpa", &link), -EBUSY);
		ck_assert_ptr_nonnull(strstr(hotprobe_error(second), "already"));
		hotprobe_free(second);
		send_frames("hpb", FRAMES);
		ck_assert_uint_eq(frames_of(first), FRAMES);
		hotprobe_free(first);
	}
}
END_TEST

/* ---- Cgroups
 * --------------------------------------------------------------------------------------- */

static const struct sockaddr_in here = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = 0x0100007f,
	.sin_port = 0x3930, /* 12345, big-endian */
};

static int send_datagrams(void)
{
	int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
	char c;

	if (bind(to, (const void *)&here, sizeof(here)))
		return 1;
	for (int i = 0; i < FRAMES; i++)
		if (sendto(from, "x", 1, 0, (const void *)&here, sizeof(here)) != 1 ||
		    recv(to, &c, 1, 0) != 1)
			return 2;
	return 0;
}

static int connect_often(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (int i = 0; i < 7; i++)
		if (connect(fd, (const void *)&here, sizeof(here)))
			return 1;
	return 0;
}

static int make_sockets(void)
{
	for (int i = 0; i < 9; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd < 0)
			return errno == EPERM ? 3 : 1;
		close(fd);
	}
	return 0;
}

static void check_cgroup(const struct cgroup *cgroup, const char *hook, const char *context,
			 const char *result, int (*work)(void), int status, uint64_t count)
{
	char *text = format("BPF_ARRAY(frames, u64, 1);\n"
			    "int see(struct %s *ctx) { frames.atomic_increment(0); return %s; }\n",
			    context, result);
	char *spec = format("cgroup:%s:%s", cgroup->path, hook);
	struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, text);
	ck_hp(hp, hotprobe_attach_spec(hp, "see", spec, NULL));
	ck_assert(hotprobe_program_unconfined(hotprobe_find_program(hp, "see")));
	load_program(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	ck_assert_int_eq(in_cgroup(cgroup, work), status);
	ck_assert_uint_eq(frames_of(hp), count);
	hotprobe_detach(hp);
	ck_assert_int_eq(in_cgroup(cgroup, work), 0);
	ck_assert_uint_eq(frames_of(hp), count);
	hotprobe_free(hp);
	free(spec);
	free(text);
}

START_TEST(cgroup_programs_see_what_their_cgroup_does)
{
	struct cgroup cgroup;

	NEED(enter_net());
	if (!make_cgroup(&cgroup))
		SKIP("this kernel mounts no cgroup2 file system");
	for (int i = 0; i < 2; i++) {
		no_links = i;
		check_cgroup(&cgroup, "egress", "__sk_buff", "1", send_datagrams, 0, FRAMES);
		check_cgroup(&cgroup, "ingress", "__sk_buff", "1", send_datagrams, 0, FRAMES);
		check_cgroup(&cgroup, "connect4", "bpf_sock_addr", "1", connect_often, 0, 7);
		check_cgroup(&cgroup, "sendmsg4", "bpf_sock_addr", "1", send_datagrams, 0, FRAMES);
		check_cgroup(&cgroup, "sock_create", "bpf_sock", "1", make_sockets, 0, 9);
		check_cgroup(&cgroup, "sock_create", "bpf_sock", "0", make_sockets, 3, 1);
	}
	remove_cgroup(&cgroup);
}
END_TEST

/* ---- From the command line
 * ------------------------------------------------------------------------ */

START_TEST(the_command_warns_that_it_cannot_confine_them)
{
	struct result result;
	char *dir, *file;

	NEED(enter_net());
	dir = make_dir();
	file = format("%s/xdp.c", dir);
	write_file(file, xdp, strlen(xdp));
	result = RUN(build_path("hotprobe"), "run", "--no-cache", file, "--attach", "xdp:hpa=see",
		     "--", "true");
	ck_assert_int_eq(result.status, 0);
	ck_assert_ptr_nonnull(strstr(result.err, "'see' sees the whole system"));
	result_free(&result);
	result = RUN(build_path("hotprobe"), "run", "--no-cache", file, "--attach",
		     "xdp:nosuch0=see", "--", "true");
	ck_assert_int_ne(result.status, 0);
	ck_assert_ptr_nonnull(strstr(result.err, "there is no network interface nosuch0"));
	result_free(&result);
	free(file);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net");

	add_test(suite, xdp_sees_every_frame, 30);
	add_test(suite, xdp_works_on_a_kernel_without_links, 30);
	add_test(suite, xdp_falls_back_to_generic_mode, 30);
	add_test(suite, tc_sees_every_frame_that_comes_in, 30);
	add_test(suite, tc_sees_every_frame_that_goes_out, 30);
	add_test(suite, tc_works_on_a_kernel_without_links, 30);
	add_test(suite, tc_removes_the_qdisc_it_made_with_the_last_filter, 30);
	add_test(suite, tc_leaves_what_others_made, 30);
	add_test(suite, a_packet_socket_gets_what_its_filter_lets_through, 30);
	add_test(suite, an_interface_may_vanish, 60);
	add_test(suite, a_killed_process_leaves_nothing_attached, 30);
	add_test(suite, what_is_no_target_is_refused, 30);
	add_test(suite, xdp_takes_one_program, 30);
	add_test(suite, cgroup_programs_see_what_their_cgroup_does, 60);
	add_test(suite, the_command_warns_that_it_cannot_confine_them, 30);
	return run_suite(suite);
}
