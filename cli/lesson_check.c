/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a learner's program against an activity. The activity is a child that is forked before
 * anything is loaded, so that it holds none of the program's descriptors; it waits until the
 * program is attached, and ends with this process.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lesson.h"
#include "program.h"
#include "report.h"

enum {
	LIMIT_MS = 10000, /* for an activity that takes a tenth of a second */
};

struct actor {
	struct activity *activity;
	pid_t pid;
	int pid_fd, start_fd;
};

static void act(const struct lesson *lesson, struct activity *activity, int start_fd, pid_t parent)
{
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || read(start_fd, &go, 1) != 1)
		_exit(0);
	lesson->act(activity);
	_exit(0);
}

static int actor_failed(const char *what)
{
	report(HOTPROBE_ERROR, "cannot start the activity: %s: %s", what, strerror(errno));
	return EXIT_SYSTEM;
}

static void actor_end(struct actor *actor)
{
	if (actor->start_fd >= 0)
		close(actor->start_fd);
	if (actor->pid > 0) {
		kill(actor->pid, SIGKILL);
		while (waitpid(actor->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (actor->pid_fd >= 0)
		close(actor->pid_fd);
	if (actor->activity)
		munmap(actor->activity, sizeof(*actor->activity));
}

static int actor_start(struct actor *actor, const struct lesson *lesson)
{
	pid_t parent = getpid();
	int fds[2];
	void *memory;

	*actor = (struct actor){.pid_fd = -1, .start_fd = -1};
	memory = mmap(NULL, sizeof(*actor->activity), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return actor_failed("mmap");
	actor->activity = memory;
	if (pipe2(fds, O_CLOEXEC))
		return actor_failed("pipe");
	actor->pid = fork();
	if (!actor->pid) {
		close(fds[1]);
		act(lesson, actor->activity, fds[0], parent);
	}
	close(fds[0]);
	actor->start_fd = fds[1];
	if (actor->pid < 0)
		return actor_failed("fork");
	actor->pid_fd = pidfd_open(actor->pid, 0);
	return actor->pid_fd < 0 ? actor_failed("pidfd_open") : EXIT_DONE;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Listens until the activity has ended. Returns whether it did in time. */
static bool listen_to(struct judge *judge, const struct actor *actor)
{
	struct pollfd fds[2] = {
		{.fd = hotprobe_fd(judge->hp), .events = POLLIN},
		{.fd = actor->pid_fd, .events = POLLIN},
	};
	int64_t deadline = now_ms() + LIMIT_MS, left;

	while ((left = deadline - now_ms()) > 0) {
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents)
			hotprobe_consume(judge->hp);
		if (fds[1].revents)
			return true;
	}
	return false;
}

/* What was sent until the end, however much it is. */
static void listen_to_rest(struct judge *judge)
{
	int64_t deadline = now_ms() + LIMIT_MS;

	hotprobe_detach(judge->hp);
	while (hotprobe_consume(judge->hp) > 0 && now_ms() < deadline)
		;
}

static void judge_end(struct judge *judge, struct actor *actor, bool in_time)
{
	int status = 0;

	if (!in_time) {
		judge_missing(judge,
			      "the activity takes a moment without your program, with it more than "
			      "%d s: is there a loop in it that takes long?",
			      LIMIT_MS / 1000);
		return;
	}
	while (waitpid(actor->pid, &status, 0) < 0 && errno == EINTR)
		;
	actor->pid = 0;
	if (WIFSIGNALED(status))
		judge_missing(judge,
			      "signal %d ended the activity: your program is to look, not to act",
			      WTERMSIG(status));
	else if (WEXITSTATUS(status))
		judge_missing(judge, "the activity could not do all it was to do");
}

/* What cannot be confined to the activity must not be attached. */
static bool may_attach(struct judge *judge, const struct program *program)
{
	bool may = true;

	for (size_t i = 0; i < hotprobe_program_count(judge->hp); i++) {
		const struct hotprobe_program *function = hotprobe_program_at(judge->hp, i);

		if (!hotprobe_program_unconfined(function))
			continue;
		judge_missing(
			judge,
			"'%s' would see the whole machine: programs of its kind cannot be kept to "
			"the lesson's activity",
			hotprobe_program_name(function));
		may = false;
	}
	if (may && !program_check_placement(program)) {
		judge_missing(
			judge,
			"no function is attached to anything: a name such as syscall__openat, "
			"or a line HOTPROBE(...) in front, says to what");
		may = false;
	}
	return may;
}

static int run(struct judge *judge, const struct lesson *lesson, struct program *program,
	       struct actor *actor)
{
	int err = judge_listen(judge), status;

	if (!err)
		err = hotprobe_trace_pid(judge->hp, actor->pid);
	if (err) {
		program_failed(program, err);
		return EXIT_SYSTEM;
	}
	status = program_attach(program);
	if (status == EXIT_PROGRAM)
		judge_missing(judge, "the program has to be attached: see the message above");
	if (status != EXIT_DONE)
		return status;
	if (write(actor->start_fd, "", 1) != 1)
		return actor_failed("pipe");
	judge_end(judge, actor, listen_to(judge, actor));
	listen_to_rest(judge);
	if (!judge->failed)
		lesson->judge(judge);
	return judge->failed ? EXIT_PROGRAM : EXIT_DONE;
}

static bool is_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return true; /* the library says what is wrong */
	if (S_ISREG(st.st_mode))
		return true;
	report(HOTPROBE_ERROR, "%s is not a file", path);
	return false;
}

int lesson_check(size_t index, const char *file, struct judge *judge)
{
	const struct lesson *lesson = &lessons[index];
	struct hotprobe_opts opts = {.confine = true};
	struct source_options source = {.file = file};
	struct program program = {0};
	struct actor actor;
	int status;

	*judge = (struct judge){.file = file};
	if (lesson->needs && access(lesson->needs, X_OK)) {
		report(HOTPROBE_ERROR, "this lesson needs %s, which is not installed",
		       lesson->needs);
		return EXIT_SYSTEM;
	}
	if (!is_file(file))
		return EXIT_SYSTEM;
	status = actor_start(&actor, lesson);
	judge->activity = actor.activity;
	if (status != EXIT_DONE)
		goto out;

	status = program_open(&program, &source, &opts);
	judge->hp = program.hp;
	if (status == EXIT_PROGRAM)
		judge_missing(judge,
			      "the program has to compile: see the message above, and compare with "
			      "the example in 'hotprobe lesson %zu'",
			      index + 1);
	if (status != EXIT_DONE)
		goto out;
	status = program_load(&program);
	if (status == EXIT_PROGRAM)
		judge_missing(judge,
			      "the verifier has to accept the program: see the message above; "
			      "lesson %zu tells how to read it",
			      lesson_find("verifier") + 1);
	if (status != EXIT_DONE)
		goto out;
	status = EXIT_PROGRAM;
	if (may_attach(judge, &program))
		status = run(judge, lesson, &program, &actor);
out:
	program_close(&program);
	judge->hp = NULL;
	actor_end(&actor);
	judge->activity = NULL;
	return status;
}
