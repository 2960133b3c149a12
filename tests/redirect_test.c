/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps that packets and messages are redirected through: to another interface, another CPU, a
 * socket of user space, another connection. All of it in a network namespace of the test's own, and
 * counted where it arrives.
 */
#include "calls.h"
#include "net.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAMES = 500 };

/* ---- Frames ---- */

static struct hotprobe *attach_text(const char *text, const char *function, const char *spec)
{
	struct hotprobe *hp = new_handle(NULL);

	open_text(hp, text);
	load_program(hp);
	ck_hp(hp, hotprobe_attach_spec(hp, function, spec, NULL));
	return hp;
}

/* Arrival is not at once: softirqs and threads have a part in it. Nothing more than wanted may
   come. */
static void wait_for_frames(struct hotprobe *counter, uint64_t wanted)
{
	for (int i = 0; i < 1000 && value_at(counter, "frames", 0) < wanted; i++)
		usleep(10000);
	ck_assert_uint_eq(value_at(counter, "frames", 0), wanted);
}

static const char count_xdp[] =
	"#include <linux/if_ether.h>\n"
	"BPF_ARRAY(frames, u64, 1);\n"
	"int count(struct xdp_md *ctx)\n"
	"{\n"
	"	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;\n"
	"	struct ethhdr *eth = data;\n"
	"	if (data + sizeof(*eth) <= end && eth->h_proto == htons(0x88b5))\n"
	"		frames.atomic_increment(0);\n"
	"	return XDP_DROP;\n"
	"}\n";

START_TEST(a_devmap_sends_frames_out_of_another_interface)
{
	struct hotprobe *hp, *counter;
	int key = 1, index, none = 0;

	NEED(enter_net());
	ip("link add hpc type veth peer name hpd");
	ip("link set hpc up");
	ip("link set hpd up");
	hp = attach_text("BPF_DEVMAP(devs, 4);\n"
			 "int redirect(struct xdp_md *ctx) { return devs.redirect_map(1, 0); }\n",
			 "redirect", "xdp:hpb");
	counter = attach_text(count_xdp, "count", "xdp:hpd");
	/* Without an entry they are dropped. */
	send_frames("hpa", 10);
	index = (int)if_nametoindex("hpc");
	ck_hp(hp, hotprobe_table_update(table_of(hp, "devs"), &key, &index, BPF_ANY));
	send_frames("hpa", FRAMES);
	wait_for_frames(counter, FRAMES);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "devs"), &key, &none));
	ck_assert_int_eq(none, index);
	/* An interface that vanishes leaves the map, and the rest works on. */
	ip("link del hpc");
	ck_assert_int_eq(hotprobe_table_lookup(table_of(hp, "devs"), &key, &none), -ENOENT);
	send_frames("hpa", 10);
	hotprobe_free(hp);
	hotprobe_free(counter);
}
END_TEST

START_TEST(a_cpumap_hands_frames_to_a_cpu)
{
	struct hotprobe *hp, *counter;
	int key = 0;
	uint32_t queue = 2048;

	NEED(enter_net());
	hp = attach_text("BPF_CPUMAP(cpus, 4);\n"
			 "int redirect(struct xdp_md *ctx) { return cpus.redirect_map(0, 0); }\n",
			 "redirect", "xdp:hpb");
	counter = attach_text("BPF_ARRAY(frames, u64, 1);\n"
			      "int see(struct __sk_buff *skb)\n"
			      "{\n"
			      "	if (skb->protocol == htons(0x88b5))\n"
			      "		frames.atomic_increment(0);\n"
			      "	return 0;\n"
			      "}\n",
			      "see", "socket:hpb");
	send_frames("hpa", 10);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "cpus"), &key, &queue, BPF_ANY));
	send_frames("hpa", FRAMES);
	wait_for_frames(counter, FRAMES);
	hotprobe_free(hp);
	hotprobe_free(counter);
}
END_TEST

/* ---- A socket of AF_XDP ---- */

enum { SLOTS = 1024, SLOT = 2048 };

struct xsk {
	int fd;
	char *frames; /* SLOTS of them */
	size_t fill_size, rx_size;
	char *fill, *rx;
	struct xdp_mmap_offsets offsets;
};

static char *map_ring(int fd, size_t size, off_t which)
{
	char *ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, which);

	ck_assert_ptr_ne(ring, MAP_FAILED);
	return ring;
}

static void xsk_open(struct xsk *x, const char *interface)
{
	struct xdp_umem_reg umem = {.len = SLOTS * SLOT, .chunk_size = SLOT};
	struct sockaddr_xdp address = {.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY};
	socklen_t length = sizeof(x->offsets);
	int slots = SLOTS;
	uint64_t *addresses;

	x->frames =
		mmap(NULL, umem.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(x->frames, MAP_FAILED);
	umem.addr = (uintptr_t)x->frames;
	ck_assert_int_eq(setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)), 0);
	ck_assert_int_eq(setsockopt(x->fd, SOL_XDP, XDP_UMEM_FILL_RING, &slots, sizeof(slots)), 0);
	ck_assert_int_eq(
		setsockopt(x->fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &slots, sizeof(slots)), 0);
	ck_assert_int_eq(setsockopt(x->fd, SOL_XDP, XDP_RX_RING, &slots, sizeof(slots)), 0);
	ck_assert_int_eq(getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &x->offsets, &length), 0);
	x->fill_size = x->offsets.fr.desc + SLOTS * sizeof(uint64_t);
	x->rx_size = x->offsets.rx.desc + SLOTS * sizeof(struct xdp_desc);
	x->fill = map_ring(x->fd, x->fill_size, XDP_UMEM_PGOFF_FILL_RING);
	x->rx = map_ring(x->fd, x->rx_size, XDP_PGOFF_RX_RING);
	/* All slots are the kernel's to fill. */
	addresses = (uint64_t *)(x->fill + x->offsets.fr.desc);
	for (uint64_t i = 0; i < SLOTS; i++)
		addresses[i] = i * SLOT;
	__atomic_store_n((uint32_t *)(x->fill + x->offsets.fr.producer), SLOTS, __ATOMIC_RELEASE);
	address.sxdp_ifindex = if_nametoindex(interface);
	ck_assert_int_eq(bind(x->fd, (const void *)&address, sizeof(address)), 0);
}

/* Waits for that many; returns how many of them are the test's. */
static int xsk_receive(struct xsk *x, uint32_t wanted)
{
	const uint32_t *producer = (uint32_t *)(x->rx + x->offsets.rx.producer);
	const struct xdp_desc *ring = (struct xdp_desc *)(x->rx + x->offsets.rx.desc);
	struct pollfd fd = {.fd = x->fd, .events = POLLIN};
	int count = 0;

	while (__atomic_load_n(producer, __ATOMIC_ACQUIRE) < wanted && poll(&fd, 1, 10000) > 0)
		usleep(1000);
	ck_assert_uint_eq(__atomic_load_n(producer, __ATOMIC_ACQUIRE), wanted);
	for (uint32_t i = 0; i < wanted; i++) {
		const unsigned char *frame = (unsigned char *)x->frames + ring[i].addr;

		count += ring[i].len == NET_FRAME && frame[12] == 0x88 && frame[13] == 0xb5;
	}
	return count;
}

static void xsk_close(struct xsk *x)
{
	munmap(x->fill, x->fill_size);
	munmap(x->rx, x->rx_size);
	close(x->fd);
	munmap(x->frames, SLOTS * SLOT);
}

START_TEST(an_xskmap_hands_frames_to_user_space)
{
	struct hotprobe *hp;
	struct xsk x;
	int key = 0;

	NEED(enter_net());
	x.fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (x.fd < 0)
		SKIP("this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS)");
	hp = attach_text("BPF_XSKMAP(sockets, 4);\n"
			 "int redirect(struct xdp_md *ctx)\n"
			 "{\n"
			 "	int index = ctx->rx_queue_index;\n"
			 "	if (sockets.lookup(&index))\n"
			 "		return sockets.redirect_map(index, 0);\n"
			 "	return XDP_PASS;\n"
			 "}\n",
			 "redirect", "xdp:hpb");
	send_frames("hpa", 10);
	xsk_open(&x, "hpb");
	ck_hp(hp, hotprobe_table_update(table_of(hp, "sockets"), &key, &x.fd, BPF_ANY));
	send_frames("hpa", FRAMES);
	ck_assert_int_eq(xsk_receive(&x, FRAMES), FRAMES);
	hotprobe_free(hp);
	xsk_close(&x);
}
END_TEST

/* ---- Connections ---- */

enum { MESSAGES = 100, MESSAGE = 10 };

struct connection {
	int client, server;
};

static int connect_to(uint16_t port, struct connection *c)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = 20};
	int on = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (const void *)&address, sizeof(address)) || listen(listener, 1))
		return -1;
	c->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(c->client, (const void *)&address, sizeof(address)))
		return -1;
	c->server = accept(listener, NULL, NULL);
	setsockopt(c->server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	close(listener);
	return c->server < 0 ? -1 : 0;
}

/* Reads exactly that many bytes. */
static int receive(int fd, size_t wanted)
{
	char data[MESSAGES * MESSAGE + 1];
	size_t size = 0;

	while (size < wanted) {
		ssize_t n = recv(fd, data, sizeof(data) - size, 0);

		if (n <= 0)
			return -1;
		size += (size_t)n;
	}
	return size == wanted ? 0 : -1;
}

/* What is sent on the first of two connections comes out of that one, or of the other. */
static int talk(bool across)
{
	struct connection one, two;
	char c;

	if (connect_to(12345, &one) || connect_to(12346, &two))
		return 1;
	for (int i = 0; i < MESSAGES; i++)
		if (send(one.client, "0123456789", MESSAGE, 0) != MESSAGE)
			return 2;
	if (receive(across ? two.server : one.server, MESSAGES * MESSAGE))
		return 3;
	if (recv(across ? one.server : two.server, &c, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
		return 4;
	return 0;
}

static int talk_across(void)
{
	return talk(true);
}

static int talk_straight(void)
{
	return talk(false);
}

START_TEST(a_sockhash_redirects_messages)
{
	struct cgroup cgroup;
	struct hotprobe *hp;
	char *spec;

	NEED(enter_net());
	if (!make_cgroup(&cgroup))
		SKIP("this kernel mounts no cgroup2 file system");
	hp = new_handle(NULL);
	open_text(hp, "BPF_SOCKHASH(sockets, u32, 8); BPF_ARRAY(count, u64, 2);\n"
		      "int add(struct bpf_sock_ops *ctx)\n"
		      "{\n"
		      "	u32 port = ctx->local_port;\n"
		      "	if (ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB &&\n"
		      "	    ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)\n"
		      "		return 0;\n"
		      "	count.atomic_increment(0);\n"
		      "	sockets.sock_hash_update(ctx, &port, BPF_ANY);\n"
		      "	return 0;\n"
		      "}\n"
		      "HOTPROBE(\"sockmap:sockets:msg_verdict\")\n"
		      "int across(struct sk_msg_md *msg)\n"
		      "{\n"
		      "	u32 port = 12346;\n"
		      "	count.atomic_increment(1);\n"
		      "	return sockets.msg_redirect_hash(msg, &port, BPF_F_INGRESS);\n"
		      "}\n"
		      "int other(struct sk_msg_md *msg) { return SK_PASS; }\n");
	load_program(hp);
	spec = format("cgroup:%s:sock_ops", cgroup.path);
	ck_hp(hp, hotprobe_attach_spec(hp, "add", spec, NULL));
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	ck_assert_int_eq(in_cgroup(&cgroup, talk_across), 0);
	ck_assert_uint_eq(value_at(hp, "count", 0), 4);
	ck_assert_uint_eq(value_at(hp, "count", 1), MESSAGES);
	/* One program for each hook. */
	ck_assert_int_eq(hotprobe_attach_spec(hp, "other", "sockmap:sockets:msg_verdict", NULL),
			 -EBUSY);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "across is there already"));
	hotprobe_detach(hp);
	ck_assert_int_eq(in_cgroup(&cgroup, talk_straight), 0);
	ck_assert_uint_eq(value_at(hp, "count", 1), MESSAGES);
	hotprobe_free(hp);
	free(spec);
	remove_cgroup(&cgroup);
}
END_TEST

START_TEST(a_sockmap_sees_what_its_sockets_receive)
{
	struct hotprobe_link *link;
	struct connection c;
	struct hotprobe *hp;
	int key = 0;
	size_t fds;

	NEED(enter_net());
	hp = new_handle(NULL);
	open_text(hp, "BPF_SOCKMAP(sockets, 4); BPF_ARRAY(bytes, u64, 1); BPF_HASH(plain);\n"
		      "int verdict(struct __sk_buff *skb)\n"
		      "{\n"
		      "	bytes.atomic_increment(0, skb->len);\n"
		      "	return SK_PASS;\n"
		      "}\n");
	load_program(hp);
	ck_hp(hp, hotprobe_attach_spec(hp, "verdict", "sockmap:sockets:stream_verdict", &link));
	fds = count_fds();
	ck_assert_str_eq(hotprobe_link_attached_to(link), "stream_verdict of table sockets");
	ck_assert_int_eq(connect_to(12345, &c), 0);
	ck_hp(hp, hotprobe_table_update(table_of(hp, "sockets"), &key, &c.server, BPF_ANY));
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(send(c.client, "0123456789", MESSAGE, 0), MESSAGE);
		ck_assert_int_eq(receive(c.server, MESSAGE), 0);
	}
	ck_assert_uint_eq(value_at(hp, "bytes", 0), 10 * MESSAGE);
	hotprobe_link_detach(link);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "verdict", "sockmap:nosuch:stream_verdict", NULL),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "no table nosuch"));
	ck_assert_int_eq(hotprobe_attach_spec(hp, "verdict", "sockmap:plain:stream_verdict", NULL),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "holds no sockets"));
	ck_assert_int_eq(hotprobe_attach_spec(hp, "verdict", "sockmap:sockets:sideways", NULL),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "msg_verdict"));
	close(c.client);
	close(c.server);
	ck_assert_uint_eq(count_fds(), fds);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redirect");

	add_test(suite, a_devmap_sends_frames_out_of_another_interface, 60);
	add_test(suite, a_cpumap_hands_frames_to_a_cpu, 60);
	add_test(suite, an_xskmap_hands_frames_to_user_space, 60);
	add_test(suite, a_sockhash_redirects_messages, 90);
	add_test(suite, a_sockmap_sees_what_its_sockets_receive, 60);
	return run_suite(suite);
}
