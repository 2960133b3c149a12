/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the suites share: running a suite, skipping, children with known behaviour, and runs of
 * other programs with all they print.
 *
 * Each test is a test case of its own for Check, so that it has its own time limit and
 * CK_RUN_CASE=name runs it alone.
 */
#ifndef HOTPROBE_TESTS_SUPPORT_H
#define HOTPROBE_TESTS_SUPPORT_H

#include <check.h>
#undef fail /* of old tests; the library has a function of that name */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "hotprobe.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Suites ------------------------------------------------------------------------------------
 */

/* Adds a test that is ended after that many seconds. */
void add_test(Suite *suite, const TTest *test, unsigned seconds);
/* The same, run times times, with _i from 0. */
void add_loop_test(Suite *suite, const TTest *test, unsigned seconds, int times);
/* Runs all, prints a line for each and "SUITE: N passed, N failed, N skipped". Returns the exit
   status. */
int run_suite(Suite *suite);

/* Ends the running test as skipped. */
#define SKIP(...)                                                                                  \
	do {                                                                                       \
		note_skip(__VA_ARGS__);                                                            \
		return;                                                                            \
	} while (0)
void note_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Skips unless this machine has what the test needs. */
#define NEED(missing)                                                                              \
	do {                                                                                       \
		const char *missing_ = (missing);                                                  \
                                                                                                   \
		if (missing_)                                                                      \
			SKIP("%s", missing_);                                                      \
	} while (0)
/* NULL, or why there is none. no_bpf() tries: it makes a map and loads a program. */
const char *no_btf(void);
const char *no_bpf(void);
const char *no_kprobes(void);
/* NULL if the compiler sees the test's files: see outside_cc.c. */
const char *no_compiler_here(void);
/* NULL in a guest of scripts/guest, of which everything may be traced. */
const char *shared_machine(void);

/* Until this test ends, other tests that ask wait: whoever attaches a trampoline to a kernel function,
   or detaches one, costs all others there the returns of the calls that are inside. */
void claim_function(const char *name);

/* ---- Files -------------------------------------------------------------------------------------
 */

/* A file of the build directory ("hotprobe-cc", "tests/child"), and one of the source tree. The
   result stays valid. */
const char *build_path(const char *name);
const char *source_path(const char *name);
/* A new empty directory, and its removal with all that is in it. */
char *make_dir(void);
void remove_dir(char *dir);
void write_file(const char *path, const void *data, size_t size);
char *read_file(const char *path, size_t *size);
/* malloc'ed */
char *format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Processes ---------------------------------------------------------------------------------
 */

struct process {
	pid_t pid;
	int out_fd, err_fd; /* memory files that take what it prints */
};

struct result {
	int status; /* as a shell has it: 128 + N if signal N ended it */
	char *out, *err;
	size_t out_size;
};

struct process process_start(const char *const argv[], const void *input, size_t input_size);
struct result process_wait(struct process process);
/* What it has printed so far; malloc'ed. */
char *process_printed(int fd, size_t *size);
struct result run(const char *const argv[], const void *input, size_t input_size);
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL}, NULL, 0)
void result_free(struct result *result);

/* A forked child of the test that does a piece of work each time it is told to. */
struct peer {
	pid_t pid;
	int to_fd, from_fd;
};

struct peer peer_start(void (*work)(void *arg), void *arg);
/* Lets it do its work and waits until it is done. */
void peer_work(struct peer *peer);
/* Waits until it sleeps in the read(2) by which it will be told again: all that comes of its work, also
   of saying that it is done, is over. */
void peer_rest(const struct peer *peer);
void peer_end(struct peer *peer);

/* ---- Handles -----------------------------------------------------------------------------------
 */

/* With the worker of the build directory; opts may be NULL. Fails the test without memory. */
struct hotprobe *new_handle(const struct hotprobe_opts *opts);
/* Opens a file of tests/programs or another of the source tree, and fails the test with the
   diagnostics if it does not compile. With HOTPROBE_TEST_IMAGES in the environment it is compiled
   to an image, and that is opened, without a compiler. */
void open_program(struct hotprobe *hp, const char *path);
void open_text(struct hotprobe *hp, const char *text);
void load_program(struct hotprobe *hp);
/* Fails the test with the handle's error and diagnostics unless err is 0 or more. */
#define ck_hp(hp, err) check_hp(hp, err, __FILE__, __LINE__, #err)
int check_hp(struct hotprobe *hp, int err, const char *file, int line, const char *what);
/* The first diagnostic of that severity, NULL if there is none. */
const struct hotprobe_diagnostic *find_diagnostic(const struct hotprobe *hp,
						  enum hotprobe_severity severity);
size_t count_fds(void);

/* Polls until done() or for that many seconds; fails the test then. */
void poll_until(struct hotprobe *hp, bool (*done)(void *arg), void *arg, int seconds);
/* Takes all events until the command has ended, and what came after. Returns its wait status. */
int run_command(struct hotprobe *hp, const char *const argv[]);

#endif
