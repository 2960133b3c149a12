/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked for does not exist, or ceases to while it is traced: each time the error says so,
 * the rest goes on, and no descriptor, probe or table is left behind.
 */
#include "calls.h"
#include "net.h"
#include "support.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts the calls of a child, whatever else happens to the handle. */
static const char counter[] = "BPF_ARRAY(calls, u64, 1); BPF_ARRAY(frames, u64, 2);\n"
			      "BPF_PERF_OUTPUT(events);\n"
			      "int syscall__getpgid(struct pt_regs *ctx)\n"
			      "{ calls.increment(0); return 0; }\n"
			      "int f(struct pt_regs *ctx) { return 0; }\n"
			      "int on_frame(struct xdp_md *ctx)\n"
			      "{ frames.atomic_increment(0); return XDP_PASS; }\n"
			      "int on_packet(struct __sk_buff *ctx)\n"
			      "{ frames.atomic_increment(1); return 0; }\n"
			      "int on_send(struct __sk_buff *ctx) { return 1; }\n";

struct fixture {
	struct hotprobe *hp;
	struct peer peer;
	uint64_t calls;
};

static struct fixture start(void)
{
	static const int calls[] = {1, 2, 3, -1};
	struct fixture f = {.hp = open_confined(counter)};

	load_program(f.hp);
	f.peer = peer_start(get_pgids, (void *)calls);
	ck_hp(f.hp, hotprobe_trace_pid(f.hp, f.peer.pid));
	ck_assert_int_eq(ck_hp(f.hp, hotprobe_attach(f.hp)), 1);
	return f;
}

/* The function that is attached still sees every call. */
static void check_goes_on(struct fixture *f)
{
	peer_work(&f->peer);
	f->calls += 3;
	ck_assert_uint_eq(value_at(f->hp, "calls", 0), f->calls);
	ck_assert_int_ge(hotprobe_consume(f->hp), 0);
}

static void end(struct fixture *f)
{
	check_goes_on(f);
	peer_end(&f->peer);
	hotprobe_free(f->hp);
}

static pid_t dead_pid(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* ---- What does not exist ---- */

/* PID in a target stands for a process that has ended. */
static const struct missing {
	const char *function, *spec;
	int err;
	const char *words;
} missing[] = {
	{"nosuch", "syscall:getpgid", -ENOENT, "no function nosuch"},
	{"f", "nosuch:x", -EINVAL, "no probe of that kind"},
	{"f", "syscall:nosuch", -ENOENT, "nosuch"},
	{"f", "syscall_ret:nosuch", -ENOENT, "nosuch"},
	{"f", "tracepoint:nosuch:nosuch", -ENOENT, "no tracepoint nosuch:nosuch"},
	{"f", "tracepoint:syscalls:nosuch*", -ENOENT, "no tracepoint matches"},
	{"f", "raw_tracepoint:nosuch", -ENOENT, "no raw tracepoint nosuch"},
	{"f", "uprobe:/no/such/file:main", -ENOENT, "/no/such/file"},
	{"f", "uprobe:nosuchlibrary:main", -ENOENT, "no library or program"},
	{"f", "uprobe:c:nosuch", -ENOENT, "no symbol"},
	{"f", "uprobe:c:nosuch*", -ENOENT, "matches"},
	{"f", "uretprobe:c:nosuch", -ENOENT, "no symbol"},
	{"f", "uprobe:@PID:main", -ESRCH, "no process"},
	{"f", "usdt:@PID:nosuch", -ESRCH, "no process"},
	{"f", "usdt:c:libc:nosuch", -ENOENT, "USDT"},
	{"f", "perf_event:nosuch:freq=1", -EINVAL, "no event of that name"},
	{"f", "perf_event:cpu-clock:freq=1,pid=PID", -ESRCH, "no process"},
	{"f", "perf_event:cpu-clock:freq=1,cpu=4095", -ENODEV, "no CPU"},
	{"f", "iter:nosuch", -ENOENT, "no iterator over nosuch"},
	{"f", "kfunc:nosuch", -ENOENT, "no function nosuch"},
	{"f", "lsm:nosuch", -ENOENT, "no LSM hook nosuch"},
	{"on_frame", "xdp:nosuch0", -ENODEV, "no network interface nosuch0"},
	{"on_packet", "tc:nosuch0:ingress", -ENODEV, "no network interface nosuch0"},
	{"on_packet", "socket:nosuch0", -ENODEV, "no network interface nosuch0"},
	{"on_send", "cgroup:/no/such:egress", -ENOENT, "/no/such"},
	{"on_packet", "sockmap:nosuch:skb_verdict", -ENOENT, "no table nosuch"},
	{"on_packet", "sockmap:calls:skb_verdict", -EINVAL, "holds no sockets"},
};

static void check_missing(struct fixture *f, const struct missing *m, pid_t dead)
{
	const char *at = strstr(m->spec, "PID");
	char *spec = at ? format("%.*s%d%s", (int)(at - m->spec), m->spec, (int)dead, at + 3)
			: format("%s", m->spec);
	int err = hotprobe_attach_spec(f->hp, m->function, spec, NULL);

	ck_assert_msg(err == m->err, "%s: %d, %s", spec, err, hotprobe_error(f->hp));
	ck_assert_msg(strstr(hotprobe_error(f->hp), m->words), "%s: %s", spec,
		      hotprobe_error(f->hp));
	free(spec);
}

START_TEST(what_does_not_exist_leaves_nothing_and_the_rest_goes_on)
{
	pid_t dead = dead_pid();
	struct fixture f;
	size_t fds = 0;

	NEED(no_bpf());
	f = start();
	/* The first time, programs of other types are loaded, which stay. */
	for (int round = 0; round < 2; round++) {
		if (round)
			fds = count_fds();
		for (size_t i = 0; i < COUNT(missing); i++)
			check_missing(&f, &missing[i], dead);
		ck_assert_int_eq(hotprobe_trace_pid(f.hp, dead), -ESRCH);
		ck_assert_ptr_null(hotprobe_find_table(f.hp, "nosuch"));
		ck_assert_ptr_null(hotprobe_find_program(f.hp, "nosuch"));
		ck_assert_int_eq(hotprobe_on_event(f.hp, "nosuch", NULL, NULL, NULL), -ENOENT);
		ck_assert_int_eq(hotprobe_open_iter(f.hp, "nosuch"), -ENOENT);
		check_goes_on(&f);
	}
	ck_assert_uint_eq(count_fds(), fds);
	ck_assert_uint_eq(hotprobe_link_count(f.hp), 1);
	end(&f);
}
END_TEST

START_TEST(a_pattern_that_tens_of_thousands_match_is_refused)
{
	/* What hotprobe-cc is linked with. */
	static const char spec[] = "uprobe:libLLVM-14.so.1:*";
	struct fixture f;
	size_t fds;

	NEED(no_bpf());
	f = start();
	/* Tracefs is opened once. */
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "f", "tracepoint:*:*", NULL), -E2BIG);
	fds = count_fds();
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "f", "tracepoint:*:*", NULL), -E2BIG);
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "f", spec, NULL), -E2BIG);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(f.hp), "1000 are the most"));
	ck_assert_int_gt(atoi(strstr(hotprobe_error(f.hp), "f: ") + 3), 10000);
	ck_assert_uint_eq(count_fds(), fds);
	end(&f);
}
END_TEST

/* ---- What goes while it is traced ---- */

START_TEST(a_traced_process_may_end)
{
	const char *const argv[] = {build_path("tests/child"), "sleep", NULL};
	struct hotprobe_link *link = NULL;
	struct process child;
	struct result result;
	struct fixture f;
	size_t fds;
	char *spec;

	NEED(no_bpf());
	f = start();
	fds = count_fds();
	child = process_start(argv, NULL, 0);
	spec = format("uprobe:@%d:main", (int)child.pid);
	ck_hp(f.hp, hotprobe_attach_spec(f.hp, "f", spec, &link));
	kill(child.pid, SIGKILL);
	result = process_wait(child);
	result_free(&result);
	check_goes_on(&f);
	ck_assert_uint_eq(hotprobe_link_count(f.hp), 2);
	hotprobe_link_detach(link);
	ck_assert_uint_eq(count_fds(), fds);
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "f", spec, NULL), -ESRCH);
	free(spec);
	end(&f);
}
END_TEST

START_TEST(a_traced_file_may_be_removed)
{
	char *dir = make_dir(), *path = format("%s/copy", dir);
	char *spec = format("uprobe:%s:inner", path);
	struct hotprobe_link *link;
	struct fixture f;
	struct result r;
	size_t fds;

	NEED(no_bpf());
	f = start();
	fds = count_fds();
	r = RUN("cp", build_path("tests/user_child"), path);
	ck_assert_int_eq(r.status, 0);
	result_free(&r);
	ck_hp(f.hp, hotprobe_attach_spec(f.hp, "f", spec, &link));
	ck_assert_int_eq(unlink(path), 0);
	check_goes_on(&f);
	hotprobe_link_detach(link);
	ck_assert_uint_eq(count_fds(), fds);
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "f", spec, NULL), -ENOENT);
	end(&f);
	remove_dir(dir);
	free(path);
	free(spec);
}
END_TEST

START_TEST(an_interface_may_vanish_beside_others)
{
	static const struct {
		const char *function, *spec;
	} probes[] = {{"on_frame", "xdp:hpa"}, {"on_frame", "xdp:lo"}, {"on_packet", "socket:lo"}};
	struct fixture f;
	size_t fds = 0;

	NEED(enter_net());
	f = start();
	/* The first time, programs of other types are loaded, which stay. */
	for (int round = 0; round < 2; round++) {
		fds = count_fds();
		for (size_t i = 0; i < COUNT(probes); i++)
			ck_hp(f.hp,
			      hotprobe_attach_spec(f.hp, probes[i].function, probes[i].spec, NULL));
		if (round)
			break;
		while (hotprobe_link_count(f.hp) > 1)
			hotprobe_link_detach(hotprobe_link_at(f.hp, 1));
	}
	ip("link del hpa");
	send_frames("lo", 5);
	ck_assert_uint_eq(value_at(f.hp, "frames", 0), 5);
	ck_assert_uint_eq(value_at(f.hp, "frames", 1), 10); /* out and in */
	check_goes_on(&f);
	while (hotprobe_link_count(f.hp) > 1)
		hotprobe_link_detach(hotprobe_link_at(f.hp, 1));
	ck_assert_uint_eq(count_fds(), fds);
	end(&f);
}
END_TEST

START_TEST(a_cgroup_may_be_removed)
{
	struct hotprobe_link *link;
	struct cgroup cgroup;
	struct fixture f;
	size_t fds;
	char *spec;

	NEED(enter_net());
	if (!make_cgroup(&cgroup))
		SKIP("this kernel mounts no cgroup2 file system");
	f = start();
	spec = format("cgroup:%s:egress", cgroup.path);
	ck_hp(f.hp, hotprobe_attach_spec(f.hp, "on_send", spec, &link));
	hotprobe_link_detach(link);
	fds = count_fds();
	ck_hp(f.hp, hotprobe_attach_spec(f.hp, "on_send", spec, &link));
	ck_assert_int_eq(rmdir(cgroup.path), 0);
	check_goes_on(&f);
	hotprobe_link_detach(link);
	ck_assert_uint_eq(count_fds(), fds);
	ck_assert_int_eq(hotprobe_attach_spec(f.hp, "on_send", spec, NULL), -ENOENT);
	end(&f);
	free(spec);
	remove_cgroup(&cgroup);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bad_input");

	add_test(suite, what_does_not_exist_leaves_nothing_and_the_rest_goes_on, 120);
	add_test(suite, a_pattern_that_tens_of_thousands_match_is_refused, 60);
	add_test(suite, a_traced_process_may_end, 60);
	add_test(suite, a_traced_file_may_be_removed, 60);
	add_test(suite, an_interface_may_vanish_beside_others, 60);
	add_test(suite, a_cgroup_may_be_removed, 60);
	return run_suite(suite);
}
