/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that several handles and processes have in common: public, shared, extern and pinned. */
#include "calls.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

START_TEST(an_extern_table_is_anothers)
{
	static const int calls[] = {1, 2, 2, -1};
	struct hotprobe *owner, *user;

	NEED(no_bpf());
	owner = load_tables_of("BPF_TABLE_PUBLIC(\"hash\", u32, u64, counts, 10);\n"
			       "BPF_TABLE_SHARED(\"array\", int, u64, slots, 4);\n"
			       "BPF_HASH(wide, u64);\n");
	user = open_confined("BPF_TABLE(\"extern\", u32, u64, counts, 10);\n"
			     "BPF_TABLE(\"extern\", int, u64, slots, 4);\n"
			     "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			     "{ counts.increment(pid); slots.increment(pid); return 0; }\n");
	ck_assert_str_eq(hotprobe_table_kind(table_of(user, "counts")), "extern");
	ck_assert_int_eq(hotprobe_table_reuse_fd(table_of(user, "counts"),
						 hotprobe_table_fd(table_of(owner, "wide"))),
			 -EINVAL);
	ck_assert_int_eq(hotprobe_table_reuse_fd(table_of(user, "counts"), 0), -EINVAL);
	ck_hp(user, hotprobe_table_reuse_fd(table_of(user, "counts"),
					    hotprobe_table_fd(table_of(owner, "counts"))));
	ck_hp(user, hotprobe_table_reuse_fd(table_of(user, "slots"),
					    hotprobe_table_fd(table_of(owner, "slots"))));
	load_program(user);
	ck_assert_int_eq(hotprobe_table_reuse_fd(table_of(user, "slots"),
						 hotprobe_table_fd(table_of(owner, "slots"))),
			 -EBUSY);
	run_calls(user, calls);
	hotprobe_free(user);
	ck_assert_uint_eq(value_at(owner, "counts", 2), 2);
	ck_assert_uint_eq(value_at(owner, "slots", 1), 1);
	hotprobe_free(owner);
}
END_TEST

/* A header of tables that all programs of a project share, with the line of each. */
static const char shared_header[] = "#pragma once\n"
				    "BPF_TABLE(\"extern\", u32, u64, counts, 10);\n"
				    "BPF_TABLE(\"extern\", int, struct bpf_stacktrace, stacks,\n"
				    "	  16);\n";

START_TEST(extern_tables_may_be_declared_in_a_header)
{
	static const int calls[] = {7, 7, -1};
	char *dir = make_dir(), *header = format("%s/shared.h", dir);
	char *name = format("%s/user.c", dir);
	const char *text = "#include \"shared.h\"\n"
			   "BPF_ARRAY(last, int, 1);\n"
			   "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			   "{\n"
			   "	int zero = 0, id = stacks.get_stackid(ctx, 0);\n"
			   "	last.update(&zero, &id);\n"
			   "	counts.increment(pid);\n"
			   "	return 0;\n"
			   "}\n";
	struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *owner, *user, *wrong;
	const struct hotprobe_diagnostic *d;
	uint64_t stack[128];
	int id;

	NEED(no_bpf());
	write_file(header, shared_header, strlen(shared_header));
	owner = load_tables_of("BPF_TABLE_PUBLIC(\"hash\", u32, u64, counts, 10);\n"
			       "BPF_STACK_TRACE(stacks, 16);\n");
	user = new_handle(&opts);
	ck_hp(user, hotprobe_open_string(user, name, text, strlen(text)));
	ck_assert_str_eq(hotprobe_table_kind(table_of(user, "counts")), "extern");
	ck_assert_str_eq(hotprobe_table_kind(table_of(user, "stacks")), "extern");
	ck_hp(user, hotprobe_table_reuse_fd(table_of(user, "counts"),
					    hotprobe_table_fd(table_of(owner, "counts"))));
	ck_hp(user, hotprobe_table_reuse_fd(table_of(user, "stacks"),
					    hotprobe_table_fd(table_of(owner, "stacks"))));
	load_program(user);
	run_calls(user, calls);
	ck_assert_uint_eq(value_at(owner, "counts", 7), 2);
	id = (int)value_at(user, "last", 0);
	ck_assert_int_gt(ck_hp(owner, hotprobe_stack(table_of(owner, "stacks"), id, stack, 128)),
			 0);
	ck_assert_int_gt(ck_hp(user, hotprobe_stack(table_of(user, "stacks"), id, stack, 128)), 0);
	hotprobe_free(user);
	/* One that is not given is named with its line in the header. */
	wrong = new_handle(&opts);
	ck_hp(wrong, hotprobe_open_string(wrong, name, text, strlen(text)));
	ck_assert_int_eq(hotprobe_load(wrong), -ENOENT);
	d = find_diagnostic(wrong, HOTPROBE_ERROR);
	ck_assert_str_eq(d->file, header);
	ck_assert_uint_eq(d->line, 2);
	hotprobe_free(wrong);
	hotprobe_free(owner);
	free(name);
	free(header);
	remove_dir(dir);
}
END_TEST

START_TEST(an_extern_table_alone_is_refused)
{
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined("int syscall__getpgid(struct pt_regs *ctx) { return 0; }\n"
			   "BPF_TABLE(\"extern\", u32, u64, counts, 10);\n");
	ck_assert_int_eq(hotprobe_load(hp), -ENOENT);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_uint_eq(d->line, 2);
	ck_assert_ptr_nonnull(strstr(d->hint, "hotprobe_table_reuse_fd"));
	hotprobe_free(hp);
}
END_TEST

/* A BPF file system of the test's own. */
static char *mount_bpffs(void)
{
	char *dir;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	dir = make_dir();
	ck_assert_int_eq(mount("none", dir, "bpf", 0, NULL), 0);
	return dir;
}

static struct hotprobe *open_pinned(const char *path, const char *size)
{
	char *text = format("BPF_TABLE_PINNED(\"hash\", u32, u64, kept, %s, \"%s\");\n"
			    "BPF_QUEUESTACK_PINNED(\"queue\", queue, u64, 4, 0, \"%s_queue\");\n"
			    "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			    "{ kept.increment(pid); return 0; }\n",
			    size, path, path);
	struct hotprobe *hp = open_confined(text);

	free(text);
	return hp;
}

START_TEST(a_pinned_table_stays)
{
	static const int calls[] = {7, 7, -1};
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;
	char *dir, *path;
	uint64_t value = 9;

	NEED(no_bpf());
	dir = mount_bpffs();
	path = format("%s/deep/below/kept", dir);
	for (uint64_t i = 0; i < 3; i++) {
		hp = open_pinned(path, "10");
		load_program(hp);
		ck_assert_int_eq(access(path, F_OK), 0);
		run_calls(hp, calls);
		ck_assert_uint_eq(value_at(hp, "kept", 7), 2 * (i + 1));
		ck_hp(hp, hotprobe_table_push(table_of(hp, "queue"), &value, 0));
		hotprobe_free(hp);
	}
	hp = open_pinned(path, "11");
	ck_assert_int_eq(hotprobe_load(hp), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(strstr(d->text, path));
	ck_assert_ptr_nonnull(strstr(d->text, "10"));
	ck_assert_uint_eq(d->line, 1);
	hotprobe_free(hp);
	free(path);
	path = format("%s/with.dot", dir);
	hp = open_pinned(path, "10");
	ck_assert_int_lt(hotprobe_load(hp), 0);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(strstr(d->hint, "dot"));
	hotprobe_free(hp);
	free(path);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	/* It is a plain directory now. */
	path = format("%s/kept", dir);
	hp = open_pinned(path, "10");
	ck_assert_int_eq(hotprobe_load(hp), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(strstr(d->text, "no BPF file system"));
	hotprobe_free(hp);
	free(path);
	remove_dir(dir);
}
END_TEST

/* ---- Two processes ---- */

/* What the other process is to do: count the calls of its own child in that table. */
struct other {
	const char *text;
	pid_t pid; /* of this process... */
	int fd;	   /* ...and its descriptor of the map; -1: it is pinned */
};

static const int calls_of_other[] = {7, 8, 8, -1};

static void count_in_other(void *arg)
{
	const struct other *other = arg;
	struct hotprobe *hp = open_confined(other->text);
	int fd, process;

	if (other->fd >= 0) {
		process = (int)syscall(SYS_pidfd_open, other->pid, 0);
		fd = (int)syscall(SYS_pidfd_getfd, process, other->fd, 0);
		close(process);
		ck_assert_int_ge(fd, 0);
		ck_hp(hp, hotprobe_table_reuse_fd(table_of(hp, "counts"), fd));
		close(fd);
	}
	load_program(hp);
	run_calls(hp, calls_of_other);
	hotprobe_free(hp);
}

#define COUNTER                                                                                    \
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"                                     \
	"{ counts.increment(pid); return 0; }\n"

/* Both count at the same time, this one by its own program and the other by that text. */
static void check_two_processes(struct hotprobe *hp, struct other *other)
{
	static const int calls[] = {8, 9, -1};
	struct peer peer;

	other->pid = getpid();
	peer = peer_start(count_in_other, other);
	run_calls(hp, calls);
	peer_work(&peer);
	run_calls(hp, calls);
	peer_work(&peer);
	peer_end(&peer);
	ck_assert_uint_eq(value_at(hp, "counts", 7), 2);
	ck_assert_uint_eq(value_at(hp, "counts", 8), 2 + 4);
	ck_assert_uint_eq(value_at(hp, "counts", 9), 2);
}

START_TEST(two_processes_count_in_one_table)
{
	static const char *const declarations[] = {
		"BPF_TABLE_PUBLIC(\"hash\", u32, u64, counts, 10);\n" COUNTER,
		"BPF_TABLE_SHARED(\"hash\", u32, u64, counts, 10);\n" COUNTER,
		"BPF_HASH(counts, u32, u64, 10);\n" COUNTER,
	};
	struct other other = {
		.text = "BPF_TABLE(\"extern\", u32, u64, counts, 10);\n" COUNTER,
	};
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = open_confined(declarations[_i]);
	load_program(hp);
	other.fd = hotprobe_table_fd(table_of(hp, "counts"));
	check_two_processes(hp, &other);
	hotprobe_free(hp);
}
END_TEST

START_TEST(two_processes_count_in_a_pinned_table)
{
	struct other other = {.fd = -1};
	struct hotprobe *hp;
	char *dir, *text;

	NEED(no_bpf());
	dir = mount_bpffs();
	text = format("BPF_TABLE_PINNED(\"hash\", u32, u64, counts, 10, \"%s/counts\",\n"
		      "		 BPF_F_NO_PREALLOC);\n" COUNTER,
		      dir);
	hp = open_confined(text);
	load_program(hp);
	other.text = text;
	check_two_processes(hp, &other);
	hotprobe_free(hp);
	ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
	remove_dir(dir);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sharing");

	add_test(suite, an_extern_table_is_anothers, 30);
	add_test(suite, extern_tables_may_be_declared_in_a_header, 60);
	add_test(suite, an_extern_table_alone_is_refused, 30);
	add_test(suite, a_pinned_table_stays, 60);
	add_loop_test(suite, two_processes_count_in_one_table, 60, 3);
	add_test(suite, two_processes_count_in_a_pinned_table, 60);
	return run_suite(suite);
}
