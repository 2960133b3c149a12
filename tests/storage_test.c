/* SPDX-License-Identifier: Apache-2.0 */
/* Tables whose values belong to a task, file, socket or cgroup, used by programs and read by what
   they belong to. */
#include "calls.h"
#include "net.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Tasks ---- */

START_TEST(a_task_has_a_value)
{
	static const int calls[] = {1, 2, 3, -1};
	struct peer one, two;
	struct hotprobe *hp;
	uint64_t value = 0;
	int fd;

	NEED(no_bpf());
	hp = open_confined(
		"BPF_TASK_STORAGE(counts, u64);\n"
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		"{\n"
		"	u64 zero = 0, *count;\n"
		"	count = counts.task_storage_get(bpf_get_current_task_btf(), &zero,\n"
		"					BPF_LOCAL_STORAGE_GET_F_CREATE);\n"
		"	if (count)\n"
		"		*count += pid;\n"
		"	return 0;\n"
		"}\n"
		"int syscall__getsid(struct pt_regs *ctx)\n"
		"{\n"
		"	counts.task_storage_delete(bpf_get_current_task_btf());\n"
		"	return 0;\n"
		"}\n");
	if (hotprobe_load(hp)) {
		hotprobe_free(hp);
		SKIP("this kernel has storage of tasks for trampolines only (Linux 6.2)");
	}
	one = peer_start(get_pgids, (void *)calls);
	two = peer_start(get_pgids, (void *)calls);
	ck_hp(hp, hotprobe_trace_pid(hp, one.pid));
	ck_hp(hp, hotprobe_trace_pid(hp, two.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&one);
	peer_work(&one);
	peer_work(&two);
	fd = (int)syscall(SYS_pidfd_open, one.pid, 0);
	ck_assert_int_ge(fd, 0);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "counts"), &fd, &value));
	ck_assert_uint_eq(value, 12);
	ck_hp(hp, hotprobe_table_delete(table_of(hp, "counts"), &fd));
	close(fd);
	fd = (int)syscall(SYS_pidfd_open, two.pid, 0);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "counts"), &fd, &value));
	ck_assert_uint_eq(value, 6);
	close(fd);
	/* What cannot be done with such a table is said. */
	ck_assert_int_lt(hotprobe_table_each(table_of(hp, "counts"), NULL, NULL), 0);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "counts"));
	peer_end(&one);
	peer_end(&two);
	hotprobe_free(hp);
}
END_TEST

/* The same by trampolines, and files by the LSM: where the kernel has these. */
static const char by_trampoline[] =
	"#include <linux/fs.h>\n"
	"BPF_TASK_STORAGE(counts, u64);\n"
	"KFUNC_PROBE(do_unlinkat)\n"
	"{\n"
	"	u64 zero = 0, *count;\n"
	"	count = counts.task_storage_get(bpf_get_current_task_btf(), &zero,\n"
	"					BPF_LOCAL_STORAGE_GET_F_CREATE);\n"
	"	if (count)\n"
	"		*count += 1;\n"
	"	return 0;\n"
	"}\n";

static const char by_lsm[] = "#include <linux/fs.h>\n"
			     "BPF_INODE_STORAGE(opens, u64);\n"
			     "LSM_PROBE(file_open, struct file *file)\n"
			     "{\n"
			     "	u64 zero = 0, *count;\n"
			     "	count = opens.inode_storage_get(file->f_inode, &zero,\n"
			     "					BPF_LOCAL_STORAGE_GET_F_CREATE);\n"
			     "	if (count)\n"
			     "		*count += 1;\n"
			     "	return 0;\n"
			     "}\n";

/* A handle that is attached and traces a peer; NULL if this kernel has no such probes, which is
   noted. */
static struct hotprobe *trace_peer(const char *text, struct peer *peer)
{
	struct hotprobe *hp = open_confined(text);
	int err = hotprobe_load(hp);

	if (!err)
		err = hotprobe_trace_pid(hp, peer->pid);
	if (!err)
		err = hotprobe_attach(hp);
	if (err == -EOPNOTSUPP) {
		note_skip("%s", hotprobe_error(hp));
		hotprobe_free(hp);
		return NULL;
	}
	ck_hp(hp, err);
	return hp;
}

static void unlink_nothing(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++)
		unlink("/nonexistent");
}

START_TEST(a_task_has_a_value_of_a_trampolines)
{
	struct hotprobe *hp;
	struct peer peer;
	uint64_t value = 0;
	int fd;

	NEED(no_bpf());
	peer = peer_start(unlink_nothing, NULL);
	claim_function("do_unlinkat");
	hp = trace_peer(by_trampoline, &peer);
	if (!hp)
		return;
	peer_work(&peer);
	fd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "counts"), &fd, &value));
	ck_assert_uint_eq(value, 5);
	close(fd);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

/* ---- Files ---- */

static void open_often(void *path)
{
	for (int i = 0; i < 5; i++)
		close(open(path, O_RDONLY | O_CLOEXEC));
}

START_TEST(a_file_has_a_value)
{
	char *dir = make_dir(), *path = format("%s/file", dir), *other = format("%s/other", dir);
	struct hotprobe *hp;
	struct peer peer;
	uint64_t value = 0;
	int fd;

	NEED(no_bpf());
	write_file(path, "", 0);
	write_file(other, "", 0);
	peer = peer_start(open_often, path);
	hp = trace_peer(by_lsm, &peer);
	if (!hp)
		return;
	peer_work(&peer);
	/* This process is not traced. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "opens"), &fd, &value));
	ck_assert_uint_eq(value, 5);
	ck_hp(hp, hotprobe_table_delete(table_of(hp, "opens"), &fd));
	ck_assert_int_eq(hotprobe_table_lookup(table_of(hp, "opens"), &fd, &value), -ENOENT);
	close(fd);
	fd = open(other, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(hotprobe_table_lookup(table_of(hp, "opens"), &fd, &value), -ENOENT);
	close(fd);
	peer_end(&peer);
	hotprobe_free(hp);
	free(other);
	free(path);
	remove_dir(dir);
}
END_TEST

/* ---- Sockets ---- */

static const struct sockaddr_in here = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = 0x0100007f,
	.sin_port = 0x3930, /* 12345, big-endian */
};

static void send_datagrams(int fd, int count)
{
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(sendto(fd, "x", 1, 0, (const void *)&here, sizeof(here)), 1);
}

START_TEST(a_socket_has_a_value)
{
	struct hotprobe *hp;
	int one, two, to;
	uint64_t value = 0;

	NEED(enter_net());
	NEED(no_tc());
	hp = new_handle(NULL);
	open_text(hp, "#include <linux/pkt_cls.h>\n"
		      "BPF_SK_STORAGE(sent, u64);\n"
		      "HOTPROBE(\"tc:lo:egress\")\n"
		      "int see(struct __sk_buff *skb)\n"
		      "{\n"
		      "	struct bpf_sock *sk = skb->sk;\n"
		      "	u64 zero = 0, *count;\n"
		      "	if (!sk || !(sk = bpf_sk_fullsock(sk)))\n"
		      "		return TC_ACT_UNSPEC;\n"
		      "	count = sent.sk_storage_get(sk, &zero, BPF_SK_STORAGE_GET_F_CREATE);\n"
		      "	if (count)\n"
		      "		lock_xadd(count, 1);\n"
		      "	return TC_ACT_UNSPEC;\n"
		      "}\n");
	load_program(hp);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	to = socket(AF_INET, SOCK_DGRAM, 0);
	one = socket(AF_INET, SOCK_DGRAM, 0);
	two = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(to, (const void *)&here, sizeof(here)), 0);
	send_datagrams(one, 7);
	send_datagrams(two, 11);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "sent"), &one, &value));
	ck_assert_uint_eq(value, 7);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "sent"), &two, &value));
	ck_assert_uint_eq(value, 11);
	value = 100;
	ck_hp(hp, hotprobe_table_update(table_of(hp, "sent"), &one, &value, BPF_ANY));
	send_datagrams(one, 1);
	ck_hp(hp, hotprobe_table_lookup(table_of(hp, "sent"), &one, &value));
	ck_assert_uint_eq(value, 101);
	close(one);
	close(two);
	close(to);
	hotprobe_free(hp);
}
END_TEST

/* ---- Cgroups ---- */

static int make_sockets(void)
{
	for (int i = 0; i < 9; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd < 0)
			return 1;
		close(fd);
	}
	return 0;
}

static uint64_t sum_of(const struct hotprobe_table *table, const void *key)
{
	uint64_t *values = calloc(1, hotprobe_table_value_size(table)), sum = 0;

	ck_assert_int_eq(hotprobe_table_lookup(table, key, values), 0);
	for (size_t cpu = 0; cpu < hotprobe_table_cpu_count(table); cpu++)
		sum += *(uint64_t *)hotprobe_table_cpu_value(table, values, cpu);
	free(values);
	return sum;
}

START_TEST(a_cgroup_has_a_value)
{
	struct bpf_cgroup_storage_key key = {.attach_type = BPF_CGROUP_INET_SOCK_CREATE};
	struct cgroup cgroup;
	struct hotprobe *hp;
	struct stat st;
	char *spec;

	NEED(enter_net());
	if (!make_cgroup(&cgroup))
		SKIP("this kernel mounts no cgroup2 file system");
	hp = new_handle(NULL);
	open_text(hp, "BPF_CGROUP_STORAGE(all, u64);\n"
		      "BPF_PERCPU_CGROUP_STORAGE(by_cpu, u64);\n"
		      "int see(struct bpf_sock *ctx)\n"
		      "{\n"
		      "	u64 *count = all.get_local_storage(0);\n"
		      "	lock_xadd(count, 1);\n"
		      "	count = by_cpu.get_local_storage(0);\n"
		      "	*count += 2;\n"
		      "	return 1;\n"
		      "}\n");
	load_program(hp);
	spec = format("cgroup:%s:sock_create", cgroup.path);
	ck_hp(hp, hotprobe_attach_spec(hp, "see", spec, NULL));
	ck_assert_int_eq(in_cgroup(&cgroup, make_sockets), 0);
	ck_assert_int_eq(stat(cgroup.path, &st), 0);
	key.cgroup_inode_id = st.st_ino;
	ck_assert_uint_eq(hotprobe_table_key_size(table_of(hp, "all")), sizeof(key));
	ck_assert_uint_eq(sum_of(table_of(hp, "all"), &key), 9);
	ck_assert_uint_eq(sum_of(table_of(hp, "by_cpu"), &key), 18);
	hotprobe_free(hp);
	free(spec);
	remove_cgroup(&cgroup);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storage");

	add_test(suite, a_task_has_a_value, 60);
	add_test(suite, a_task_has_a_value_of_a_trampolines, 120);
	add_test(suite, a_file_has_a_value, 60);
	add_test(suite, a_socket_has_a_value, 60);
	add_test(suite, a_cgroup_has_a_value, 60);
	return run_suite(suite);
}
