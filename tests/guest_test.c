/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: scripts/guest passes on what a command says and leaves nothing behind, however it ends;
 * images built here run there, on two kernels with kprobes, and count exactly.
 *
 * A boot takes seconds. So each kernel is booted once for all that is to be traced: by the script
 * below, before the first test. It leaves NAME.out, NAME.err and NAME.status of each run.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OPENS = 1000 };

/* $B: the build directory, $D: a directory of the host, $T: one in the guest's memory. */
static const char lab_script[] =
	"T=$(mktemp -d /dev/shm/XXXXXX)\n"
	"cd $D; mkdir $T/a $T/b\n"
	"note() { name=$1; shift; \"$@\" >$name.out 2>$name.err; echo $? >$name.status; }\n"
	"trace() { name=$1 image=$2; shift 2; note $name $B/hotprobe run $image.hpo --json \"$@\"; "
	"}\n"
	"trace kprobes kprobes -- $B/tests/child unlinks $T 100\n"
	"trace six six -v -- $B/tests/child six 100\n"
	"trace opens opensnoop --perf-pages 512 -- $B/tests/child opens $T/a 1000 $T/a/log\n"
	/* An unrelated process opens files while a command is traced: confined, then not. */
	"both() {\n"
	"	rm -f $T/go $T/done\n"
	"	(until [ -e $T/go ]; do sleep 0.05; done; $B/tests/child opens $T/b 200 $T/b/log\n"
	"	 : >$T/done) &\n"
	"	trace \"$@\" -- sh -c ': >$1/go; until [ -e $1/done ]; do sleep 0.05; done' sh $T\n"
	"	: >$T/go\n"
	"	wait\n"
	"}\n"
	"both confined opensnoop\n"
	"both all opensnoop --all\n"
	"trace nowhere kprobes --attach kprobe:no_such_function=on_match -- true\n"
	"mkdir $T/f\n"
	"trace fits fits --perf-pages 512 -- $B/tests/child opens $T/f 100 $T/f/log\n"
	"trace other other -- true\n"
	"trace lockdown kprobes -- true\n"
	"bpftool prog show >left.out 2>&1\n"
	"echo out; echo err >&2\n"
	"exit 7\n";

struct lab {
	const char *kernel;
	char *vmlinux, *dir;
	struct result boot;
};

/* The first two kernels; the third boot is one of a kernel that is locked down. */
enum { OLD, NEW, LOCKED, LABS };
static struct lab machines[LABS] = {{.kernel = "6.1"}, {.kernel = "6.12"}, {.kernel = "6.1"}};

static const char *no_guest; /* why there are none */
static char *home;	     /* the cache directory of this test */

/* ---- Before the first test -------------------------------------------------------------------
 */

#define GUEST(...) RUN(build_path("hotprobe-guest"), __VA_ARGS__)

static char *last_line(const char *text)
{
	size_t length = strlen(text), from;

	while (length && text[length - 1] == '\n')
		length--;
	for (from = length; from && text[from - 1] != '\n'; from--)
		;
	return strndup(text + from, length - from);
}

/* The kernels stay where they are kept; all else that guests leave would be in our own directory.
 */
static void find_kernel(struct lab *lab)
{
	struct result r = GUEST("setup", "--kernel", lab->kernel);
	char *link = format("%s/%s", home, lab->kernel), *kept;

	if (r.status) {
		no_guest = last_line(r.err);
		result_free(&r);
		return;
	}
	r.out[strcspn(r.out, "\n")] = '\0';
	kept = strdup(r.out);
	*strrchr(kept, '/') = '\0';
	ck_assert(!symlink(kept, link) || errno == EEXIST);
	lab->vmlinux = format("%s%s", link, strrchr(r.out, '/'));
	free(kept);
	free(link);
	result_free(&r);
}

static void build_image(const struct lab *lab, const struct lab *kernel, const char *name,
			const char *source, const char *define)
{
	char *image = format("%s/%s.hpo", lab->dir, name);
	struct result r = RUN(build_path("hotprobe"), "build", source_path(source), "-o", image,
			      "--btf", kernel->vmlinux, "-D", define);

	if (r.status)
		fputs(r.err, stderr);
	result_free(&r);
	free(image);
}

static void run_lab(struct lab *lab)
{
	char *script = format("B='%s' D='%s'\n%s", build_path("."), lab->dir, lab_script);
	const struct lab *other = &machines[lab == &machines[NEW] ? OLD : NEW];
	const char *append = lab == &machines[LOCKED] ? "lockdown=confidentiality" : "quiet";

	build_image(lab, lab, "kprobes", "tests/programs/kernel_kinds.c", "KPROBES");
	build_image(lab, lab, "six", "tests/programs/kernel_kinds.c", "SYSCALLS");
	build_image(lab, lab, "opensnoop", "programs/opensnoop.c", "NOTHING");
	build_image(lab, other, "fits", "programs/opensnoop.c", "NOTHING");
	build_image(lab, other, "other", "tests/programs/kernel_types.c", "NOTHING");
	lab->boot = GUEST("run", "--kernel", lab->kernel, "--timeout", "240", "--rw", lab->dir,
			  "--append", append, "--", "sh", "-c", script);
	free(script);
}

/* Before each test, in the process that all tests are forked from; of use the first time. */
static void set_up(void)
{
	struct result r;

	if (home)
		return;
	home = make_dir();
	for (int i = 0; i < LABS && !no_guest; i++) {
		machines[i].dir = format("%s/lab%d", home, i);
		ck_assert_int_eq(mkdir(machines[i].dir, 0755), 0);
		find_kernel(&machines[i]);
	}
	chmod(home, 0755);
	setenv("HOTPROBE_GUEST_CACHE", home, 1);
	if (no_guest)
		return;
	/* What QEMU cannot do here is not the script's fault. */
	r = GUEST("run", "--cpus", "1", "--", "true");
	if (r.status)
		no_guest = last_line(r.err);
	result_free(&r);
	for (int i = 0; i < LABS && !no_guest; i++)
		run_lab(&machines[i]);
}

/* ---- What the runs of a lab left ------------------------------------------------------------- */

static char *lab_file(const struct lab *lab, const char *name)
{
	char *path = format("%s/%s", lab->dir, name), *text = read_file(path, NULL);

	free(path);
	return text;
}

static int lab_status(const struct lab *lab, const char *name)
{
	char *file = format("%s.status", name), *text = lab_file(lab, file);
	int status = atoi(text);

	free(text);
	free(file);
	return status;
}

/* Lines of NAME.out with both words in them. */
static int lab_count(const struct lab *lab, const char *name, const char *first, const char *second)
{
	char *file = format("%s.out", name), *text = lab_file(lab, file);
	char *rest = NULL, *line;
	int count = 0;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		count += strstr(line, first) && strstr(line, second);
	free(text);
	free(file);
	return count;
}

static void lab_says(const struct lab *lab, const char *name, const char *words)
{
	char *file = format("%s.err", name), *text = lab_file(lab, file);

	ck_assert_msg(strstr(text, words), "%s, %s: no '%s' in: %s", lab->kernel, name, words,
		      text);
	free(text);
	free(file);
}

#define count_is(lab, name, first, second, expected)                                               \
	ck_assert_msg(lab_count(lab, name, first, second) == (expected),                           \
		      "%s, %s: %d lines with %s and %s, not %d", (lab)->kernel, name,              \
		      lab_count(lab, name, first, second), first, second, expected)

START_TEST(status_and_streams_are_those_of_the_command)
{
	NEED(no_guest);
	for (int i = 0; i < LABS; i++) {
		ck_assert_msg(machines[i].boot.status == 7, "%s: %d: %s", machines[i].kernel,
			      machines[i].boot.status, machines[i].boot.err);
		ck_assert_str_eq(machines[i].boot.out, "out\n");
		ck_assert_str_eq(machines[i].boot.err, "err\n");
	}
}
END_TEST

START_TEST(kprobes_and_kretprobes_see_each_call_once)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "kprobes"), 0);
	count_is(lab, "kprobes", "\"probe\":\"KPROBE\"", "\"value\":-100", 100);
	count_is(lab, "kprobes", "\"probe\":\"KPROBE\"", "\"name\":\"/dev/shm/", 100);
	count_is(lab, "kprobes", "\"probe\":\"KRETPROBE\"", "\"value\":0", 100);
	count_is(lab, "kprobes", "\"event\":", "", 200);
}
END_TEST

START_TEST(kprobes_on_system_calls_see_all_six_arguments)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "six"), 0);
	lab_says(lab, "six", "kprobe __x64_sys_copy_file_range");
	count_is(lab, "six", "\"probe\":\"SYSCALL\"", "\"args\":[11,12,13,14,15,16]", 100);
	count_is(lab, "six", "\"probe\":\"SYSCALL_RET\"", "\"value\":-", 100);
}
END_TEST

START_TEST(opensnoop_sees_the_opens_of_its_command)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "opens"), 0);
	/* and the log */
	count_is(lab, "opens", "\"comm\":\"child\"", "/a/", OPENS + 1);
	count_is(lab, "opens", "/a/", "\"ret\":-2", OPENS / 4);
	count_is(lab, "opens", "\"lost\":", "", 0);
}
END_TEST

START_TEST(a_command_is_traced_alone_or_with_the_whole_system)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "confined"), 0);
	ck_assert_int_eq(lab_status(lab, "all"), 0);
	count_is(lab, "confined", "\"comm\":\"child\"", "", 0);
	ck_assert_int_ge(lab_count(lab, "confined", "/done", ""), 0);
	count_is(lab, "all", "\"comm\":\"child\"", "/b/", 201);
	count_is(lab, "all", "\"lost\":", "", 0);
}
END_TEST

START_TEST(what_the_kernel_lacks_is_named)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "nowhere"), 1);
	lab_says(lab, "nowhere", "no_such_function");
}
END_TEST

START_TEST(an_image_of_another_kernel_runs_where_what_it_uses_is_the_same)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "fits"), 0);
	count_is(lab, "fits", "\"comm\":\"child\"", "/f/", 101);
	ck_assert_int_eq(lab_status(lab, "other"), 1);
	lab_says(lab, "other", "struct task_struct.tgid is another on this kernel");
}
END_TEST

START_TEST(a_kernel_that_is_locked_down_is_named)
{
	const struct lab *lab = &machines[LOCKED];

	NEED(no_guest);
	ck_assert_int_eq(lab_status(lab, "lockdown"), 3);
	lab_says(lab, "lockdown", "the kernel is locked down");
	count_is(lab, "kprobes", "\"event\":", "", 0);
}
END_TEST

START_TEST(no_program_stays_in_the_kernel)
{
	const struct lab *lab = &machines[_i];

	NEED(no_guest);
	count_is(lab, "left", "kprobe", "", 0);
	count_is(lab, "left", "tracepoint", "", 0);
}
END_TEST

/* ---- The script --------------------------------------------------------------------------------
 */

/* Processes with our directory in their command line: QEMUs and what holds them. */
static int count_processes(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(proc);
	while ((entry = readdir(proc))) {
		char *path = format("/proc/%s/cmdline", entry->d_name);
		FILE *file =
			*entry->d_name >= '1' && *entry->d_name <= '9' ? fopen(path, "re") : NULL;
		char line[16384];
		size_t size = file ? fread(line, 1, sizeof(line), file) : 0;

		count += size && memmem(line, size, home, strlen(home));
		if (file)
			fclose(file);
		free(path);
	}
	closedir(proc);
	return count;
}

/* Directories of guests in ours. */
static int count_jobs(void)
{
	DIR *dir = opendir(home);
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		count += !strncmp(entry->d_name, "run.", 4);
	closedir(dir);
	return count;
}

static void nothing_is_left(void)
{
	ck_assert_int_eq(count_processes(), 0);
	ck_assert_int_eq(count_jobs(), 0);
}

#define START(...)                                                                                 \
	process_start((const char *const[]){build_path("hotprobe-guest"), __VA_ARGS__, NULL},      \
		      NULL, 0)

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

static void wait_until_printed(struct process process, const char *words)
{
	bool found = false;

	for (int i = 0; i < 600 && !found; i++, sleep_ms(100)) {
		char *text = process_printed(process.out_fd, NULL);

		found = strstr(text, words);
		free(text);
	}
	ck_assert(found);
}

START_TEST(two_guests_run_at_once_and_one_prints_a_gigabyte)
{
	struct process absent;
	struct result r;
	char *pipe;

	NEED(no_guest);
	absent = START("run", "--cpus", "1", "--", "no-such-command", "x");
	pipe = format("%s run --cpus 1 -- head -c 1G /dev/zero | wc -c",
		      build_path("hotprobe-guest"));
	r = RUN("sh", "-c", pipe);
	ck_assert_str_eq(r.out, "1073741824\n");
	ck_assert_str_eq(r.err, "");
	result_free(&r);
	free(pipe);
	r = process_wait(absent);
	ck_assert_int_eq(r.status, 127);
	ck_assert_str_eq(r.out, "");
	ck_assert_str_eq(r.err, "guest: no-such-command: no such command in the guest\n");
	result_free(&r);
	nothing_is_left();
}
END_TEST

START_TEST(a_guest_without_end_ends_at_the_timeout)
{
	struct result r;

	NEED(no_guest);
	r = GUEST("run", "--cpus", "1", "--timeout", "25", "--", "sh", "-c", "echo on; sleep 1000");
	ck_assert_int_eq(r.status, 124);
	ck_assert_str_eq(r.out, "on\n");
	ck_assert_str_eq(r.err, "guest: the command has not ended within 25 s\n");
	result_free(&r);
	nothing_is_left();
}
END_TEST

START_TEST(a_guest_that_does_not_start_shows_its_console)
{
	struct result r;

	NEED(no_guest);
	r = GUEST("run", "--cpus", "1", "--append", "rdinit=/none", "--", "true");
	ck_assert_int_eq(r.status, 125);
	ck_assert_ptr_nonnull(strstr(r.err, "guest: the guest does not start\n"));
	ck_assert_ptr_nonnull(strstr(r.err, "Kernel panic"));
	result_free(&r);
	nothing_is_left();
}
END_TEST

START_TEST(the_first_signal_goes_to_the_command)
{
	struct process process;
	struct result r;

	NEED(no_guest);
	process = START("run", "--cpus", "1", "--", "bash", "-c",
			"trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.1; done");
	wait_until_printed(process, "ready\n");
	ck_assert_int_eq(kill(process.pid, SIGINT), 0);
	r = process_wait(process);
	ck_assert_str_eq(r.out, "ready\ncaught\n");
	ck_assert_str_eq(r.err, "");
	ck_assert_int_eq(r.status, 3);
	result_free(&r);
	nothing_is_left();
}
END_TEST

START_TEST(the_second_signal_ends_the_guest)
{
	struct process process;
	struct result r;

	NEED(no_guest);
	process = START("run", "--cpus", "1", "--", "bash", "-c",
			"trap '' INT TERM; echo ready; while :; do sleep 0.1; done");
	wait_until_printed(process, "ready\n");
	ck_assert_int_eq(kill(process.pid, SIGTERM), 0);
	sleep_ms(500);
	ck_assert_int_eq(kill(process.pid, SIGTERM), 0);
	r = process_wait(process);
	ck_assert_int_eq(r.status, 128 + SIGTERM);
	result_free(&r);
	nothing_is_left();
}
END_TEST

START_TEST(a_killed_script_leaves_no_guest)
{
	struct process process;
	struct result r;
	char *jobs;

	NEED(no_guest);
	process = START("run", "--cpus", "1", "--", "sh", "-c", "echo ready; sleep 1000");
	wait_until_printed(process, "ready\n");
	ck_assert_int_gt(count_processes(), 0);
	ck_assert_int_eq(kill(process.pid, SIGKILL), 0);
	r = process_wait(process);
	result_free(&r);
	for (int i = 0; i < 100 && count_processes(); i++)
		sleep_ms(100);
	ck_assert_int_eq(count_processes(), 0);
	/* Its directory is removed by another that comes later. */
	ck_assert_int_eq(count_jobs(), 1);
	jobs = format("rm -r %s/run.*", home);
	r = RUN("sh", "-c", jobs);
	free(jobs);
	result_free(&r);
}
END_TEST

START_TEST(hotprobe_guest_needs_no_privilege)
{
	const char *setpriv =
		"exec setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH=$PATH "
		"TMPDIR=$1 HOTPROBE_GUEST_CACHE=$2 $3 guest run --all --json --cpus 1 $4 -- "
		"sh -c 'id -u; exit 5'";
	struct result r;
	char *dir;

	NEED(no_guest);
	if (geteuid())
		SKIP("only root can become another user");
	r = RUN("setpriv", "--reuid", "65534", "--clear-groups", "test", "-x",
		build_path("hotprobe-guest"));
	if (r.status) {
		result_free(&r);
		SKIP("the build directory is not everyone's to read");
	}
	result_free(&r);
	dir = make_dir();
	ck_assert_int_eq(chown(dir, 65534, 65534), 0);
	r = RUN("sh", "-c", setpriv, "sh", dir, home, build_path("hotprobe"),
		source_path("programs/hello.c"));
	ck_assert_msg(r.status == 5, "%d: %s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.out, "0\n"));
	ck_assert_ptr_nonnull(strstr(r.out, "\"comm\":\"id\""));
	result_free(&r);
	ck_assert_int_eq(rmdir(dir), 0); /* empty again */
	free(dir);
	nothing_is_left();
}
END_TEST

START_TEST(bad_command_lines_are_refused)
{
	static const struct {
		const char *argv[5], *says;
	} cases[] = {
		{{"run", "--kernel", "six"}, "--kernel 'six'"},
		{{"run", "--cpus", "0", "--", "true"}, "--cpus '0'"},
		{{"run", "--memory", "1", "--", "true"}, "--memory '1'"},
		{{"run", "--timeout", "x", "--", "true"}, "--timeout 'x'"},
		{{"run", "--rw", "/no/such", "--", "true"}, "--rw '/no/such'"},
		{{"run", "--rw"}, "needs a value"},
		{{"run", "--arch", "sparc", "--", "true"}, "--arch 'sparc'"},
		{{"run", "--arch", "arm64", "--", "true"}, "needs --root"},
		{{"run", "--root", "/dev", "--", "true"}, "no /bin/bash"},
		{{"run", "true"}, "unexpected 'true'"},
		{{"run", "--"}, "no command"},
		{{"setup", "--", "true"}, "setup runs no command"},
		{{"start"}, "Usage:"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const *a = cases[i].argv;
		struct result r = GUEST(a[0], a[1], a[2], a[3], a[4]);

		ck_assert_msg(r.status == 2, "case %zu: %d: %s", i, r.status, r.err);
		ck_assert_msg(strstr(r.err, cases[i].says), "case %zu: %s", i, r.err);
		result_free(&r);
	}
}
END_TEST

static void add(Suite *suite, const TTest *test, unsigned seconds, int times)
{
	TCase *tcase = tcase_create(test->name);

	tcase_add_unchecked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, test, 0, times);
	tcase_set_timeout(tcase, seconds);
	suite_add_tcase(suite, tcase);
}

int main(void)
{
	Suite *suite = suite_create("guest");
	int status;

	add(suite, status_and_streams_are_those_of_the_command, 10, 1);
	add(suite, kprobes_and_kretprobes_see_each_call_once, 10, LOCKED);
	add(suite, kprobes_on_system_calls_see_all_six_arguments, 10, LOCKED);
	add(suite, opensnoop_sees_the_opens_of_its_command, 10, LOCKED);
	add(suite, a_command_is_traced_alone_or_with_the_whole_system, 10, LOCKED);
	add(suite, what_the_kernel_lacks_is_named, 10, LOCKED);
	add(suite, an_image_of_another_kernel_runs_where_what_it_uses_is_the_same, 10, LOCKED);
	add(suite, a_kernel_that_is_locked_down_is_named, 10, 1);
	add(suite, no_program_stays_in_the_kernel, 10, LOCKED);
	add(suite, two_guests_run_at_once_and_one_prints_a_gigabyte, 300, 1);
	add(suite, a_guest_without_end_ends_at_the_timeout, 60, 1);
	add(suite, a_guest_that_does_not_start_shows_its_console, 60, 1);
	add(suite, the_first_signal_goes_to_the_command, 120, 1);
	add(suite, the_second_signal_ends_the_guest, 120, 1);
	add(suite, a_killed_script_leaves_no_guest, 120, 1);
	add(suite, hotprobe_guest_needs_no_privilege, 120, 1);
	add(suite, bad_command_lines_are_refused, 30, 1);
	status = run_suite(suite);
	for (int i = 0; i < LABS; i++)
		result_free(&machines[i].boot);
	if (home)
		remove_dir(home);
	return status;
}
