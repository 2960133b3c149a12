/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: scripts/guest passes on what a command says and leaves nothing behind, however it ends;
 * what was compiled here runs there. Each of these is a boot; what is to be shown of hotprobe on
 * other kernels, other suites show, all in one: see scripts/test.
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

/* Kernels that have been fetched, each with its vmlinux. */
static struct kernel {
	const char *name;
	char *vmlinux;
} kernels[] = {{.name = "6.1"}, {.name = "6.12"}};

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
static void find_kernel(struct kernel *kernel)
{
	struct result r = GUEST("setup", "--kernel", kernel->name);
	char *link = format("%s/%s", home, kernel->name), *kept;

	if (r.status) {
		no_guest = last_line(r.err);
		result_free(&r);
		return;
	}
	r.out[strcspn(r.out, "\n")] = '\0';
	kept = strdup(r.out);
	*strrchr(kept, '/') = '\0';
	ck_assert(!symlink(kept, link) || errno == EEXIST);
	kernel->vmlinux = format("%s%s", link, strrchr(r.out, '/'));
	free(kept);
	free(link);
	result_free(&r);
}

/* Before each test, in the process that all tests are forked from; of use the first time. */
static void set_up(void)
{
	struct result r;

	if (home)
		return;
	home = make_dir();
	chmod(home, 0755);
	for (size_t i = 0; i < COUNT(kernels) && !no_guest; i++)
		find_kernel(&kernels[i]);
	setenv("HOTPROBE_GUEST_CACHE", home, 1);
	if (no_guest)
		return;
	/* What QEMU cannot do here is not the script's fault. */
	r = GUEST("run", "--cpus", "1", "--", "true");
	if (r.status)
		no_guest = last_line(r.err);
	result_free(&r);
}

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

/* ---- What a command gets and says --------------------------------------------------------------
 */

START_TEST(streams_files_and_status_are_those_of_the_command)
{
	const char *script = "cat; echo err >&2; echo kept >$0/kept; uname -r; : >/root/gone-$$\n"
			     "sleep 1000 & exit 7";
	struct process process;
	char *dir, *kept, *argv0, *text;
	struct result r;

	NEED(no_guest);
	dir = make_dir();
	argv0 = (char *)build_path("hotprobe-guest");
	process = process_start((const char *const[]){argv0, "run", "--kernel", kernels[_i].name,
						      "--cpus", "1", "--rw", dir, "--stdin", "--",
						      "sh", "-c", script, dir, NULL},
				"in\n", 3);
	r = process_wait(process);
	ck_assert_msg(r.status == 7, "%d: %s", r.status, r.err);
	ck_assert_str_eq(r.err, "err\n");
	text = format("in\n%s\n", strrchr(kernels[_i].vmlinux, '/') + strlen("/vmlinux-"));
	ck_assert_str_eq(r.out, text);
	free(text);
	result_free(&r);
	text = format("%s/kept", dir);
	kept = read_file(text, NULL);
	ck_assert_str_eq(kept, "kept\n");
	free(kept);
	free(text);
	r = RUN("sh", "-c", "ls /root/gone-*");
	ck_assert_int_ne(r.status, 0);
	result_free(&r);
	remove_dir(dir);
	nothing_is_left();
}
END_TEST

static char *build_image(const char *dir, const struct kernel *kernel, const char *source)
{
	char *image = format("%s/image.hpo", dir);
	struct result r = RUN(build_path("hotprobe"), "build", source_path(source), "-o", image,
			      "--btf", kernel->vmlinux);

	ck_assert_msg(!r.status, "%s", r.err);
	result_free(&r);
	return image;
}

START_TEST(an_image_of_another_kernel_runs_where_what_it_uses_is_the_same)
{
	static const char script[] =
		"mkdir $0/f; hp=$1\n"
		"$hp run $2 --json --perf-pages 512 -- $3 opens $0/f 100 $0/f/log || exit\n"
		"$hp run $4 -- true; [ $? = 1 ]";
	const struct kernel *other = &kernels[!_i];
	char *fits_dir, *fits, *differs_dir, *differs;
	struct result r;
	int count = 0;

	NEED(no_guest);
	fits_dir = make_dir();
	differs_dir = make_dir();
	fits = build_image(fits_dir, other, "programs/opensnoop.c");
	differs = build_image(differs_dir, other, "tests/programs/kernel_types.c");
	r = GUEST("run", "--kernel", kernels[_i].name, "--cpus", "1", "--", "sh", "-c", script,
		  "/dev/shm", build_path("hotprobe"), fits, build_path("tests/child"), differs);
	ck_assert_msg(!r.status, "%d: %s", r.status, r.err);
	for (const char *at = r.out; (at = strstr(at, "\"/dev/shm/f/")); at++)
		count++;
	ck_assert_int_eq(count, 101);
	ck_assert_msg(strstr(r.err, "struct task_struct.tgid is another on this kernel"), "%s",
		      r.err);
	result_free(&r);
	free(differs);
	free(fits);
	remove_dir(differs_dir);
	remove_dir(fits_dir);
}
END_TEST

START_TEST(a_kernel_that_is_locked_down_is_named)
{
	struct result r;
	char *dir, *image;

	NEED(no_guest);
	dir = make_dir();
	image = build_image(dir, &kernels[0], "programs/hello.c");
	r = GUEST("run", "--cpus", "1", "--append", "lockdown=confidentiality", "--",
		  build_path("hotprobe"), "run", image, "--", "true");
	ck_assert_msg(r.status == 3, "%d: %s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.err, "the kernel is locked down"));
	result_free(&r);
	free(image);
	remove_dir(dir);
}
END_TEST

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

/* On a busy machine the start alone may take the time: then again with more of it. */
static unsigned end_by_timeout(unsigned seconds, struct result *r)
{
	char text[16];

	for (;; seconds *= 2) {
		snprintf(text, sizeof(text), "%u", seconds);
		*r = GUEST("run", "--cpus", "1", "--timeout", text, "--", "sh", "-c",
			   "echo on; sleep 1000");
		nothing_is_left();
		if (seconds > 200 || !strstr(r->err, "has not started within"))
			return seconds;
		ck_assert_int_eq(r->status, 125);
		result_free(r);
	}
}

START_TEST(a_guest_without_end_ends_at_the_timeout)
{
	struct result r;
	unsigned seconds;
	char *says;

	NEED(no_guest);
	seconds = end_by_timeout(20, &r);
	says = format("guest: the command has not ended within %u s\n", seconds);
	ck_assert_int_eq(r.status, 124);
	ck_assert_str_eq(r.out, "on\n");
	ck_assert_str_eq(r.err, says);
	result_free(&r);
	free(says);
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
	for (int i = 0; i < 600 && count_processes(); i++)
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

START_TEST(the_demo_runs_in_a_guest_where_bpf_is_refused)
{
	static const char *const ways[] = {"--reuid 65534 --regid 65534 --clear-groups",
					   "--bounding-set=-all --inh-caps=-all"};
	struct result r;
	char *dir, *command;

	NEED(no_guest);
	if (geteuid())
		SKIP("only root can lose privileges");
	dir = make_dir();
	if (!_i)
		ck_assert_int_eq(chown(dir, 65534, 65534), 0);
	command = format("exec setpriv %s env -i PATH=$PATH TMPDIR=%s HOTPROBE_GUEST_CACHE=%s %s",
			 ways[_i], dir, home, source_path("scripts/demo"));
	r = RUN("sh", "-c", command);
	ck_assert_msg(!r.status, "%d: %s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.err, "does not allow"));
	ck_assert_ptr_nonnull(strstr(r.out, "demo: this machine does not let the program run"));
	ck_assert_ptr_nonnull(strstr(r.out, "cat             /etc/hostname"));
	result_free(&r);
	free(command);
	remove_dir(dir);
	nothing_is_left();
}
END_TEST

/* Programs of PATH by links, but for those that begin so. */
static char *path_without(const char *dir, const char *prefix)
{
	char *script =
		format("for d in /usr/sbin /usr/bin; do ln -sf $d/* '%s'; done; rm -f '%s/%s'*",
		       dir, dir, prefix);
	struct result r = RUN("sh", "-c", script);

	result_free(&r);
	free(script);
	return format("PATH=%s", dir);
}

START_TEST(what_is_missing_is_named_with_the_package)
{
	struct result r;
	char *dir, *path;

	dir = make_dir();
	path = path_without(dir, "qemu-system-");
	r = RUN("env", path, build_path("hotprobe-guest"), "setup", "--cache", dir, "--kernel",
		"6.1");
	/* /usr/sbin is searched besides. */
	ck_assert_msg(r.status == 125, "%d: %s", r.status, r.err);
	ck_assert_msg(strstr(r.err, "missing: qemu-system-x86; as root: apt-get install"), "%s",
		      r.err);
	result_free(&r);
	free(path);
	remove_dir(dir);

	r = GUEST("setup", "--cache", "/proc/none");
	ck_assert_int_eq(r.status, 125);
	ck_assert_msg(strstr(r.err, "cannot make /proc/none; name another directory"), "%s", r.err);
	result_free(&r);
}
END_TEST

/* A network that has nothing: what apt-get says is that of a package which was replaced. */
START_TEST(a_package_that_debian_has_replaced_is_named)
{
	static const char apt[] = "#!/bin/sh\n"
				  "case \"$*\" in *update*) exit 0 ;; esac\n"
				  "echo 'E: Unable to locate package' >&2\nexit 100\n";
	struct result r;
	char *dir, *cache, *path, *name;

	NEED(no_guest);
	dir = make_dir();
	cache = make_dir();
	path = path_without(dir, "apt-get");
	name = format("%s/apt-get", dir);
	write_file(name, apt, strlen(apt));
	ck_assert_int_eq(chmod(name, 0755), 0);
	r = RUN("env", path, build_path("hotprobe-guest"), "setup", "--cache", cache, "--kernel",
		"linux-image-6.1.0-1-amd64");
	ck_assert_msg(r.status == 125, "%d: %s", r.status, r.err);
	ck_assert_msg(strstr(r.err, "there is no package linux-image-6.1.0-1-amd64 to download"),
		      "%s", r.err);
	result_free(&r);
	/* Nothing but the lock stays. */
	free(name);
	name = format("ls -A %s", cache);
	r = RUN("sh", "-c", name);
	ck_assert_str_eq(r.out, "lock\n");
	result_free(&r);
	free(name);
	free(path);
	remove_dir(cache);
	remove_dir(dir);
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

	add(suite, streams_files_and_status_are_those_of_the_command, 120, COUNT(kernels));
	add(suite, an_image_of_another_kernel_runs_where_what_it_uses_is_the_same, 120,
	    COUNT(kernels));
	add(suite, a_kernel_that_is_locked_down_is_named, 120, 1);
	add(suite, two_guests_run_at_once_and_one_prints_a_gigabyte, 300, 1);
	add(suite, a_guest_without_end_ends_at_the_timeout, 600, 1);
	add(suite, a_guest_that_does_not_start_shows_its_console, 120, 1);
	add(suite, the_first_signal_goes_to_the_command, 120, 1);
	add(suite, the_second_signal_ends_the_guest, 120, 1);
	add(suite, a_killed_script_leaves_no_guest, 120, 1);
	add(suite, hotprobe_guest_needs_no_privilege, 120, 1);
	add(suite, the_demo_runs_in_a_guest_where_bpf_is_refused, 120, 2);
	add(suite, what_is_missing_is_named_with_the_package, 60, 1);
	add(suite, a_package_that_debian_has_replaced_is_named, 60, 1);
	add(suite, bad_command_lines_are_refused, 30, 1);
	status = run_suite(suite);
	if (home)
		remove_dir(home);
	return status;
}
