/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that take the place of others while they are at work: hotprobe_inherit(). */
#include "calls.h"
#include "support.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"
#define NOTHING "int syscall__getsid(struct pt_regs *ctx) { return 0; }\n"

static const struct hotprobe_opts replaceable = {.confine = true, .replaceable = true};

static struct hotprobe *open_replaceable(const char *text)
{
	struct hotprobe *hp = new_handle(&replaceable);

	open_text(hp, text);
	return hp;
}

/* Loaded, as the successor of another if that is not NULL. */
static struct hotprobe *load_successor(struct hotprobe *old, const char *text)
{
	struct hotprobe *hp = open_replaceable(text);

	if (old)
		ck_hp(hp, hotprobe_inherit(hp, old));
	load_program(hp);
	return hp;
}

static struct hotprobe *replace(struct hotprobe *old, const char *text)
{
	struct hotprobe *hp = load_successor(old, text);

	ck_hp(hp, hotprobe_attach(hp));
	hotprobe_free(old);
	return hp;
}

/* ---- A process that calls getpgid() all the time, and knows how often --------------------------
 */

struct caller {
	pid_t pid;
	struct {
		atomic_bool go, stop;
		uint64_t calls, children;
	} * shared;
};

static void call_until_stopped(struct caller *caller)
{
	while (!caller->shared->go)
		usleep(100);
	while (!caller->shared->stop) {
		getpgid(0);
		caller->shared->calls++;
		if (caller->shared->calls % 20000)
			continue;
		/* And children that are born under one program and seen by the next. */
		if (!fork()) {
			getpgid(0);
			_exit(0);
		}
		caller->shared->children++;
		wait(NULL);
	}
	_exit(0);
}

static struct caller caller_start(struct hotprobe *hp)
{
	struct caller caller = {0};

	caller.shared = mmap(NULL, sizeof(*caller.shared), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(caller.shared, MAP_FAILED);
	caller.pid = fork();
	if (!caller.pid)
		call_until_stopped(&caller);
	ck_hp(hp, hotprobe_trace_pid(hp, caller.pid));
	return caller;
}

/* How many calls it made. */
static uint64_t caller_end(struct caller *caller)
{
	uint64_t calls;

	caller->shared->stop = true;
	ck_assert_int_eq(waitpid(caller->pid, NULL, 0), caller->pid);
	calls = caller->shared->calls + caller->shared->children;
	munmap(caller->shared, sizeof(*caller->shared));
	return calls;
}

/* ---- The moment --------------------------------------------------------------------------------
 */

enum { SWAPS = 15 };

/* Count each call once in all, and once for the program that saw it. */
#define TABLES                                                                                     \
	PT_REGS "BPF_ARRAY(seen, u64, 1);\nBPF_ARRAY(by, u64, 32);\n"                              \
		"static inline int count(void) {\n"                                                \
		"	int zero = 0, gen = %d;\n"                                                       \
		"	u64 *n = seen.lookup(&zero), *m = by.lookup(&gen);\n"                            \
		"	if (n) __sync_fetch_and_add(n, 1);\n"                                            \
		"	if (m) __sync_fetch_and_add(m, 1);\n"                                            \
		"	return 0;\n"                                                                     \
		"}\n"

static const char *const kinds[] = {
	TABLES "int syscall__getpgid(struct pt_regs *ctx) { return count(); }\n",
	TABLES "int syscall_ret__getpgid(struct pt_regs *ctx) { return count(); }\n",
	TABLES "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { return count(); }\n",
	TABLES "RAW_TRACEPOINT_PROBE(sys_enter) {\n"
	       "	return ctx->args[1] == __NR_getpgid ? count() : 0;\n}\n",
	TABLES "HOTPROBE(\"uprobe:c:getpgid\")\nint f(struct pt_regs *ctx) { return count(); }\n",
};

static struct hotprobe *generation(struct hotprobe *old, const char *kind, int number)
{
	char *text = format(kind, number);
	struct hotprobe *hp = replace(old, text);

	free(text);
	return hp;
}

START_TEST(every_call_is_counted_once_whoever_replaces_whom)
{
	struct hotprobe *hp;
	struct caller caller;
	uint64_t sum = 0, calls;

	NEED(no_bpf());
	hp = generation(NULL, kinds[_i], 0);
	caller = caller_start(hp);
	caller.shared->go = true;
	for (int i = 1; i <= SWAPS; i++) {
		hp = generation(hp, kinds[_i], i);
		/* Each has its time. */
		while (!value_at(hp, "by", (uint32_t)i))
			usleep(1000);
	}
	calls = caller_end(&caller);
	ck_assert_uint_eq(value_at(hp, "seen", 0), calls);
	for (uint32_t i = 0; i <= SWAPS; i++)
		sum += value_at(hp, "by", i);
	ck_assert_uint_eq(sum, calls);
	hotprobe_free(hp);
}
END_TEST

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	(void)cpu;
	(void)data;
	(void)size;
	++*(uint64_t *)ctx;
}

START_TEST(every_event_is_delivered_once)
{
	static const char text[] = PT_REGS "BPF_PERF_OUTPUT(events);\n"
					   "int syscall__getpgid(struct pt_regs *ctx) {\n"
					   "	u64 now = bpf_ktime_get_ns();\n"
					   "	events.perf_submit(ctx, &now, sizeof(now));\n"
					   "	return 0;\n}\n";
	struct hotprobe *hp = NULL, *old;
	uint64_t events = 0, lost = 0, calls;
	struct caller caller = {0};

	NEED(no_bpf());
	for (int i = 0; i <= SWAPS; i++) {
		old = hp;
		hp = load_successor(old, text);
		ck_hp(hp, hotprobe_on_event(hp, "events", count_event, NULL, &events));
		ck_hp(hp, hotprobe_attach(hp));
		lost += old ? hotprobe_lost(old, NULL) : 0;
		/* All of it has been delivered by hotprobe_attach(). */
		if (old)
			ck_assert_int_eq(hotprobe_consume(old), 0);
		hotprobe_free(old);
		if (!i) {
			caller = caller_start(hp);
			caller.shared->go = true;
		}
		for (int j = 0; j < 5; j++)
			ck_hp(hp, hotprobe_poll(hp, 2));
	}
	calls = caller_end(&caller);
	while (hotprobe_consume(hp) > 0)
		;
	lost += hotprobe_lost(hp, NULL);
	ck_assert_uint_eq(events + lost, calls);
	ck_assert_uint_gt(events, 0);
	hotprobe_free(hp);
}
END_TEST

/* ---- What is kept ------------------------------------------------------------------------------
 */

#define COUNT_CALLS                                                                                \
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n{ counts.increment(pid); return 0; "  \
	"}\n"

struct definition {
	const char *text, *anew; /* NULL: there is no such table */
};

START_TEST(a_table_is_kept_if_and_only_if_it_is_declared_alike)
{
	static const char first[] =
		PT_REGS NOTHING "struct k { u32 a; };\nstruct v { u32 x, y; };\n"
				"BPF_HASH(t, struct k, struct v, 16);\n";
	static const struct definition cases[] = {
		{"struct k { u32 a; };\nstruct v { u32 x, y; };\nBPF_HASH(t, struct k, struct v, "
		 "16);\n",
		 ""},
		/* Names of types are but names. */
		{"struct key { u32 a; };\nstruct w { unsigned x; u32 y; };\n"
		 "BPF_HASH(t, struct key, struct w, 16);\n",
		 ""},
		{"struct k { u32 b; };\nstruct v { u32 x, y; };\nBPF_HASH(t, struct k, struct v, "
		 "16);\n",
		 "its key type changed"},
		{"struct k { u32 a; };\nstruct v { u32 y, x; };\nBPF_HASH(t, struct k, struct v, "
		 "16);\n",
		 "its value type changed"},
		{"struct k { u32 a; };\nstruct v { u64 x; };\nBPF_HASH(t, struct k, struct v, "
		 "16);\n",
		 "its value type changed"},
		{"struct k { u32 a; };\nstruct v { u32 x, y; };\nBPF_HASH(t, struct k, struct v, "
		 "17);\n",
		 "its number of entries changed"},
		{"struct k { u32 a; };\nstruct v { u32 x, y; };\n"
		 "BPF_PERCPU_HASH(t, struct k, struct v, 16);\n",
		 "its kind changed"},
		{"struct k { u32 a; };\nstruct v { u32 x, y; };\n"
		 "BPF_F_TABLE(\"hash\", struct k, struct v, t, 16, BPF_F_NO_PREALLOC);\n",
		 "its flags changed"},
	};
	static const uint32_t key = 3, value[2] = {4, 5};
	uint32_t found[64];

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hotprobe *old = load_successor(NULL, first), *hp;
		char *text = format(PT_REGS NOTHING "%s", cases[i].text);
		bool kept = !*cases[i].anew;

		ck_hp(old, hotprobe_table_update(table_of(old, "t"), &key, value, BPF_ANY));
		hp = load_successor(old, text);
		ck_assert_str_eq(hotprobe_table_anew(table_of(hp, "t")), cases[i].anew);
		ck_hp(hp, hotprobe_attach(hp));
		hotprobe_free(old);
		ck_assert_int_eq(hotprobe_table_lookup(table_of(hp, "t"), &key, found),
				 kept ? 0 : -ENOENT);
		if (kept)
			ck_assert_mem_eq(found, value, sizeof(value));
		hotprobe_free(hp);
		free(text);
	}
}
END_TEST

START_TEST(what_belongs_to_a_handle_is_its_own)
{
	static const char text[] =
		PT_REGS NOTHING "BPF_PERF_OUTPUT(events);\nBPF_PROG_ARRAY(jumps, 4);\n"
				"BPF_PERF_ARRAY(counters, 8);\nBPF_HASH(more);\n";
	struct hotprobe *old, *hp;

	NEED(no_bpf());
	old = load_successor(NULL,
			     PT_REGS NOTHING "BPF_PERF_OUTPUT(events);\nBPF_PROG_ARRAY(jumps, 4);\n"
					     "BPF_PERF_ARRAY(counters, 8);\n");
	hp = load_successor(old, text);
	for (size_t i = 0; i < hotprobe_table_count(hp); i++)
		ck_assert_ptr_null(hotprobe_table_anew(hotprobe_table_at(hp, i)));
	hotprobe_free(hp);
	hotprobe_free(old);
}
END_TEST

/* ---- What fails --------------------------------------------------------------------------------
 */

START_TEST(a_successor_that_fails_leaves_the_old_one_at_work)
{
	static const int calls[] = {1, 2, 2, -1};
	struct hotprobe *old, *hp;
	size_t fds;

	NEED(no_bpf());
	old = load_successor(NULL, PT_REGS "BPF_HASH(counts);\n" COUNT_CALLS);
	run_calls(old, calls);
	ck_hp(old, hotprobe_attach(old));
	fds = count_fds();
	/* The verifier refuses it. */
	hp = open_replaceable(PT_REGS "BPF_HASH(counts);\n" COUNT_CALLS
				      "int syscall__getsid(struct pt_regs *ctx)\n"
				      "{ u64 k = 0, *v = counts.lookup(&k); return *v; }\n");
	ck_hp(hp, hotprobe_inherit(hp, old));
	ck_assert_int_lt(hotprobe_load(hp), 0);
	hotprobe_free(hp);
	/* One of two cannot be attached, after the other was. */
	hp = load_successor(old, PT_REGS "BPF_HASH(counts);\n" COUNT_CALLS
					 "HOTPROBE(\"uprobe:c:no_such_function\")\n"
					 "int f(struct pt_regs *ctx) { return 0; }\n");
	ck_assert_int_lt(hotprobe_attach(hp), 0);
	hotprobe_free(hp);
	/* One is given up before it is attached. */
	hp = load_successor(old, PT_REGS "BPF_HASH(counts);\n" COUNT_CALLS);
	hotprobe_free(hp);
	ck_assert_uint_eq(count_fds(), fds);
	run_calls(old, calls);
	ck_assert_uint_eq(value_at(old, "counts", 2), 4);
	hotprobe_free(old);
}
END_TEST

START_TEST(handles_that_cannot_succeed_each_other_are_refused)
{
	struct hotprobe_opts plain = {.confine = true};
	static const char text[] = PT_REGS "BPF_HASH(counts);\n" COUNT_CALLS;
	struct hotprobe *old, *hp, *other;

	NEED(no_bpf());
	old = new_handle(&plain);
	open_text(old, text);
	load_program(old);
	hp = open_replaceable(text);
	ck_assert_int_eq(hotprobe_inherit(hp, old), -EBUSY);
	hotprobe_free(old);
	old = load_successor(NULL, text);
	other = new_handle(&plain);
	open_text(other, text);
	ck_assert_int_eq(hotprobe_inherit(other, old), -EINVAL);
	ck_hp(hp, hotprobe_inherit(hp, old));
	ck_assert_int_eq(hotprobe_inherit(hp, old), -EBUSY);
	hotprobe_free(other);
	other = open_replaceable(text);
	ck_assert_int_eq(hotprobe_inherit(other, old), -EBUSY);
	load_program(hp);
	/* The old one goes first: then there is nobody to take over from. */
	hotprobe_free(old);
	ck_hp(hp, hotprobe_attach(hp));
	hotprobe_free(hp);
	hotprobe_free(other);
}
END_TEST

START_TEST(fifty_successors_leave_no_descriptor)
{
	static const char text[] =
		PT_REGS "BPF_HASH(counts);\nBPF_PERF_OUTPUT(events);\n"
			"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			"{ counts.increment(pid);\n"
			"  events.perf_submit(ctx, &pid, sizeof(pid)); return 0; }\n";
	struct hotprobe *hp;
	size_t fds;

	NEED(no_bpf());
	hp = replace(NULL, text);
	hp = replace(hp, text);
	fds = count_fds();
	for (int i = 0; i < 50; i++)
		hp = replace(hp, text);
	ck_assert_uint_eq(count_fds(), fds);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("succeed");

	add_loop_test(suite, every_call_is_counted_once_whoever_replaces_whom, 120, COUNT(kinds));
	add_test(suite, every_event_is_delivered_once, 120);
	add_test(suite, a_table_is_kept_if_and_only_if_it_is_declared_alike, 120);
	add_test(suite, what_belongs_to_a_handle_is_its_own, 30);
	add_test(suite, a_successor_that_fails_leaves_the_old_one_at_work, 60);
	add_test(suite, handles_that_cannot_succeed_each_other_are_refused, 60);
	add_test(suite, fifty_successors_leave_no_descriptor, 120);
	return run_suite(suite);
}
