/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe watch: as run, and whenever a file of the source is saved its program takes the place of
 * the one that is attached. It is compiled and loaded in a thread of its own, while events go on
 * being printed; the change itself is hotprobe_attach()'s.
 */
#include "command.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "file_watch.h"
#include "report.h"
#include "session.h"
#include "signals.h"
#include "text.h"

enum { GONE_MS = 300 }; /* a file may be away that long while it is saved */

/* One save on its way into the kernel. */
struct reload {
	pthread_t thread;
	bool running;
	struct program *program; /* NULL: nothing is on its way */
	int status;
	struct timespec begun; /* of CLOCK_REALTIME, as file times are */
	int64_t begun_ms;
};

struct watch {
	struct session session;
	struct file_watch files;
	struct reload reload;
	int epoll_fd; /* of files and done_fd */
	int done_fd;  /* an eventfd: the thread has ended */
	bool again;   /* a file was saved while the thread ran */
	bool gone;    /* the source is, and that was said */
	bool missing; /* it was not there when it was last looked for */
};

static const char *file_of(const struct watch *watch)
{
	return watch->session.options->source.file;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec file_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

static int failed(const char *what, int err)
{
	report(HOTPROBE_ERROR, "%s: %s", what, strerror(-err));
	return EXIT_SYSTEM;
}

/* ---- The files ------------------------------------------------------------------------------ */

/* The source, and what it was found to include by a compilation that began then. */
static int watch_files(struct watch *watch, const struct program *program,
		       const struct timespec *begun)
{
	size_t count = program && program->hp ? hotprobe_source_count(program->hp) : 0;
	const char **paths;
	int err;

	/* One that could not be read includes what it did before. */
	if (!count && watch->files.file_count)
		return EXIT_DONE;
	paths = calloc(count + 1, sizeof(*paths));
	err = paths ? 0 : -ENOMEM;
	if (!err) {
		paths[0] = file_of(watch);
		for (size_t i = 1; i < count; i++)
			paths[i] = hotprobe_source_at(program->hp, i);
		err = file_watch_set(&watch->files, paths, count ? count : 1, begun);
	}
	free(paths);
	return err ? failed("cannot watch the files", err) : EXIT_DONE;
}

static bool is_running(const struct watch *watch)
{
	return watch->session.trace.extra_fd >= 0;
}

enum file_state { FILE_THERE, FILE_GONE, FILE_OTHER };

static enum file_state look_at_file(const struct watch *watch, const char **what)
{
	struct stat st;

	if (stat(file_of(watch), &st)) {
		*what = strerror(errno);
		return FILE_GONE;
	}
	*what = S_ISDIR(st.st_mode) ? "it is a directory now" : "it is no regular file any more";
	return S_ISREG(st.st_mode) ? FILE_THERE : FILE_OTHER;
}

/* Is there something to compile? Says so if not, once. */
static bool can_reload(struct watch *watch)
{
	const char *what;
	enum file_state state = look_at_file(watch, &what);

	if (state == FILE_THERE) {
		watch->gone = watch->missing = false;
		return true;
	}
	if (!watch->missing) {
		watch->missing = true;
		file_watch_again(&watch->files, GONE_MS);
		return false;
	}
	if (!watch->gone)
		report(HOTPROBE_WARNING, "%s: %s; %s until it is back", file_of(watch), what,
		       is_running(watch) ? "the program goes on as it was" : "waiting");
	watch->gone = true;
	return false;
}

/* ---- Compiling beside the events ------------------------------------------------------------ */

static int make_successor(struct watch *watch)
{
	struct session *session = &watch->session;
	struct program *program = watch->reload.program;
	int status = session_compile(session, program), err;

	if (status != EXIT_DONE)
		return status;
	err = hotprobe_inherit(program->hp, session->program->hp);
	return err ? program_failed(program, err) : session_load(session, program);
}

static void *run_reload(void *ctx)
{
	struct watch *watch = ctx;

	watch->reload.status = make_successor(watch);
	/* Cannot fail: the counter is far from full. */
	(void)!write(watch->done_fd, &(uint64_t){1}, sizeof(uint64_t));
	return NULL;
}

/* Signals are for the thread that prints. */
static int start_thread(struct watch *watch)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&watch->reload.thread, NULL, run_reload, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void drop_reload(struct watch *watch)
{
	if (watch->reload.program)
		program_close(watch->reload.program);
	free(watch->reload.program);
	watch->reload.program = NULL;
}

static void begin_reload(struct watch *watch)
{
	struct reload *reload = &watch->reload;
	int err;

	reload->begun = file_time();
	reload->begun_ms = now_ms();
	reload->program = calloc(1, sizeof(*reload->program));
	err = reload->program ? start_thread(watch) : ENOMEM;
	reload->running = !err;
	if (!err)
		return;
	report(HOTPROBE_ERROR, "cannot compile: %s", strerror(err));
	drop_reload(watch);
}

/* ---- Changing over -------------------------------------------------------------------------- */

static void describe_tables(struct text *text, const struct hotprobe *hp)
{
	size_t kept = 0;

	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const char *anew = hotprobe_table_anew(hotprobe_table_at(hp, i));

		kept += anew && !*anew;
	}
	if (kept)
		text_format(text, ", %zu table%s kept", kept, kept == 1 ? "" : "s");
	for (size_t i = 0; i < hotprobe_table_count(hp); i++) {
		const struct hotprobe_table *table = hotprobe_table_at(hp, i);
		const char *anew = hotprobe_table_anew(table);

		if (anew && *anew)
			text_format(text, ", %s starts anew: %s", hotprobe_table_name(table), anew);
	}
}

static void say_reloaded(const struct watch *watch, const struct hotprobe *hp)
{
	struct text tables = {0};

	describe_tables(&tables, hp);
	report(HOTPROBE_NOTE, "reloaded in %lld ms%s",
	       (long long)(now_ms() - watch->reload.begun_ms), text_cstr(&tables));
	text_free(&tables);
}

static void say_failed(const struct watch *watch)
{
	report(HOTPROBE_NOTE, "%s: the program goes on as it was", file_of(watch));
}

/* Returns an exit status. */
static int change_over(struct watch *watch)
{
	struct session *session = &watch->session;
	struct program *old = session->program, *next = watch->reload.program;
	int status = session_subscribe(session, next);

	if (status == EXIT_DONE)
		status = program_attach(next);
	if (status != EXIT_DONE) {
		output_drop_next(&session->out);
		return status;
	}
	session_report_lost(session, old->hp);
	tables_shown_succeed(&session->shown, next->hp, old->hp);
	session->program = next;
	session->trace.hp = session->out.hp = next->hp;
	output_succeed(&session->out);
	watch->reload.program = NULL;
	program_close(old);
	free(old);
	say_reloaded(watch, next->hp);
	return EXIT_DONE;
}

static void check_files(struct watch *watch)
{
	if (!file_watch_read(&watch->files))
		return;
	if (watch->reload.running)
		watch->again = true;
	else if (can_reload(watch))
		begin_reload(watch);
}

static void end_reload(struct watch *watch)
{
	struct reload *reload = &watch->reload;

	pthread_join(reload->thread, NULL);
	reload->running = false;
	if (reload->status == EXIT_DONE)
		reload->status = change_over(watch);
	watch->files.any_header = reload->status != EXIT_DONE;
	if (reload->status != EXIT_DONE)
		say_failed(watch);
	watch_files(watch, reload->program ? reload->program : watch->session.program,
		    &reload->begun);
	drop_reload(watch);
	if (watch->again)
		file_watch_again(&watch->files, 1);
	watch->again = false;
}

/* The session has seen watch->epoll_fd readable. */
static void handle(void *ctx)
{
	struct watch *watch = ctx;
	uint64_t count;

	if (read(watch->done_fd, &count, sizeof(count)) == sizeof(count))
		end_reload(watch);
	check_files(watch);
}

/* ---- From start to end ---------------------------------------------------------------------- */

static int open_watch(struct watch *watch)
{
	struct timespec now = file_time();
	struct epoll_event interest = {.events = EPOLLIN};
	int err = file_watch_open(&watch->files);

	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!err &&
	    (watch->epoll_fd < 0 || watch->done_fd < 0 ||
	     epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, watch->done_fd, &interest) ||
	     epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, file_watch_fd(&watch->files), &interest)))
		err = -errno;
	return err ? failed("cannot watch the files", err) : watch_files(watch, NULL, &now);
}

static void close_watch(struct watch *watch)
{
	if (watch->reload.running)
		pthread_join(watch->reload.thread, NULL);
	drop_reload(watch);
	file_watch_close(&watch->files);
	if (watch->done_fd >= 0)
		close(watch->done_fd);
	if (watch->epoll_fd >= 0)
		close(watch->epoll_fd);
}

/* Returns false if a signal came first. */
static bool wait_for_save(struct watch *watch)
{
	struct pollfd fds[2] = {
		{.fd = file_watch_fd(&watch->files), .events = POLLIN},
		{.fd = watch->session.trace.signal_fd, .events = POLLIN},
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents)
			return false;
		if (file_watch_read(&watch->files) && can_reload(watch))
			return true;
	}
}

/* What does not work to begin with may be mended, before anything has been started. */
static int start(struct watch *watch)
{
	struct session *session = &watch->session;
	bool from_terminal;
	int status;

	for (;;) {
		struct timespec begun = file_time();

		status = session_start(session);
		if (status == EXIT_DONE || status == EXIT_PROGRAM) {
			watch->files.any_header = status != EXIT_DONE;
			if (watch_files(watch, session->program, &begun))
				return EXIT_SYSTEM;
		}
		if (status != EXIT_PROGRAM)
			return status;
		report(HOTPROBE_NOTE, "waiting for %s to be mended", file_of(watch));
		if (!wait_for_save(watch))
			return EXIT_SIGNALLED + signals_caught(&from_terminal);
	}
}

static int watch_program(const struct run_options *options)
{
	struct watch watch = {.epoll_fd = -1, .done_fd = -1};
	int status;

	session_open(&watch.session, options);
	watch.session.replaceable = true;
	status = open_watch(&watch);
	if (status == EXIT_DONE)
		status = start(&watch);
	if (status == EXIT_DONE) {
		watch.session.trace.extra_fd = watch.epoll_fd;
		watch.session.trace.extra = handle;
		watch.session.trace.extra_ctx = &watch;
		status = session_trace(&watch.session);
	}
	close_watch(&watch);
	return session_close(&watch.session, status);
}

static int watch_main(const struct command *command, int argc, char **argv)
{
	struct run_options options;
	int status;

	if (run_options_parse(&options, command, argc, argv, &status))
		status = strcmp(options.source.file, "-")
				 ? watch_program(&options)
				 : usage_error(command, "standard input cannot be watched: give a "
							"file");
	run_options_free(&options);
	return status;
}

/* clang-format off */
static const char watch_help[] =
	"Usage: hotprobe watch FILE.c [OPTION...] [-- COMMAND [ARGUMENT...]]\n"
	"\n"
	"Does what hotprobe run does, and whenever FILE.c, or a file that it includes with \"\", is\n"
	"saved, compiles it while the program goes on, and has the new one take its place at one\n"
	"moment: no event is missed or told twice. Tables that are declared as before keep what they\n"
	"hold. A program that does not compile, load or attach changes nothing: its error is shown\n"
	"and the old one goes on. If FILE.c is wrong to begin with, COMMAND waits until it is not.\n"
	"\n"
	LOCAL_RUN_HELP;
/* clang-format on */

const struct command command_watch = {
	.name = "watch",
	.summary = "run, and replace the program whenever its file is saved",
	.help = watch_help,
	.main = watch_main,
};
