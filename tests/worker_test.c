/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiler process that is missing, crashes, hangs, is killed or talks nonsense is an error for
 * the host, and leaves nothing behind. No compiler and no privilege is needed.
 */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker of tests/worker.c and a handle that uses it. */
struct fixture {
	char *dir, *link;
	struct hotprobe *hp;
};

static struct fixture set_up(const char *behaviour, unsigned timeout_ms)
{
	struct fixture f = {.dir = make_dir()};
	struct hotprobe_opts opts = {.compile_timeout_ms = timeout_ms};

	f.link = format("%s/%s", f.dir, behaviour);
	ck_assert_int_eq(symlink(build_path("tests/worker"), f.link), 0);
	opts.compiler = f.link;
	f.hp = new_handle(&opts);
	return f;
}

static void tear_down(struct fixture *f)
{
	hotprobe_free(f->hp);
	free(f->link);
	remove_dir(f->dir);
}

static int open_with(struct fixture *f)
{
	return hotprobe_open_string(f->hp, "text.c", "int x;\n", 7);
}

static void check_error(struct fixture *f, const char *wanted)
{
	const char *message = hotprobe_error(f->hp);

	ck_assert_msg(strstr(message, wanted), "\"%s\" does not say \"%s\"", message, wanted);
}

START_TEST(a_missing_compiler_is_named_with_a_remedy)
{
	struct hotprobe_opts opts = {.compiler = "/nonexistent/hotprobe-cc"};
	struct hotprobe *hp = new_handle(&opts);
	const struct hotprobe_diagnostic *d;

	ck_assert_int_eq(hotprobe_open_string(hp, "a.c", "", 0), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "/nonexistent/hotprobe-cc"));
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_gt(strlen(d->hint), 0);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_compiler_that_cannot_be_executed_is_an_error)
{
	struct fixture f = set_up("silent", 0);
	char *text = format("%s/text", f.dir);
	struct hotprobe_opts opts = {.compiler = text};
	struct hotprobe *hp = new_handle(&opts);

	write_file(text, "no program", 10);
	ck_assert_int_eq(hotprobe_open_string(hp, "a.c", "", 0), -EOPNOTSUPP);
	hotprobe_free(hp);
	chmod(text, 0755);
	hp = new_handle(&opts);
	ck_assert_int_eq(hotprobe_open_string(hp, "a.c", "", 0), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), text));
	hotprobe_free(hp);
	free(text);
	tear_down(&f);
}
END_TEST

START_TEST(a_crash_is_an_error_with_the_signal_and_what_was_said)
{
	struct fixture f = set_up("crash", 0);

	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "signal 11");
	check_error(&f, "about to crash");
	tear_down(&f);
}
END_TEST

START_TEST(a_failure_is_an_error_with_the_status_and_what_was_said)
{
	struct fixture f = set_up("fail", 0);

	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "status 3");
	check_error(&f, "no such luck");
	tear_down(&f);
}
END_TEST

START_TEST(a_flood_of_messages_is_cut)
{
	struct fixture f = set_up("fail-loudly", 0);

	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "status 3");
	ck_assert_uint_lt(strlen(hotprobe_error(f.hp)), 4096);
	tear_down(&f);
}
END_TEST

START_TEST(no_answer_is_an_error)
{
	struct fixture f = set_up("silent", 0);

	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "answer");
	tear_down(&f);
}
END_TEST

START_TEST(a_nonsensical_answer_is_an_error)
{
	struct fixture f = set_up("garbage", 0);

	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "unusable");
	tear_down(&f);
}
END_TEST

START_TEST(an_answer_without_end_is_an_error)
{
	struct fixture f = set_up("flood", 0);
	int err = open_with(&f);

	ck_assert_int_eq(err, -ECHILD);
	ck_assert_uint_gt(strlen(hotprobe_error(f.hp)), 0);
	tear_down(&f);
}
END_TEST

static pid_t wait_for_pid(const char *link)
{
	char *path = format("%s.pid", link), *text;
	pid_t pid = 0;

	for (int i = 0; !pid && i < 2000; i++, usleep(5000))
		if (!access(path, R_OK)) {
			text = read_file(path, NULL);
			pid = strchr(text, '\n') ? atoi(text) : 0;
			free(text);
		}
	free(path);
	return pid;
}

START_TEST(a_hang_ends_at_the_time_limit)
{
	struct fixture f = set_up("hang", 500);
	pid_t pid;

	ck_assert_int_eq(open_with(&f), -ETIMEDOUT);
	check_error(&f, "500 ms");
	pid = wait_for_pid(f.link);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(kill(pid, 0), -1); /* it is gone, and reaped */
	ck_assert_int_eq(errno, ESRCH);
	tear_down(&f);
}
END_TEST

static void *kill_worker(void *link)
{
	pid_t pid = wait_for_pid(link);

	if (pid)
		kill(pid, SIGKILL);
	return NULL;
}

START_TEST(a_killed_compiler_is_an_error)
{
	struct fixture f = set_up("hang", 0);
	pthread_t killer;

	ck_assert_int_eq(pthread_create(&killer, NULL, kill_worker, f.link), 0);
	ck_assert_int_eq(open_with(&f), -ECHILD);
	pthread_join(killer, NULL);
	check_error(&f, "signal 9");
	tear_down(&f);
}
END_TEST

START_TEST(the_compiler_inherits_nothing_of_the_host)
{
	struct fixture f = set_up("inheritance", 0);
	int fds[2];
	sigset_t set;

	ck_assert_int_eq(pipe(fds), 0); /* without close-on-exec */
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(open_with(&f), -ECHILD);
	check_error(&f, "fds 0, ignored 0, blocked 0, variables 0");
	tear_down(&f);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(standard_descriptors_may_be_closed)
{
	struct fixture f = set_up("fail", 0);
	int saved[3];

	fflush(NULL);
	for (int i = 0; i < 3; i++) {
		saved[i] = dup(i);
		close(i);
	}
	ck_assert_int_eq(open_with(&f), -ECHILD);
	for (int i = 0; i < 3; i++)
		if (saved[i] >= 0) {
			dup2(saved[i], i);
			close(saved[i]);
		}
	check_error(&f, "no such luck");
	tear_down(&f);
}
END_TEST

static int child_signals;

static void count_signal(int number)
{
	(void)number;
	child_signals++;
}

START_TEST(the_host_sees_no_child_and_no_signal)
{
	struct fixture f = set_up("fail", 0);
	struct sigaction action = {.sa_handler = count_signal}, old;
	sigset_t before, after;

	sigaction(SIGCHLD, &action, NULL);
	sigprocmask(SIG_SETMASK, NULL, &before);
	ck_assert_int_eq(open_with(&f), -ECHILD);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		ck_assert_int_eq(sigismember(&before, i), sigismember(&after, i));
	sigaction(SIGCHLD, NULL, &old);
	ck_assert_ptr_eq(old.sa_handler, count_signal);
	ck_assert_int_eq(child_signals, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	tear_down(&f);
}
END_TEST

START_TEST(failed_compiles_leave_no_descriptor_behind)
{
	size_t before = count_fds();

	for (int i = 0; i < 50; i++) {
		struct fixture f = set_up(i % 2 ? "fail" : "garbage", 0);

		ck_assert_int_eq(open_with(&f), -ECHILD);
		tear_down(&f);
	}
	ck_assert_uint_eq(count_fds(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");

	add_test(suite, a_missing_compiler_is_named_with_a_remedy, 10);
	add_test(suite, a_compiler_that_cannot_be_executed_is_an_error, 10);
	add_test(suite, a_crash_is_an_error_with_the_signal_and_what_was_said, 10);
	add_test(suite, a_failure_is_an_error_with_the_status_and_what_was_said, 10);
	add_test(suite, a_flood_of_messages_is_cut, 20);
	add_test(suite, no_answer_is_an_error, 10);
	add_test(suite, a_nonsensical_answer_is_an_error, 10);
	add_test(suite, an_answer_without_end_is_an_error, 60);
	add_test(suite, a_hang_ends_at_the_time_limit, 20);
	add_test(suite, a_killed_compiler_is_an_error, 20);
	add_test(suite, the_compiler_inherits_nothing_of_the_host, 10);
	add_test(suite, standard_descriptors_may_be_closed, 10);
	add_test(suite, the_host_sees_no_child_and_no_signal, 10);
	add_test(suite, failed_compiles_leave_no_descriptor_behind, 60);
	return run_suite(suite);
}
