/* SPDX-License-Identifier: Apache-2.0 */
/* Backends of a kprobe's function: trampolines, kprobes, multi-kprobes. They see the same, each
   is taken where it can be, and what cannot is said. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../runtime/kernel.h"

enum {
	ROUNDS = 20,
	RECORDS_MAX = 4096,
	SLEEPERS = 64,
	TRAMPOLINE_MAX = 38, /* BPF_MAX_TRAMP_LINKS of linux/bpf.h */
};

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"
#define HITS "BPF_ARRAY(hits, u64, 1);\n"
#define HIT "	hits.increment(0);\n	return 0;\n}\n"

/* ---- What is traced ----------------------------------------------------------------------------
 */

static char *directory; /* of the peer's files */

static void work_once(const char *name, int i)
{
	size_t length = 4096 * (size_t)(i % 3 + 1);
	void *memory = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(memory, length);
	(void)!mmap(memory, 0, PROT_NONE, MAP_SHARED, 17, 8192); /* EINVAL */
	syscall(SYS_mknodat, AT_FDCWD, name, S_IFREG | (i % 2 ? 0600 : 0451), 0);
	syscall(SYS_unlinkat, AT_FDCWD, name, 0);
	syscall(SYS_unlinkat, -1 - i, name + 1, 0); /* EBADF */
	syscall(SYS_copy_file_range, 11L, -12L, 13L, 14L, 15L, 16L);
	syscall(SYS_swapoff, NULL); /* asks for a capability before it looks at anything */
}

static void work(void *unused)
{
	char name[512];

	(void)unused;
	snprintf(name, sizeof(name), "%s/0", directory);
	for (int i = 0; i < ROUNDS; i++)
		work_once(name, i);
}

/* ---- What is seen ------------------------------------------------------------------------------
 */

struct seen {
	struct hotprobe *hp;
	char *log;
	size_t size, count;
	unsigned char records[RECORDS_MAX][256];
};

static void keep(void *ctx, int cpu, const void *data, size_t size)
{
	struct seen *seen = ctx;

	(void)cpu;
	ck_assert_uint_lt(seen->count, RECORDS_MAX);
	ck_assert_uint_le(size, sizeof(*seen->records));
	seen->size = size;
	memcpy(seen->records[seen->count++], data, size);
}

static void keep_log(void *ctx, enum hotprobe_severity severity, const char *line)
{
	struct seen *seen = ctx;
	char *more = format("%s%s\n", seen->log ? seen->log : "", line);

	(void)severity;
	free(seen->log);
	seen->log = more;
}

/* NULL where hotprobe takes trampolines without being told to. */
static const char *no_own_choice(void)
{
	return kernel_is_at_least(6, 12) ? NULL : "trampolines are taken by choice from Linux 6.12";
}

static struct seen *see(enum hotprobe_backend backend, bool perf_buffer)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct hotprobe_opts opts = {
		.confine = true,
		.backend = backend,
		.perf_buffer = perf_buffer,
		.log = keep_log,
		.log_ctx = seen,
	};

	ck_assert_ptr_nonnull(seen);
	seen->hp = new_handle(&opts);
	return seen;
}

static void see_text(struct seen *seen, const char *text)
{
	open_text(seen->hp, text);
	load_program(seen->hp);
}

static void see_no_more(struct seen *seen)
{
	hotprobe_free(seen->hp);
	free(seen->log);
	free(seen);
}

static void check_log(const struct seen *seen, const char *wanted)
{
	ck_assert_msg(seen->log && strstr(seen->log, wanted), "the log does not say \"%s\":\n%s",
		      wanted, seen->log ? seen->log : "");
}

/* The handle's first link, that it was attached so. */
static struct hotprobe_link *check_backend(const struct seen *seen, enum hotprobe_backend wanted)
{
	struct hotprobe_link *link = hotprobe_link_at(seen->hp, 0);

	ck_assert_msg(hotprobe_link_backend(link) == wanted, "%s is attached to %s\n%s",
		      hotprobe_link_target(link), hotprobe_link_attached_to(link),
		      seen->log ? seen->log : "");
	return link;
}

/* Attaches both, lets the peer work, detaches and compares; there must be at least that many. */
static void compare(struct seen *a, struct seen *b, size_t least)
{
	struct peer peer = peer_start(work, NULL);
	struct seen *both[] = {a, b};

	for (size_t i = 0; i < COUNT(both); i++) {
		ck_hp(both[i]->hp, hotprobe_trace_pid(both[i]->hp, peer.pid));
		ck_hp(both[i]->hp, hotprobe_on_event(both[i]->hp, "events", keep, NULL, both[i]));
		ck_hp(both[i]->hp, hotprobe_attach(both[i]->hp));
	}
	peer_work(&peer);
	peer_rest(&peer);
	for (size_t i = 0; i < COUNT(both); i++) {
		hotprobe_detach(both[i]->hp);
		hotprobe_consume(both[i]->hp);
		ck_assert_uint_eq(hotprobe_lost(both[i]->hp, NULL), 0);
	}
	peer_end(&peer);
	ck_assert_uint_ge(a->count, least);
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		char text[2][1024];

		for (int j = 0; j < 2; j++)
			hotprobe_format(hotprobe_event_type(both[j]->hp, "events"),
					both[j]->records[i], both[j]->size, text[j],
					sizeof(text[j]));
		ck_assert_msg(!memcmp(a->records[i], b->records[i], a->size), "record %zu:\n%s\n%s",
			      i, text[0], text[1]);
	}
	ck_assert_uint_eq(a->count, b->count);
}

/* ---- Trampolines -------------------------------------------------------------------------------
 */

START_TEST(each_record_is_the_same_by_a_trampoline_and_by_a_kprobe)
{
	NEED(no_kprobes());
	NEED(no_own_choice());

	struct seen *a = see(HOTPROBE_BACKEND_AUTO, _i), *b = see(HOTPROBE_BACKEND_KPROBE, _i);

	claim_function("do_unlinkat");
	directory = make_dir();
	open_program(a->hp, "tests/programs/backend.c");
	open_program(b->hp, "tests/programs/backend.c");
	load_program(a->hp);
	load_program(b->hp);
	compare(a, b, 14 * ROUNDS);
	ck_hp(a->hp, hotprobe_attach(a->hp));
	ck_hp(b->hp, hotprobe_attach(b->hp));
	for (size_t i = 0; i < hotprobe_link_count(a->hp); i++) {
		struct hotprobe_link *link = hotprobe_link_at(a->hp, i);
		const char *to = hotprobe_link_attached_to(link);

		ck_assert_msg(hotprobe_link_backend(link) == HOTPROBE_BACKEND_FENTRY, "%s\n%s", to,
			      a->log);
		ck_assert(!strncmp(to, "fentry ", 7) || !strncmp(to, "fexit ", 6));
		link = hotprobe_link_at(b->hp, i);
		ck_assert_int_eq(hotprobe_link_backend(link), HOTPROBE_BACKEND_KPROBE);
	}
	see_no_more(a);
	see_no_more(b);
	remove_dir(directory);
}
END_TEST

/* What keeps a function from a trampoline, and the line that says so. */
static const struct {
	const char *text, *why;
	unsigned line;
} hindered[] = {
	{PT_REGS HITS
	 "BPF_STACK_TRACE(stacks, 16);\nint kprobe__do_unlinkat(struct pt_regs *ctx)\n{\n"
	 "	stacks.get_stackid(ctx, 0);\n" HIT,
	 "takes the kernel's stack", 6},
	{PT_REGS HITS "int kprobe__do_unlinkat(struct pt_regs *ctx)\n{\n"
		      "	if (PT_REGS_SP(ctx) == 1)\n		return 0;\n" HIT,
	 "reads register sp", 5},
	{PT_REGS HITS
	 "int kprobe__do_unlinkat(struct pt_regs *ctx)\n{\n	struct pt_regs copy;\n"
	 "	bpf_probe_read_kernel(&copy, sizeof(copy), ctx);\n"
	 "	if (copy.sp == 1)\n		return 0;\n" HIT,
	 "passes its context on", 6},
	{PT_REGS HITS "int kprobe__do_unlinkat(struct pt_regs *ctx)\n{\n"
		      "	if (PT_REGS_PARM5(ctx) == 1)\n		return 0;\n" HIT,
	 "reads more arguments than the function has", 5},
	{PT_REGS HITS "int kretprobe__do_unlinkat(struct pt_regs *ctx)\n{\n"
		      "	if (PT_REGS_PARM2(ctx) == 1)\n		return 0;\n" HIT,
	 "reads register si", 5},
	{PT_REGS HITS "int kretprobe__fput(struct pt_regs *ctx)\n{\n"
		      "	if (PT_REGS_RC(ctx) == 1)\n		return 0;\n" HIT,
	 "reads the return value of a function that has none", 5},
	{PT_REGS HITS "int kretprobe__do_exit(struct pt_regs *ctx)\n{\n" HIT,
	 "the function never returns", 3},
};

START_TEST(who_insists_on_a_trampoline_hears_why_there_is_none)
{
	NEED(no_bpf());

	struct seen *seen = see(HOTPROBE_BACKEND_FENTRY, false);
	const struct hotprobe_diagnostic *d;

	open_text(seen->hp, hindered[_i].text);
	ck_assert_int_eq(hotprobe_load(seen->hp), -EOPNOTSUPP);
	d = find_diagnostic(seen->hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_msg(strstr(d->text, hindered[_i].why), "\"%s\" does not say \"%s\"", d->text,
		      hindered[_i].why);
	ck_assert_uint_eq(d->line, hindered[_i].line);
	ck_assert_ptr_nonnull(strstr(d->hint, "--backend auto"));
	see_no_more(seen);
}
END_TEST

START_TEST(what_a_trampoline_cannot_serve_becomes_a_kprobe)
{
	NEED(no_kprobes());

	struct seen *seen = see(HOTPROBE_BACKEND_AUTO, false);

	see_text(seen, hindered[_i].text);
	ck_hp(seen->hp, hotprobe_attach(seen->hp));
	check_backend(seen, HOTPROBE_BACKEND_KPROBE);
	check_log(seen, hindered[_i].why);
	see_no_more(seen);
}
END_TEST

/* What no text of the program shows. */
START_TEST(a_target_that_no_trampoline_can_have_is_a_kprobes)
{
	NEED(no_kprobes());

	static const struct {
		const char *target, *why;
	} targets[] = {
		{"kprobe:do_unlinkat+0", NULL},
		{"kprobe:vfs_unlin*", "which take a program for each"},
		{"kprobe:no_such_function", "BTF has no function of that name"},
	};
	const char *text = PT_REGS HITS "int on_call(struct pt_regs *ctx)\n{\n" HIT;

	for (size_t i = 0; i < COUNT(targets); i++) {
		struct seen *seen = see(HOTPROBE_BACKEND_FENTRY, false);
		int err;

		see_text(seen, text);
		err = hotprobe_attach_spec(seen->hp, "on_call", targets[i].target, NULL);
		if (targets[i].why) {
			ck_assert_int_eq(err, -EOPNOTSUPP);
			ck_assert_ptr_nonnull(strstr(hotprobe_error(seen->hp), targets[i].why));
		} else {
			ck_hp(seen->hp, err);
			check_backend(seen, HOTPROBE_BACKEND_FENTRY);
		}
		see_no_more(seen);
	}
}
END_TEST

START_TEST(who_insists_on_tracepoints_hears_that_only_syscalls_have_them)
{
	NEED(no_bpf());

	struct seen *seen = see(HOTPROBE_BACKEND_TRACEPOINT, false);

	open_text(seen->hp, PT_REGS HITS "int kprobe__do_unlinkat(struct pt_regs *ctx)\n{\n" HIT);
	ck_assert_int_eq(hotprobe_load(seen->hp), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(seen->hp), "only system calls have their own"));
	see_no_more(seen);
}
END_TEST

static uint64_t hits(const struct seen *seen)
{
	uint64_t value = 0;
	int zero = 0;

	ck_hp(seen->hp,
	      hotprobe_table_lookup(hotprobe_find_table(seen->hp, "hits"), &zero, &value));
	return value;
}

/* A function holds so many trampolines' programs and no more. */
START_TEST(where_the_kernel_attaches_no_more_trampolines_it_is_a_kprobe)
{
	NEED(no_kprobes());
	NEED(no_own_choice());

	struct seen *seen[TRAMPOLINE_MAX + 1];
	char *dir = make_dir(), *image = format("%s/image.hpo", dir);
	struct peer peer;

	claim_function("do_unlinkat");
	directory = make_dir();
	peer = peer_start(work, NULL);
	for (size_t i = 0; i < COUNT(seen); i++) {
		seen[i] = see(HOTPROBE_BACKEND_AUTO, false);
		if (!i) {
			open_text(seen[i]->hp,
				  PT_REGS HITS "int kprobe__do_unlinkat(struct pt_regs *ctx)\n"
					       "{\n" HIT);
			ck_hp(seen[i]->hp, hotprobe_save(seen[i]->hp, image));
		} else {
			ck_hp(seen[i]->hp, hotprobe_open_file(seen[i]->hp, image));
		}
		load_program(seen[i]->hp);
		ck_hp(seen[i]->hp, hotprobe_trace_pid(seen[i]->hp, peer.pid));
		ck_hp(seen[i]->hp, hotprobe_attach(seen[i]->hp));
		check_backend(seen[i], i < TRAMPOLINE_MAX ? HOTPROBE_BACKEND_FENTRY
							  : HOTPROBE_BACKEND_KPROBE);
	}
	check_log(seen[TRAMPOLINE_MAX], "the kernel does not attach it there");
	peer_work(&peer);
	peer_end(&peer);
	for (size_t i = 0; i < COUNT(seen); i++) {
		ck_assert_uint_eq(hits(seen[i]), 2 * ROUNDS);
		see_no_more(seen[i]);
	}
	free(image);
	remove_dir(dir);
	remove_dir(directory);
}
END_TEST

static void *sleep_a_while(void *barrier)
{
	pthread_barrier_wait(barrier);
	nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
	return NULL;
}

static void sleep_together(void *unused)
{
	pthread_t threads[SLEEPERS];
	pthread_barrier_t barrier;

	(void)unused;
	pthread_barrier_init(&barrier, NULL, SLEEPERS);
	for (int i = 0; i < SLEEPERS; i++)
		pthread_create(&threads[i], NULL, sleep_a_while, &barrier);
	for (int i = 0; i < SLEEPERS; i++)
		pthread_join(threads[i], NULL);
}

/* A kretprobe has room for some tasks inside the function: 10, or two for each CPU. */
START_TEST(no_return_is_missed_however_many_are_inside)
{
	NEED(no_kprobes());
	NEED(no_own_choice());

	struct seen *seen = see(HOTPROBE_BACKEND_AUTO, false);
	struct peer peer = peer_start(sleep_together, NULL);

	see_text(seen,
		 PT_REGS HITS "int kretprobe__hrtimer_nanosleep(struct pt_regs *ctx)\n{\n" HIT);
	ck_hp(seen->hp, hotprobe_trace_pid(seen->hp, peer.pid));
	ck_hp(seen->hp, hotprobe_attach(seen->hp));
	check_backend(seen, HOTPROBE_BACKEND_FENTRY);
	peer_work(&peer);
	ck_assert_uint_eq(hits(seen), SLEEPERS);
	peer_end(&peer);
	see_no_more(seen);
}
END_TEST

/* ---- Patterns ----------------------------------------------------------------------------------
 */

static const char pattern_text[] = PT_REGS
	"struct event {\n	u64 ip, function, first;\n	u32 low, high;\n};\n"
	"BPF_PERF_OUTPUT(events);\n"
	"int on_call(struct pt_regs *ctx)\n{\n"
	"	struct event e = {.ip = PT_REGS_IP(ctx), .function = bpf_get_func_ip(ctx),\n"
	"			  .first = PT_REGS_PARM1(ctx), .low = (u32)PT_REGS_IP(ctx),\n"
	"			  .high = PT_REGS_IP(ctx) >> 32};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n	return 0;\n}\n"
	"int on_return(struct pt_regs *ctx)\n{\n"
	"	struct event e = {.ip = PT_REGS_IP(ctx), .function = bpf_get_func_ip(ctx),\n"
	"			  .first = PT_REGS_RC(ctx)};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n	return 0;\n}\n";

START_TEST(each_record_of_a_pattern_is_the_same_by_one_link_and_by_many)
{
	NEED(no_kprobes());

	struct seen *seen[] = {see(HOTPROBE_BACKEND_AUTO, false),
			       see(HOTPROBE_BACKEND_KPROBE, false)};
	struct hotprobe_link *link[COUNT(seen)];
	bool has_multi;

	directory = make_dir();
	for (size_t i = 0; i < COUNT(seen); i++) {
		open_text(seen[i]->hp, pattern_text);
		ck_hp(seen[i]->hp,
		      hotprobe_attach_spec(seen[i]->hp, _i ? "on_return" : "on_call",
					   _i ? "kretprobe:vfs_*" : "kprobe:vfs_*", NULL));
		load_program(seen[i]->hp);
		link[i] = hotprobe_link_at(seen[i]->hp, 0);
	}
	compare(seen[0], seen[1], 2 * ROUNDS);
	for (size_t i = 0; i < COUNT(seen); i++) {
		ck_hp(seen[i]->hp, hotprobe_attach(seen[i]->hp));
		check_backend(seen[i], HOTPROBE_BACKEND_KPROBE);
	}
	has_multi = !strncmp(hotprobe_link_attached_to(link[0]), "multi-", 6);
	if (!has_multi)
		check_log(seen[0],
			  _i ? "no multi-kprobe for kretprobe:vfs_*: Operation not supported"
			     : "no multi-kprobe for kprobe:vfs_*: Operation not supported");
	ck_assert(strncmp(hotprobe_link_attached_to(link[1]), "multi-", 6));
	/* The same functions, however. */
	ck_assert_str_eq(hotprobe_link_attached_to(link[0]) + (has_multi ? 6 : 0),
			 hotprobe_link_attached_to(link[1]));
	for (size_t i = 0; i < COUNT(seen); i++)
		see_no_more(seen[i]);
	remove_dir(directory);
	if (!has_multi)
		SKIP("this kernel has no multi-kprobes (CONFIG_FPROBE): both were kprobes");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backend");

	add_loop_test(suite, each_record_is_the_same_by_a_trampoline_and_by_a_kprobe, 300, 2);
	add_loop_test(suite, who_insists_on_a_trampoline_hears_why_there_is_none, 120,
		      COUNT(hindered));
	add_loop_test(suite, what_a_trampoline_cannot_serve_becomes_a_kprobe, 120, COUNT(hindered));
	add_test(suite, a_target_that_no_trampoline_can_have_is_a_kprobes, 120);
	add_test(suite, who_insists_on_tracepoints_hears_that_only_syscalls_have_them, 120);
	add_test(suite, where_the_kernel_attaches_no_more_trampolines_it_is_a_kprobe, 300);
	add_test(suite, no_return_is_missed_however_many_are_inside, 120);
	add_loop_test(suite, each_record_of_a_pattern_is_the_same_by_one_link_and_by_many, 300, 2);
	return run_suite(suite);
}
