/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of the kernel's own: perf events, iterators, patterns of tracepoints; and what is said
 * where a kind cannot be had. kprobe_test and trampoline_test have those that attach to kernel
 * functions.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the programs below send. */
struct event {
	uint32_t pid, tid;
	uint64_t value;
};

#define EVENT                                                                                      \
	"struct event { u32 pid, tid; u64 value; };\n"                                             \
	"BPF_PERF_OUTPUT(events);\n"                                                               \
	"static inline struct event get(u64 value)\n"                                              \
	"{\n"                                                                                      \
	"	u64 id = bpf_get_current_pid_tgid();\n"                                                  \
	"	struct event e = {.pid = id >> 32, .tid = id, .value = value};\n"                        \
	"	return e;\n"                                                                             \
	"}\n"

static const char sampler[] = EVENT "#include <uapi/linux/bpf_perf_event.h>\n"
				    "int sample(struct bpf_perf_event_data *ctx)\n"
				    "{\n"
				    "	struct event e = get(ctx->sample_period);\n"
				    "	events.perf_submit(ctx, &e, sizeof(e));\n"
				    "	return 0;\n"
				    "}\n";

struct seen {
	pid_t pid;
	size_t of_pid, of_others, of_other_threads;
	size_t wanted;
};

static void see(void *ctx, int cpu, const void *data, size_t size)
{
	const struct event *e = data;
	struct seen *seen = ctx;

	(void)cpu;
	ck_assert_uint_ge(size, sizeof(*e));
	if (e->pid != (uint32_t)seen->pid) {
		seen->of_others++;
		return;
	}
	seen->of_pid++;
	seen->of_other_threads += e->tid != e->pid;
}

static struct hotprobe *new_sampler(struct seen *seen, bool confine)
{
	const struct hotprobe_opts opts = {.confine = confine};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, sampler);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see, NULL, seen));
	return hp;
}

static void attach(struct hotprobe *hp, const char *function, char *spec)
{
	ck_hp(hp, hotprobe_attach_spec(hp, function, spec, NULL));
	free(spec);
}

/* ---- Perf events -------------------------------------------------------------------------------
 */

/* A second of CPU time, however busy the machine is. */
static void burn(void *unused)
{
	struct timespec start, now;

	(void)unused;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while (now.tv_sec - start.tv_sec < 1 ||
	       (now.tv_sec - start.tv_sec == 1 && now.tv_nsec < start.tv_nsec));
}

static void *burn_thread(void *unused)
{
	burn(unused);
	return unused;
}

static void burn_in_thread(void *unused)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, burn_thread, unused))
		pthread_join(thread, NULL);
}

static void consume_all(struct hotprobe *hp)
{
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
}

START_TEST(samples_of_all_cpus_are_confined_to_the_traced_process)
{
	struct seen seen = {0};
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_bpf());
	peer = peer_start(burn, NULL);
	seen.pid = peer.pid;
	hp = new_sampler(&seen, true);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	attach(hp, "sample", format("perf_event:cpu-clock:freq=500"));
	ck_assert_ptr_nonnull(strstr(hotprobe_link_attached_to(hotprobe_link_at(hp, 0)), " CPUs"));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_ge(seen.of_pid, 50);
	ck_assert_uint_eq(seen.of_others, 0);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_process_is_sampled_with_the_threads_it_starts_later)
{
	struct seen seen = {0};
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_bpf());
	peer = peer_start(burn_in_thread, NULL);
	seen.pid = peer.pid;
	hp = new_sampler(&seen, false);
	attach(hp, "sample", format("perf_event:task-clock:freq=500,pid=%d", (int)peer.pid));
	ck_assert_str_eq(strstr(hotprobe_link_attached_to(hotprobe_link_at(hp, 0)), " in "),
			 " in 1 threads");
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_ge(seen.of_other_threads, 50);
	ck_assert_uint_eq(seen.of_others, 0);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

static bool saw_threads(void *arg)
{
	const struct seen *seen = arg;

	return seen->of_other_threads >= seen->wanted &&
	       seen->of_pid - seen->of_other_threads >= seen->wanted;
}

START_TEST(a_process_is_sampled_with_the_threads_it_has)
{
	const char *const argv[] = {build_path("tests/child"), "burn", NULL};
	struct seen seen = {.wanted = 20};
	struct process child;
	struct hotprobe *hp;
	struct result result;

	NEED(no_bpf());
	child = process_start(argv, NULL, 0);
	seen.pid = child.pid;
	hp = new_sampler(&seen, false);
	attach(hp, "sample", format("perf_event:cpu-clock:freq=200,pid=%d", (int)child.pid));
	poll_until(hp, saw_threads, &seen, 20);
	ck_assert_uint_eq(seen.of_others, 0);
	hotprobe_free(hp);
	kill(child.pid, SIGKILL);
	result = process_wait(child);
	result_free(&result);
}
END_TEST

enum { PAGES = 500 };

static void touch_pages(void *unused)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	(void)unused;
	madvise(pages, PAGES * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		pages[i * page] = 1;
	munmap(pages, PAGES * page);
}

START_TEST(each_page_fault_is_an_event_of_period_1)
{
	struct seen seen = {0};
	struct hotprobe *hp;
	struct peer peer;
	size_t before;

	NEED(no_bpf());
	peer = peer_start(touch_pages, NULL);
	seen.pid = peer.pid;
	hp = new_sampler(&seen, false);
	attach(hp, "sample", format("perf_event:page-faults:period=1,pid=%d", (int)peer.pid));
	/* The first time it also touches pages of its own that fork left to be copied. */
	peer_work(&peer);
	consume_all(hp);
	before = seen.of_pid;
	ck_assert_uint_ge(before, PAGES);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_ge(seen.of_pid - before, PAGES);
	ck_assert_uint_le(seen.of_pid - before, PAGES + 20);
	/* What is detached counts no more. */
	hotprobe_detach(hp);
	before = seen.of_pid;
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(seen.of_pid, before);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

/* Where the processor lets the machine count: few virtual ones do. */
START_TEST(hardware_events_are_counted_or_refused_with_the_reason)
{
	static const char *const events[] = {"cycles", "LLC-load-misses"};
	struct seen seen = {0};
	struct hotprobe *hp;
	struct peer peer;
	char *spec;
	int err;

	NEED(no_bpf());
	peer = peer_start(burn, NULL);
	seen.pid = peer.pid;
	hp = new_sampler(&seen, false);
	spec = format("perf_event:%s:period=%d,pid=%d", events[_i], _i ? 100 : 1000000,
		      (int)peer.pid);
	err = hotprobe_attach_spec(hp, "sample", spec, NULL);
	if (err) {
		ck_assert_int_eq(err, -EOPNOTSUPP);
		ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "cannot count that event"));
		ck_assert_ptr_nonnull(
			strstr(find_diagnostic(hp, HOTPROBE_ERROR)->hint, "cpu-clock"));
		note_skip("this machine counts no %s", events[_i]);
	} else {
		peer_work(&peer);
		consume_all(hp);
		ck_assert_uint_gt(seen.of_pid, 0);
		ck_assert_uint_eq(seen.of_others, 0);
	}
	peer_end(&peer);
	hotprobe_free(hp);
	free(spec);
}
END_TEST

START_TEST(bad_perf_events_are_refused_with_the_reason)
{
	static const struct {
		const char *spec, *words;
	} cases[] = {
		{"perf_event:", "no event of that name"},
		{"perf_event:bogus:freq=1", "no event of that name"},
		{"perf_event:rxyz:freq=1", "no event of that name"},
		{"perf_event:LLC-loadings:freq=1", "no event of that name"},
		{"perf_event:cpu-clock", "say how often"},
		{"perf_event:cpu-clock:freq=1,period=1", "say how often"},
		{"perf_event:cpu-clock:freq=0", "freq="},
		{"perf_event:cpu-clock:freq=-1", "freq="},
		{"perf_event:cpu-clock:freq=1x", "freq="},
		{"perf_event:cpu-clock:period=", "period="},
		{"perf_event:cpu-clock:period=99999999999999999999", "period="},
		{"perf_event:cpu-clock:freq=1,pid=0", "pid="},
		{"perf_event:cpu-clock:freq=1,cpu=x", "cpu="},
		{"perf_event:cpu-clock:freq=1,speed=2", "the keys are"},
		{"perf_event:cpu-clock:freq=1,pid", "KEY=VALUE"},
	};
	struct hotprobe *hp;

	NEED(no_btf());
	hp = new_handle(NULL);
	open_text(hp, sampler);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(hotprobe_attach_spec(hp, "sample", cases[i].spec, NULL), -EINVAL);
		ck_assert_msg(strstr(hotprobe_error(hp), cases[i].words), "%s: %s", cases[i].spec,
			      hotprobe_error(hp));
	}
	ck_assert_uint_eq(hotprobe_link_count(hp), 0);
	hotprobe_free(hp);
}
END_TEST

START_TEST(perf_events_that_cannot_be_had_leave_nothing_open)
{
	static const struct {
		const char *spec;
		int err;
	} cases[] = {
		{"perf_event:cpu-clock:freq=100,pid=2147483646", -ESRCH},
		{"perf_event:cpu-clock:freq=100,cpu=2147483646", -ENODEV},
		{"perf_event:cpu-clock:freq=4000000000", -EINVAL},
	};
	struct seen seen = {0};
	struct hotprobe *hp;
	size_t fds;

	NEED(no_bpf());
	hp = new_sampler(&seen, false);
	fds = count_fds();
	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(hotprobe_attach_spec(hp, "sample", cases[i].spec, NULL),
				 cases[i].err);
		ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "cannot attach sample to perf_"));
		ck_assert_uint_eq(count_fds(), fds);
	}
	hotprobe_free(hp);
}
END_TEST

/* ---- Iterators ---------------------------------------------------------------------------------
 */

/* Only ever of this process: the others are none of the test's. */
static const char lister[] = "#include <linux/sched.h>\n"
			     "#include <linux/seq_file.h>\n"
			     "BPF_ITER(task)\n"
			     "{\n"
			     "	struct seq_file *seq = ctx->meta->seq;\n"
			     "	struct task_struct *task = ctx->task;\n"
			     "	char text[] = \"%%d %%d\\n\";\n"
			     "	u64 ids[2];\n"
			     "	if (!task || task->tgid != %d)\n"
			     "		return 0;\n"
			     "	ids[0] = task->tgid;\n"
			     "	ids[1] = task->pid;\n"
			     "	bpf_seq_printf(seq, text, sizeof(text), ids, sizeof(ids));\n"
			     "	return 0;\n"
			     "}\n"
			     "int other(struct pt_regs *ctx) { return 0; }\n";

static struct hotprobe *new_lister(void)
{
	char *text = format(lister, (int)getpid());
	struct hotprobe *hp = new_handle(NULL);

	open_text(hp, text);
	free(text);
	load_program(hp);
	return hp;
}

static void check_written(struct hotprobe *hp, const char *function, const char *wanted)
{
	int fd = ck_hp(hp, hotprobe_open_iter(hp, function));
	char text[4096];
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0 || errno == EAGAIN)
		size += n > 0 ? (size_t)n : 0;
	ck_assert_int_eq(n, 0);
	text[size] = '\0';
	ck_assert_str_eq(text, wanted);
	close(fd);
}

START_TEST(what_an_iterator_writes_can_be_read_again_and_again)
{
	char *wanted = format("%d %d\n", (int)getpid(), (int)getpid());
	struct hotprobe *hp;
	size_t fds;

	NEED(no_bpf());
	hp = new_lister();
	ck_assert_int_eq(hotprobe_open_iter(hp, "bpf_iter__task"), -EBUSY);
	ck_assert_int_eq(hotprobe_open_iter(hp, "other"), -EINVAL);
	ck_assert_int_eq(hotprobe_open_iter(hp, "nothing"), -ENOENT);
	ck_hp(hp, hotprobe_attach(hp));
	fds = count_fds();
	check_written(hp, "bpf_iter__task", wanted);
	check_written(hp, "bpf_iter__task", wanted);
	ck_assert_uint_eq(count_fds(), fds);
	ck_assert_str_eq(hotprobe_link_target(hotprobe_link_at(hp, 0)), "iter:task");
	ck_assert_str_eq(hotprobe_link_attached_to(hotprobe_link_at(hp, 0)), "iterator over task");
	hotprobe_free(hp);
	free(wanted);
}
END_TEST

START_TEST(an_iterator_is_named_as_unconfined)
{
	const struct hotprobe_opts opts = {.confine = true};
	char *text = format(lister, (int)getpid());
	struct hotprobe *hp;

	NEED(no_btf());
	hp = new_handle(&opts);
	open_text(hp, text);
	ck_assert(hotprobe_program_unconfined(hotprobe_find_program(hp, "bpf_iter__task")));
	ck_assert(!hotprobe_program_unconfined(hotprobe_find_program(hp, "other")));
	hotprobe_free(hp);
	free(text);
}
END_TEST

START_TEST(a_table_is_gone_through_by_its_name)
{
	static const char text[] =
		"#include <linux/seq_file.h>\n"
		"BPF_HASH(numbers, u32, u64);\n"
		"int dump(struct bpf_iter__bpf_map_elem *ctx)\n"
		"{\n"
		"	struct seq_file *seq = ctx->meta->seq;\n"
		"	char text[] = \"%d=%d\\n\";\n"
		"	u32 *key = ctx->key;\n"
		"	u64 *value = ctx->value, pair[2];\n"
		"	if (!key || !value)\n"
		"		return 0;\n"
		"	pair[0] = *key;\n"
		"	pair[1] = *value;\n"
		"	bpf_seq_printf(seq, text, sizeof(text), pair, sizeof(pair));\n"
		"	return 0;\n"
		"}\n";
	uint32_t key = 7;
	uint64_t value = 49;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	open_text(hp, text);
	ck_hp(hp, hotprobe_attach_spec(hp, "dump", "iter:bpf_map_elem:map=numbers", NULL));
	load_program(hp);
	ck_assert_int_eq(hotprobe_table_update(hotprobe_find_table(hp, "numbers"), &key, &value, 0),
			 0);
	ck_hp(hp, hotprobe_attach(hp));
	check_written(hp, "dump", "7=49\n");
	ck_assert_int_eq(hotprobe_attach_spec(hp, "dump", "iter:bpf_map_elem:map=letters", NULL),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "no table letters"));
	ck_assert_int_eq(hotprobe_attach_spec(hp, "dump", "iter:bpf_map_elem", NULL), -EINVAL);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "one table"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(an_iterator_that_nothing_places_is_checked)
{
	static const char text[] = "int dump(struct bpf_iter__bpf_map_elem *ctx)\n"
				   "{\n"
				   "	return ctx->meta->seq_num < 0;\n"
				   "}\n"
				   "int wrong(struct bpf_iter__bpf_map_elem *ctx)\n"
				   "{\n"
				   "	return *(int *)ctx->key;\n"
				   "}\n";
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	open_text(hp, text);
	ck_assert_int_lt(hotprobe_load(hp), 0);
	/* And a note on where the pointer came from. */
	ck_assert_uint_eq(hotprobe_diagnostic_count(hp), 2);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_uint_eq(d->line, 7);
	ck_assert_ptr_nonnull(find_diagnostic(hp, HOTPROBE_NOTE));
	hotprobe_free(hp);
}
END_TEST

START_TEST(bad_iterators_are_refused_with_the_reason)
{
	static const struct {
		const char *spec;
		int err;
		const char *words;
	} cases[] = {
		{"iter:", -EINVAL, "kind of object is missing"},
		{"iter::pid=1", -EINVAL, "kind of object is missing"},
		{"iter:task:", -EINVAL, "may follow the kind"},
		{"iter:task:pid=", -EINVAL, "nothing follows"},
		{"iter:task:pid=self", -EINVAL, "no process id"},
		{"iter:task:uid=1", -EINVAL, "may follow the kind"},
		{"iter:nothing_like_this", -ENOENT, "no iterator over nothing_like_this"},
		{"iter:task:cgroup=/nonexistent", -ENOENT, "cannot open /nonexistent"},
	};
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_lister();
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = hotprobe_attach_spec(hp, "bpf_iter__task", cases[i].spec, NULL);

		ck_assert_msg(err == cases[i].err, "%s: %d", cases[i].spec, err);
		ck_assert_msg(strstr(hotprobe_error(hp), cases[i].words), "%s: %s", cases[i].spec,
			      hotprobe_error(hp));
	}
	hotprobe_free(hp);
}
END_TEST

/* With another declaration in the place of BPF_ITER(task); text is freed. */
static char *renamed(char *text, const char *declaration)
{
	static const char macro[] = "BPF_ITER(task)";
	char *at = strstr(text, macro);
	char *result = format("%.*s%s%s", (int)(at - text), text, declaration, at + strlen(macro));

	free(text);
	return result;
}

START_TEST(the_command_prints_what_iterators_write_and_ends)
{
	char *dir = make_dir(), *source = format("%s/lister.c", dir);
	char *text = format(lister, (int)getpid());
	char *wanted = format("%d %d\n", (int)getpid(), (int)getpid());
	char *json = format("{\"function\":\"bpf_iter__task\",\"text\":\"%d %d\"}\n", (int)getpid(),
			    (int)getpid());
	struct result result;

	NEED(no_bpf());
	write_file(source, text, strlen(text));
	result = RUN(build_path("hotprobe"), "run", source);
	ck_assert_msg(!result.status, "%s", result.err);
	ck_assert_str_eq(result.out, wanted);
	result_free(&result);
	result = RUN(build_path("hotprobe"), "run", source, "--json", "--", "sh", "-c", "exit 3");
	ck_assert_int_eq(result.status, 3);
	ck_assert_str_eq(result.out, json);
	ck_assert_ptr_nonnull(strstr(result.err, "'bpf_iter__task' sees the whole system"));
	result_free(&result);
	/* The same by an annotation, and by --attach. */
	text = renamed(text, "HOTPROBE(\"iter:task\") int list(struct bpf_iter__task *ctx)");
	write_file(source, text, strlen(text));
	result = RUN(build_path("hotprobe"), "run", source);
	ck_assert_str_eq(result.out, wanted);
	result_free(&result);
	free(text);
	text = format(lister, (int)getpid());
	text = renamed(text, "int list(struct bpf_iter__task *ctx)");
	write_file(source, text, strlen(text));
	result = RUN(build_path("hotprobe"), "run", source, "--attach", "iter:task=list");
	ck_assert_str_eq(result.out, wanted);
	result_free(&result);
	free(json);
	free(wanted);
	free(text);
	free(source);
	remove_dir(dir);
}
END_TEST

/* ---- Patterns ----------------------------------------------------------------------------------
 */

static const char entries[] =
	EVENT "int enter(struct tracepoint__syscalls__sys_enter_openat *ctx)\n"
	      "{\n"
	      "	struct event e = get(ctx->__syscall_nr);\n"
	      "	events.perf_submit(ctx, &e, sizeof(e));\n"
	      "	return 0;\n"
	      "}\n";

struct calls {
	size_t open, openat, openat2;
};

static void count_call(void *ctx, int cpu, const void *data, size_t size)
{
	const struct event *e = data;
	struct calls *calls = ctx;

	(void)cpu;
	(void)size;
#ifdef SYS_open
	calls->open += e->value == SYS_open;
#endif
	calls->openat += e->value == SYS_openat;
	calls->openat2 += e->value == SYS_openat2;
}

static void count_line(void *ctx, enum hotprobe_severity severity, const char *line)
{
	(void)severity;
	*(size_t *)ctx += !strncmp(line, "enter: tracepoint syscalls:sys_enter_open", 41);
}

START_TEST(a_pattern_attaches_to_every_tracepoint_that_matches)
{
	char *dir = make_dir(), *log = format("%s/log", dir);
	const char *const argv[] = {build_path("tests/child"), "opens", dir, "400", log, NULL};
	size_t lines = 0;
	const struct hotprobe_opts opts = {.confine = true, .log = count_line, .log_ctx = &lines};
	struct calls calls = {0};
	struct hotprobe_link *link;
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(&opts);
	open_text(hp, entries);
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", count_call, NULL, &calls));
	ck_hp(hp, hotprobe_attach_spec(hp, "enter", "tracepoint:sys?alls:sys_enter_open*", &link));
	ck_assert_uint_ge(lines, 3); /* open, openat, openat2 */
	ck_assert_int_eq(atoi(hotprobe_link_attached_to(link)), (int)lines);
	ck_assert_int_eq(WEXITSTATUS(run_command(hp, argv)), 0);
#ifdef SYS_open
	ck_assert_uint_ge(calls.open, 100);
#endif
	/* Those of the loader and of libraries are among these. */
	ck_assert_uint_ge(calls.openat, 200);
	ck_assert_uint_eq(calls.openat2, 100);
	hotprobe_free(hp);
	free(log);
	remove_dir(dir);
}
END_TEST

START_TEST(patterns_that_match_nothing_or_too_much_are_refused)
{
	static const struct {
		const char *spec;
		int err;
		const char *words;
	} cases[] = {
		{"tracepoint:syscalls:sys_enter_nothing*", -ENOENT, "no tracepoint matches"},
		{"tracepoint:nothing*:*", -ENOENT, "no tracepoint matches"},
		{"tracepoint:*:*", -E2BIG, "1000 are the most"},
	};
	const struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp;
	size_t fds;

	NEED(no_bpf());
	hp = new_handle(&opts);
	open_text(hp, entries);
	load_program(hp);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = hotprobe_attach_spec(hp, "enter", cases[i].spec, NULL);

		ck_assert_msg(err == cases[i].err, "%s: %d", cases[i].spec, err);
		ck_assert_msg(strstr(hotprobe_error(hp), cases[i].words), "%s", hotprobe_error(hp));
	}
	fds = count_fds();
	/* One whose record is too short for the function: none stays attached. */
	ck_assert_int_lt(hotprobe_attach_spec(hp, "enter", "kprobe:vfs_*+4", NULL), 0);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "a pattern cannot have an offset"));
	ck_assert_uint_eq(count_fds(), fds);
	hotprobe_free(hp);
}
END_TEST

/* ---- Where a kind cannot be had ----------------------------------------------------------------
 */

static void check_refusal(const char *text, const char *option)
{
	const struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);
	const struct hotprobe_diagnostic *d;
	int err;

	open_text(hp, text);
	err = hotprobe_load(hp);
	if (!err)
		err = hotprobe_attach(hp);
	if (err >= 0) {
		hotprobe_free(hp);
		SKIP("this kernel has it: see trampoline_test");
	}
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_int_eq(err, -EOPNOTSUPP);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 2);
	ck_assert_msg(strstr(d->hint, option), "%s", d->hint);
	hotprobe_free(hp);
}

START_TEST(a_kernel_without_trampolines_is_named)
{
	NEED(no_bpf());
	check_refusal("#include <linux/fs.h>\n"
		      "KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name) { return 0; }\n",
		      "CONFIG_FUNCTION_TRACER");
}
END_TEST

START_TEST(a_kernel_without_bpf_lsm_is_named)
{
	NEED(no_bpf());
	check_refusal("#include <linux/fs.h>\n"
		      "LSM_PROBE(path_unlink, const struct path *dir) { return 0; }\n",
		      "CONFIG_BPF_LSM");
}
END_TEST

START_TEST(a_kernel_without_kprobes_is_named_for_patterns_too)
{
	struct hotprobe *hp;

	NEED(no_bpf());
	if (!access("/sys/bus/event_source/devices/kprobe", F_OK))
		SKIP("this kernel has kprobes: see kprobe_test");
	hp = new_handle(&(const struct hotprobe_opts){.confine = true});
	open_text(hp, "int f(struct pt_regs *ctx) { return 0; }\n");
	load_program(hp);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "f", "kprobe:vfs_*", NULL), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "CONFIG_KPROBES"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(functions_that_the_kernel_lacks_are_named_all)
{
	static const char text[] = "KFUNC_PROBE(no_such_function) { return 0; }\n"
				   "KRETFUNC_PROBE(no_such_function, int ret) { return 0; }\n"
				   "KMOD_RET(no_such_function, int ret) { return 0; }\n"
				   "LSM_PROBE(no_such_hook) { return 0; }\n";
	struct hotprobe *hp;

	NEED(no_bpf());
	hp = new_handle(NULL);
	open_text(hp, text);
	ck_assert_int_eq(hotprobe_load(hp), -ENOENT);
	ck_assert_uint_eq(hotprobe_diagnostic_count(hp), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct hotprobe_diagnostic *d = hotprobe_diagnostic_at(hp, i);

		ck_assert_uint_eq(d->line, i + 1);
		ck_assert_ptr_nonnull(strstr(d->text, i < 3 ? "no function no_such_function"
							    : "no LSM hook no_such_hook"));
	}
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kinds");

	add_test(suite, samples_of_all_cpus_are_confined_to_the_traced_process, 60);
	add_test(suite, a_process_is_sampled_with_the_threads_it_starts_later, 60);
	add_test(suite, a_process_is_sampled_with_the_threads_it_has, 60);
	add_test(suite, each_page_fault_is_an_event_of_period_1, 60);
	add_loop_test(suite, hardware_events_are_counted_or_refused_with_the_reason, 60, 2);
	add_test(suite, bad_perf_events_are_refused_with_the_reason, 30);
	add_test(suite, perf_events_that_cannot_be_had_leave_nothing_open, 30);
	add_test(suite, what_an_iterator_writes_can_be_read_again_and_again, 30);
	add_test(suite, an_iterator_is_named_as_unconfined, 30);
	add_test(suite, a_table_is_gone_through_by_its_name, 30);
	add_test(suite, an_iterator_that_nothing_places_is_checked, 30);
	add_test(suite, bad_iterators_are_refused_with_the_reason, 30);
	add_test(suite, the_command_prints_what_iterators_write_and_ends, 60);
	add_test(suite, a_pattern_attaches_to_every_tracepoint_that_matches, 60);
	add_test(suite, patterns_that_match_nothing_or_too_much_are_refused, 30);
	add_test(suite, a_kernel_without_trampolines_is_named, 30);
	add_test(suite, a_kernel_without_bpf_lsm_is_named, 30);
	add_test(suite, a_kernel_without_kprobes_is_named_for_patterns_too, 30);
	add_test(suite, functions_that_the_kernel_lacks_are_named_all, 30);
	return run_suite(suite);
}
