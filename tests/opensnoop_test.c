/* SPDX-License-Identifier: Apache-2.0 */
/* programs/opensnoop.c sees what its processes open: all of it, nothing else, and as it was. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPENS_MAX = 20000,
	NAME_SIZE = 128,
};

/* One event of open_events. */
struct open_seen {
	char name[NAME_SIZE];
	char comm[16];
	uint32_t pid, uid;
	int flags, ret;
	uint64_t delta_ns;
};

/* What came of files in the test's own directory; the loader of a command opens others. */
struct seen {
	const struct hotprobe_type *type;
	const char *dir;
	size_t count, others, unknown_pids;
	uint64_t lost;
	struct open_seen open[OPENS_MAX];
};

static void see(void *ctx, int cpu, const void *data, size_t size)
{
	struct seen *seen = ctx;
	struct open_seen *o = &seen->open[seen->count];
	char name[256];

	ck_assert_int_ge(cpu, 0);
	hotprobe_field_string(seen->type, data, size, "fname", name, sizeof(name));
	if (strncmp(name, seen->dir, strlen(seen->dir))) {
		seen->others++;
		return;
	}
	ck_assert_uint_lt(seen->count, OPENS_MAX);
	snprintf(o->name, sizeof(o->name), "%s", name + strlen(seen->dir) + 1);
	hotprobe_field_string(seen->type, data, size, "comm", o->comm, sizeof(o->comm));
	o->pid = (uint32_t)hotprobe_field_int(seen->type, data, size, "pid");
	o->uid = (uint32_t)hotprobe_field_int(seen->type, data, size, "uid");
	o->flags = (int)hotprobe_field_int(seen->type, data, size, "flags");
	o->ret = (int)hotprobe_field_int(seen->type, data, size, "ret");
	o->delta_ns = (uint64_t)hotprobe_field_int(seen->type, data, size, "delta_ns");
	seen->count++;
}

static void see_lost(void *ctx, int cpu, uint64_t lost)
{
	struct seen *seen = ctx;

	(void)cpu;
	seen->lost += lost;
}

struct fixture {
	char *dir;
	struct hotprobe *hp;
	struct seen *seen;
};

static struct fixture set_up(bool perf_buffer)
{
	struct hotprobe_opts opts = {
		.confine = true, .perf_pages = 1024, .perf_buffer = perf_buffer};
	struct fixture f = {.dir = make_dir(), .hp = new_handle(&opts)};

	f.seen = calloc(1, sizeof(*f.seen));
	ck_assert_ptr_nonnull(f.seen);
	open_program(f.hp, "programs/opensnoop.c");
	load_program(f.hp);
	f.seen->type = hotprobe_event_type(f.hp, "open_events");
	f.seen->dir = f.dir;
	ck_hp(f.hp, hotprobe_on_event(f.hp, "open_events", see, see_lost, f.seen));
	return f;
}

static void tear_down(struct fixture *f)
{
	hotprobe_free(f->hp);
	free(f->seen);
	remove_dir(f->dir);
}

static int run_child(struct fixture *f, const char *what, const char *a, const char *b)
{
	const char *argv[] = {build_path("tests/child"), what, f->dir, a, b, NULL};

	return run_command(f->hp, argv);
}

static const struct open_seen *find_open(const struct seen *seen, const char *name)
{
	const struct open_seen *found = NULL;

	for (size_t i = 0; i < seen->count; i++)
		if (!strcmp(seen->open[i].name, name)) {
			ck_assert_msg(!found, "%s was seen twice", name);
			found = &seen->open[i];
		}
	ck_assert_msg(found, "%s was not seen", name);
	return found;
}

/* As tests/child.c opens by turns. */
static int flags_of(int i)
{
	static const int flags[] = {
		O_WRONLY | O_CREAT | O_EXCL,
		O_RDONLY | O_CREAT | O_EXCL,
		O_RDWR | O_CREAT | O_EXCL,
		O_RDONLY | O_NOFOLLOW,
	};

	return flags[i % 4];
}

/* Buffers of several CPUs are not in order. */
static void sort_by_number(const struct seen *seen, const struct open_seen **by_number, int count)
{
	for (size_t i = 0; i < seen->count; i++) {
		char *end;
		long number = strtol(seen->open[i].name, &end, 10);

		if (*end)
			continue;
		ck_assert_msg(number >= 0 && number < count && !by_number[number],
			      "%s was seen twice", seen->open[i].name);
		by_number[number] = &seen->open[i];
	}
}

START_TEST(ten_thousand_opens_are_seen_each_as_it_was)
{
	NEED(no_bpf());

	enum { N = 10000 };
	static const struct open_seen *by_number[N];
	struct fixture f;
	const int32_t *results;
	char *log, *text;
	size_t size;
	pid_t pid;

	f = set_up(_i);
	log = format("%s/log", f.dir);
	ck_assert_int_eq(run_child(&f, "opens", "10000", log), 0);
	pid = hotprobe_command_pid(f.hp);
	text = read_file(log, &size);
	ck_assert_uint_eq(size, N * sizeof(*results));
	results = (const int32_t *)text;
	sort_by_number(f.seen, by_number, N);
	ck_assert_uint_eq(f.seen->lost, 0);
	ck_assert_uint_eq(hotprobe_lost(f.hp, NULL), 0);
	ck_assert_uint_eq(f.seen->count, N + 1); /* and one for the log */
	find_open(f.seen, "log");
	for (int i = 0; i < N; i++) {
		const struct open_seen *o = by_number[i];

		ck_assert_msg(o, "%s/%d was not seen", f.dir, i);
		ck_assert_int_eq(o->flags, flags_of(i));
		ck_assert_int_eq(o->ret, results[i]);
		if (i % 4 == 3)
			ck_assert_int_eq(o->ret, -ENOENT);
		else
			ck_assert_int_ge(o->ret, 0);
		ck_assert_uint_eq(o->pid, (uint32_t)pid);
		ck_assert_uint_eq(o->uid, getuid());
		ck_assert_str_eq(o->comm, "child");
		ck_assert_uint_gt(o->delta_ns, 0);
	}
	free(text);
	free(log);
	tear_down(&f);
}
END_TEST

/* What an unrelated process does while the test runs. */
static void open_without_end(void *dir)
{
	char *path = format("%s/unrelated", (char *)dir);

	for (;;)
		close(open(path, O_RDONLY | O_CREAT, 0600));
}

START_TEST(an_unrelated_process_is_not_seen)
{
	NEED(no_bpf());

	struct fixture f;
	struct peer peer;
	char byte = 0;

	f = set_up(_i);
	peer = peer_start(open_without_end, f.dir);
	ck_assert_int_eq(write(peer.to_fd, &byte, 1), 1);
	ck_assert_int_eq(run_child(&f, "forks", "50", NULL), 0);
	kill(peer.pid, SIGKILL);
	peer_end(&peer);
	ck_assert_uint_eq(f.seen->count, 50);
	for (size_t i = 0; i < f.seen->count; i++)
		ck_assert_str_ne(f.seen->open[i].name, "unrelated");
	tear_down(&f);
}
END_TEST

START_TEST(the_first_system_call_of_each_forked_child_is_seen)
{
	NEED(no_bpf());

	struct fixture f;

	f = set_up(_i);
	ck_assert_int_eq(run_child(&f, "forks", "200", NULL), 0);
	ck_assert_uint_eq(f.seen->count, 200);
	for (int i = 0; i < 200; i++) {
		char *name = format("%d", i);

		ck_assert_uint_ne(find_open(f.seen, name)->pid,
				  (uint32_t)hotprobe_command_pid(f.hp));
		free(name);
	}
	tear_down(&f);
}
END_TEST

START_TEST(children_threads_and_what_is_executed_are_seen)
{
	NEED(no_bpf());

	struct fixture f;
	uint32_t pid, child, grandchild;

	f = set_up(_i);
	ck_assert_int_eq(run_child(&f, "tree", NULL, NULL), 0);
	ck_assert_uint_eq(f.seen->count, 5);
	pid = (uint32_t)hotprobe_command_pid(f.hp);
	child = find_open(f.seen, "1")->pid;
	grandchild = find_open(f.seen, "2")->pid;
	ck_assert_uint_eq(find_open(f.seen, "0")->pid, pid);
	ck_assert_uint_ne(child, pid);
	ck_assert_uint_ne(grandchild, child);
	ck_assert_uint_ne(grandchild, pid);
	ck_assert_uint_eq(find_open(f.seen, "3")->pid, pid);
	ck_assert_uint_eq(find_open(f.seen, "4")->pid, pid);
	tear_down(&f);
}
END_TEST

static void open_one(void *dir)
{
	char *path = format("%s/peer", (char *)dir);

	close(open(path, O_RDONLY | O_CREAT, 0600));
	free(path);
}

START_TEST(nothing_is_seen_before_attach_and_after_detach)
{
	NEED(no_bpf());

	struct fixture f;
	struct peer peer;

	f = set_up(_i);
	peer = peer_start(open_one, f.dir);
	ck_hp(f.hp, hotprobe_trace_pid(f.hp, peer.pid));
	peer_work(&peer);
	ck_hp(f.hp, hotprobe_consume(f.hp));
	ck_assert_uint_eq(f.seen->count, 0);
	ck_assert_int_eq(ck_hp(f.hp, hotprobe_attach(f.hp)), 6);
	peer_work(&peer);
	ck_hp(f.hp, hotprobe_consume(f.hp));
	ck_assert_uint_eq(f.seen->count, 1);
	peer_work(&peer);
	hotprobe_detach(f.hp);
	peer_work(&peer);
	/* What was sent before the detach is still there. */
	ck_hp(f.hp, hotprobe_consume(f.hp));
	ck_assert_uint_eq(f.seen->count, 2);
	ck_assert_int_eq(ck_hp(f.hp, hotprobe_attach(f.hp)), 6);
	ck_assert_int_eq(ck_hp(f.hp, hotprobe_attach(f.hp)), 0);
	peer_work(&peer);
	ck_hp(f.hp, hotprobe_consume(f.hp));
	ck_assert_uint_eq(f.seen->count, 3);
	peer_end(&peer);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opensnoop");

	/* Each over a ring buffer and over perf buffers. */
	add_loop_test(suite, ten_thousand_opens_are_seen_each_as_it_was, 60, 2);
	add_loop_test(suite, an_unrelated_process_is_not_seen, 30, 2);
	add_loop_test(suite, the_first_system_call_of_each_forked_child_is_seen, 30, 2);
	add_loop_test(suite, children_threads_and_what_is_executed_are_seen, 30, 2);
	add_loop_test(suite, nothing_is_seen_before_attach_and_after_detach, 30, 2);
	return run_suite(suite);
}
