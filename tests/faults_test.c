/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails in turn, and every system call with each errno it may have, in all that
 * hosts do (faults/scenarios.c): the call that needed it fails and says why, or what it was for is
 * done without; nothing crashes, hangs, is left or is wrong in silence.
 *
 * By default some eight of each scenario, always the same; HOTPROBE_TEST_FAULTS=random takes
 * others, =all takes all of them, HOTPROBE_TEST_SCENARIO=NAME one scenario alone.
 */
#include "faults/alloc.h"
#include "faults/faulty.h"
#include "faults/scenarios.h"
#include "support.h"
#include "unheld.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FEW = 8,
	PATIENCE_S = 30,
	SECONDS = 3600, /* for all of a scenario, on a slow machine */
};

struct scene {
	struct stage_set set;
	char *dir, *image, *source, *scratch, *cache;
	struct unheld before;
};

static void set_up(struct scene *scene)
{
	char *text = scenario_source();
	struct hotprobe *hp = new_handle(NULL);
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* Commands print. */
	fflush(stdout);
	ck_assert_int_eq(dup2(null_fd, STDOUT_FILENO), STDOUT_FILENO);
	close(null_fd);

	scene->dir = make_dir();
	scene->image = format("%s/image.hpo", scene->dir);
	scene->source = format("%s/source.c", scene->dir);
	scene->scratch = format("%s/scratch", scene->dir);
	scene->cache = format("%s/cache", scene->dir);
	ck_assert_int_eq(mkdir(scene->scratch, 0700), 0);
	write_file(scene->source, text, strlen(text));
	ck_hp(hp, hotprobe_open_file(hp, scene->source));
	ck_hp(hp, hotprobe_save(hp, scene->image));
	hotprobe_free(hp);
	free(text);
	scene->set = (struct stage_set){
		.worker = build_path("hotprobe-cc"),
		.child = build_path("tests/child"),
		.user_child = build_path("tests/user_child"),
		.user_library = build_path("tests/libuser.so"),
		.scratch = scene->scratch,
		.image = scene->image,
		.source = scene->source,
		.cache = scene->cache,
	};
	unheld_find(&scene->before);
}

static void tear_down(struct scene *scene)
{
	const char *left = unheld_since(&scene->before, PATIENCE_S);

	ck_assert_msg(!left, "%s is left", left);
	unheld_free(&scene->before);
	free(scene->image);
	free(scene->source);
	free(scene->scratch);
	free(scene->cache);
	remove_dir(scene->dir);
}

static const char *not_wanted(const struct scenario *scenario)
{
	const char *name = getenv("HOTPROBE_TEST_SCENARIO");

	return name && strcmp(name, scenario->name) ? "another one is asked for" : NULL;
}

/* Commands that go on without their handle end by themselves. */
static void reap(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void expect_success(const struct scenario *scenario, const struct outcome *outcome)
{
	ck_assert_msg(!outcome->nameless, "%s without a fault: a name is missing", scenario->name);
	ck_assert_msg(!outcome->err && !*outcome->wrong, "%s without a fault: %s: %s (%s) %s",
		      scenario->name, outcome->call, outcome->message, strerror(-outcome->err),
		      outcome->wrong);
}

/* Which of count to try, from 1: all, or FEW at even distances, from a random one on if it is
 * asked. */
static size_t stride(size_t count)
{
	const char *faults = getenv("HOTPROBE_TEST_FAULTS");
	size_t step = faults && !strcmp(faults, "all") ? 1 : count / FEW;

	return step ? step : 1;
}

static size_t first(size_t step)
{
	const char *faults = getenv("HOTPROBE_TEST_FAULTS");

	return 1 + (faults && !strcmp(faults, "random") ? (size_t)random() % step : step / 2);
}

/* ---- Memory -----------------------------------------------------------------------------------
 */

static void live_with_allocations(const struct scenario *scenario, const struct stage_set *set,
				  size_t nth, bool all_after, struct outcome *outcome)
{
	*outcome = (struct outcome){0};
	alloc_fail(nth, all_after);
	scenario->run(set, outcome);
	alloc_stop();
	reap();
}

static void check_allocation(const struct scenario *scenario, const struct stage_set *set,
			     size_t nth, bool all_after)
{
	size_t fds = count_fds();
	int64_t blocks = alloc_blocks();
	struct outcome outcome;

	live_with_allocations(scenario, set, nth, all_after, &outcome);
	ck_assert_msg(!*outcome.wrong, "allocation %zu: %s", nth, outcome.wrong);
	ck_assert_msg(!outcome.err || outcome.err == -ENOMEM, "allocation %zu: %s: %s (%s)", nth,
		      outcome.call, outcome.message, strerror(-outcome.err));
	ck_assert_msg(count_fds() == fds, "allocation %zu: %zu descriptors are left (%s)", nth,
		      count_fds() - fds, outcome.call);
	ck_assert_msg(alloc_blocks() == blocks, "allocation %zu: %lld blocks are left (%s)", nth,
		      (long long)(alloc_blocks() - blocks), outcome.call);
}

START_TEST(memory_that_runs_out_is_an_error)
{
	const struct scenario *scenario = &scenarios[_i];
	struct scene scene;
	struct outcome outcome;
	size_t count, step;

	NEED(not_wanted(scenario));
	NEED(no_bpf());
	if (!alloc_can_fail())
		SKIP("a sanitizer has taken the place of malloc()");
	srandom((unsigned)time(NULL) ^ (unsigned)getpid());
	set_up(&scene);
	/* What is only made once is there after that, and the cache is filled. */
	for (int i = 0; i < 2; i++) {
		live_with_allocations(scenario, &scene.set, 0, false, &outcome);
		expect_success(scenario, &outcome);
	}
	alloc_fail(0, false);
	scenario->run(&scene.set, &outcome);
	count = alloc_stop();
	reap();
	step = stride(count);
	for (size_t nth = first(step); nth <= count; nth += step) {
		check_allocation(scenario, &scene.set, nth, false);
		check_allocation(scenario, &scene.set, nth, true);
	}
	tear_down(&scene);
}
END_TEST

/* ---- System calls ------------------------------------------------------------------------------
 */

struct shared {
	const struct scenario *scenario;
	const struct stage_set *set;
	struct outcome outcome;
	size_t fds_before, fds_after;
	bool done;
};

/* In a child, whose calls fail. What it counts itself is not among them. */
static void live_with_calls(void *arg)
{
	struct shared *shared = arg;

	shared->scenario->run(shared->set, &shared->outcome);
	shared->done = true;
}

static void check_call(struct shared *shared, size_t nth, size_t errno_index,
		       struct faulty_run *run)
{
	const struct outcome *outcome = &shared->outcome;
	const char *name;

	shared->outcome = (struct outcome){0};
	shared->done = false;
	faulty_run(live_with_calls, shared, nth, errno_index, run);
	name = faulty_name(run->failed.number);
	ck_assert_msg(!run->hung, "call %zu, %s: %s: it hangs", nth, name,
		      strerror(run->failed.err));
	ck_assert_msg(shared->done && WIFEXITED(run->status), "call %zu, %s: %s: wait status %d",
		      nth, name, strerror(run->failed.err), run->status);
	ck_assert_msg(!*outcome->wrong, "call %zu, %s: %s: %s", nth, name,
		      strerror(run->failed.err), outcome->wrong);
	ck_assert_msg(!outcome->err || *outcome->message, "call %zu, %s: %s: %s gives no reason",
		      nth, name, strerror(run->failed.err), outcome->call);
	if (getenv("HOTPROBE_TEST_VERBOSE") && run->failed.err)
		fprintf(stderr, "%zu %s %s -> %s %d %s\n", nth, name,
			strerrorname_np(run->failed.err), outcome->call, outcome->err,
			outcome->message);
}

START_TEST(system_calls_that_fail_are_errors_or_done_without)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct scenario *scenario = &scenarios[_i];
	struct faulty_run run;
	struct scene scene;
	size_t count, step;

	NEED(not_wanted(scenario));
	NEED(no_bpf());
	NEED(faulty_missing());
	ck_assert_ptr_ne(shared, MAP_FAILED);
	srandom((unsigned)time(NULL) ^ (unsigned)getpid());
	set_up(&scene);
	shared->scenario = scenario;
	shared->set = &scene.set;
	for (int i = 0; i < 2; i++) {
		check_call(shared, 0, 0, &run);
		expect_success(scenario, &shared->outcome);
	}
	count = run.calls;
	step = stride(count);
	for (size_t nth = first(step); nth <= count; nth += step) {
		size_t i = 0;

		do
			check_call(shared, nth, i++, &run);
		while (run.failed.err);
	}
	tear_down(&scene);
	munmap(shared, sizeof(*shared));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");

	add_loop_test(suite, memory_that_runs_out_is_an_error, SECONDS, (int)scenario_count);
	add_loop_test(suite, system_calls_that_fail_are_errors_or_done_without, SECONDS,
		      (int)scenario_count);
	return run_suite(suite);
}
