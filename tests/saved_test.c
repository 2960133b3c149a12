/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled programs that are kept: in the cache, and as images. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char text[] = "BPF_HASH(counts, u32, u64);\n"
			   "int syscall__getpgid(struct pt_regs *ctx)\n"
			   "{\n"
			   "	u32 key = 1;\n"
			   "	u64 *value = counts.lookup(&key);\n"
			   "\n"
			   "	*value += 1;\n"
			   "	return 0;\n"
			   "}\n";

static void note_cached(void *ctx, enum hotprobe_severity severity, const char *line)
{
	(void)severity;
	if (strstr(line, "taken from the cache"))
		*(bool *)ctx = true;
}

/* Opens the text with that cache, as a handle of its own would; says whether it came from there. */
static bool opens_from_cache(const char *dir, const char *name, const char *flag)
{
	const char *cflags[] = {flag, NULL};
	bool cached = false;
	struct hotprobe_opts opts = {
		.sz = sizeof(opts),
		.cflags = flag ? cflags : NULL,
		.cache_dir = dir,
		.log = note_cached,
		.log_ctx = &cached,
	};
	struct hotprobe *hp = new_handle(&opts);

	ck_hp(hp, hotprobe_open_string(hp, name, text, strlen(text)));
	ck_assert_ptr_nonnull(hotprobe_find_table(hp, "counts"));
	hotprobe_free(hp);
	return cached;
}

/* The one entry of a cache, malloc'ed. */
static char *only_entry(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	char *path = NULL;

	ck_assert_ptr_nonnull(stream);
	while ((entry = readdir(stream)))
		if (*entry->d_name != '.') {
			ck_assert_ptr_null(path);
			path = format("%s/%s", dir, entry->d_name);
		}
	closedir(stream);
	ck_assert_ptr_nonnull(path);
	return path;
}

START_TEST(the_second_compile_comes_from_the_cache)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent);

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(opens_from_cache(dir, "a.c", NULL));
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(what_the_compiler_is_given_makes_another_entry)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent);

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(!opens_from_cache(dir, "b.c", NULL));
	ck_assert(!opens_from_cache(dir, "a.c", "-DX"));
	ck_assert(opens_from_cache(dir, "a.c", "-DX"));
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(a_damaged_entry_is_compiled_again)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent), *entry;
	struct stat st;
	char byte;
	int fd;

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	entry = only_entry(dir);
	ck_assert_int_eq(stat(entry, &st), 0);
	/* One bit; then a half-written file; then an empty one. */
	for (int i = 0; i < 3; i++) {
		fd = open(entry, O_RDWR);
		ck_assert_int_ge(fd, 0);
		if (i == 0) {
			ck_assert_int_eq(pread(fd, &byte, 1, st.st_size / 2), 1);
			byte ^= 1;
			ck_assert_int_eq(pwrite(fd, &byte, 1, st.st_size / 2), 1);
		} else {
			ck_assert_int_eq(ftruncate(fd, i == 1 ? st.st_size / 2 : 0), 0);
		}
		close(fd);
		ck_assert(!opens_from_cache(dir, "a.c", NULL));
		ck_assert(opens_from_cache(dir, "a.c", NULL));
	}
	free(entry);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(a_file_that_others_can_write_or_own_is_not_believed)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent), *entry, *aside;

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	entry = only_entry(dir);
	ck_assert_int_eq(chmod(entry, 0666), 0);
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(opens_from_cache(dir, "a.c", NULL));
	if (!geteuid()) {
		ck_assert_int_eq(chown(entry, 65534, 65534), 0);
		ck_assert(!opens_from_cache(dir, "a.c", NULL));
		ck_assert(opens_from_cache(dir, "a.c", NULL));
	}
	aside = format("%s/aside", parent);
	ck_assert_int_eq(rename(entry, aside), 0);
	ck_assert_int_eq(symlink(aside, entry), 0);
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	free(aside);
	free(entry);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(a_directory_that_others_can_write_is_not_used)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent);
	struct hotprobe_opts opts = {.sz = sizeof(opts), .cache_dir = dir};

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert_int_eq(hotprobe_cache_each(&opts, NULL, NULL), -EPERM);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(the_least_recently_used_go_first)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent), *first;
	struct hotprobe_opts opts = {.sz = sizeof(opts), .cache_dir = dir};
	struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct hotprobe *hp;
	struct stat st;

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	first = only_entry(dir);
	ck_assert_int_eq(stat(first, &st), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, first, old, 0), 0);
	opts.cache_max = (uint64_t)st.st_size + st.st_size / 2;
	hp = new_handle(&opts);
	ck_hp(hp, hotprobe_open_string(hp, "b.c", text, strlen(text)));
	hotprobe_free(hp);
	ck_assert_int_ne(access(first, F_OK), 0);
	ck_assert_int_eq(hotprobe_cache_clear(&opts), 1);
	ck_assert_int_eq(hotprobe_cache_clear(&opts), 0);
	free(first);
	free(dir);
	remove_dir(parent);
}
END_TEST

/* All files in it, also those whose names begin with a dot. */
static int count_files(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(stream);
	while ((entry = readdir(stream)))
		count += entry->d_type == DT_REG;
	closedir(stream);
	return count;
}

START_TEST(processes_at_once_make_one_entry)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent);
	pid_t pids[4];
	int status;

	for (size_t i = 0; i < COUNT(pids); i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i])
			continue;
		opens_from_cache(dir, "a.c", NULL);
		_exit(0);
	}
	for (size_t i = 0; i < COUNT(pids); i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(count_files(dir), 1);
	ck_assert(opens_from_cache(dir, "a.c", NULL));
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(on_a_full_disk_it_is_compiled_each_time)
{
	static const char page[4096] = "";
	char *parent = make_dir(), *dir = format("%s/cache", parent);
	char *other = format("%s/other", parent);
	struct hotprobe_opts opts = {.sz = sizeof(opts), .cache_dir = dir};

	/* The namespace ends with this test's process. */
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", parent, "tmpfs", 0, "size=4k,mode=0700")) {
		remove_dir(parent);
		SKIP("no file system can be mounted: %s", strerror(errno));
	}
	write_file(other, page, sizeof(page));
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert_int_eq(hotprobe_cache_each(&opts, NULL, NULL), 0);
	ck_assert_int_eq(count_files(dir), 0);
	ck_assert_int_eq(umount(parent), 0);
	free(other);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(a_link_to_a_directory_is_not_followed)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent);
	char *real = format("%s/real", parent);

	ck_assert_int_eq(mkdir(real, 0700), 0);
	ck_assert_int_eq(symlink(real, dir), 0);
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	ck_assert_int_eq(count_files(real), 0);
	free(real);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(what_a_killed_process_left_goes_in_time)
{
	char *parent = make_dir(), *dir = format("%s/cache", parent), *entry, *left, *fresh;
	struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct hotprobe_opts opts = {.sz = sizeof(opts), .cache_dir = dir};

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	entry = only_entry(dir);
	left = format("%s/.%s.17.1", dir, strrchr(entry, '/') + 1);
	fresh = format("%s/.%s.18.1", dir, strrchr(entry, '/') + 1);
	write_file(left, "half", 4);
	write_file(fresh, "half", 4);
	ck_assert_int_eq(utimensat(AT_FDCWD, left, old, 0), 0);
	ck_assert(!opens_from_cache(dir, "b.c", NULL));
	ck_assert_int_ne(access(left, F_OK), 0);
	ck_assert_int_eq(access(fresh, F_OK), 0);
	ck_assert_int_eq(hotprobe_cache_clear(&opts), 3);
	ck_assert_int_eq(count_files(dir), 0);
	free(fresh);
	free(left);
	free(entry);
	free(dir);
	remove_dir(parent);
}
END_TEST

START_TEST(changed_kernel_headers_make_another_entry)
{
	NEED(no_compiler_here());

	char *parent = make_dir(), *dir = format("%s/cache", parent);
	char *tree = format("%s/tree", parent),
	     *kconfig = format("%s/include/linux/kconfig.h", tree);
	bool cached = false;
	struct hotprobe_opts opts = {
		.sz = sizeof(opts),
		.cache_dir = dir,
		.log = note_cached,
		.log_ctx = &cached,
	};
	struct hotprobe *hp = new_handle(&opts);

	ck_assert_int_eq(chmod(parent, 0755), 0);
	ck_hp(hp, hotprobe_write_headers(hp, tree));
	hotprobe_free(hp);
	opts.kernel_headers = tree;
	for (int i = 0; i < 3; i++) {
		FILE *file = i == 2 ? fopen(kconfig, "a") : NULL;

		if (file) {
			fputs("/* changed */\n", file);
			ck_assert_int_eq(fclose(file), 0);
		}
		cached = false;
		hp = new_handle(&opts);
		ck_hp(hp, hotprobe_open_string(hp, "a.c", text, strlen(text)));
		hotprobe_free(hp);
		ck_assert_int_eq(cached, i == 1);
	}
	free(kconfig);
	free(tree);
	free(dir);
	remove_dir(parent);
}
END_TEST

/* In a cache of its own: root's is below /var/cache. */
START_TEST(a_start_from_the_cache_reads_no_types_and_starts_no_compiler)
{
	NEED(no_bpf());

	static const char script[] = "mount -t tmpfs none /var/cache || exit 77\n"
				     "\"$1\" check \"$2/count.c\" && "
				     "strace -f -o \"$2/trace\" \"$1\" check -v \"$2/count.c\"\n";
	/* Whether a trampoline can be had is looked up in the types. */
	static const char good[] = "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { return 0; }\n";
	char *dir = make_dir(), *source = format("%s/count.c", dir);
	char *path = format("%s/trace", dir), *trace;
	struct result r;

	write_file(source, good, strlen(good));
	r = RUN("unshare", "--mount", "sh", "-c", script, "sh", build_path("hotprobe"), dir);
	if (r.status == 77) {
		result_free(&r);
		remove_dir(dir);
		SKIP("no file system can be mounted");
	}
	ck_assert_msg(r.status == 0, "%s", r.err);
	ck_assert_ptr_nonnull(strstr(r.err, "taken from the cache"));
	trace = read_file(path, NULL);
	ck_assert_ptr_nonnull(strstr(trace, "BPF_PROG_LOAD"));
	ck_assert_ptr_null(strstr(trace, "/sys/kernel/btf/vmlinux"));
	ck_assert_ptr_null(strstr(trace, "/config"));
	ck_assert_ptr_null(strstr(strstr(trace, "execve") + 1, "execve"));
	free(trace);
	result_free(&r);
	free(path);
	free(source);
	remove_dir(dir);
}
END_TEST

/* ---- Images ------------------------------------------------------------------------------------
 */

static struct result run_build(const char *dir, char **image)
{
	char *source = format("%s/count.c", dir);
	struct result r;

	*image = format("%s/count.hpo", dir);
	write_file(source, text, strlen(text));
	r = RUN(build_path("hotprobe"), "build", "--no-cache", source, "-o", *image);
	free(source);
	return r;
}

START_TEST(an_image_shows_the_line_that_the_verifier_refuses_without_a_compiler)
{
	NEED(no_bpf());

	char *dir = make_dir(), *image;
	struct hotprobe_opts opts = {.sz = sizeof(opts), .compiler = "/nonexistent/hotprobe-cc"};
	const struct hotprobe_diagnostic *d;
	struct result r = run_build(dir, &image);
	struct hotprobe *hp;

	ck_assert_msg(r.status == 0, "%s", r.err);
	hp = new_handle(&opts);
	ck_hp(hp, hotprobe_open_file(hp, image));
	ck_assert_int_eq(hotprobe_load(hp), -EACCES);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 7);
	ck_assert_ptr_nonnull(strstr(d->source_line, "*value += 1;"));
	hotprobe_free(hp);
	result_free(&r);
	free(image);
	remove_dir(dir);
}
END_TEST

START_TEST(a_damaged_image_is_refused_with_its_name)
{
	char *dir = make_dir(), *image;
	struct result r = run_build(dir, &image), again;

	ck_assert_msg(r.status == 0, "%s", r.err);
	ck_assert_int_eq(truncate(image, 200), 0);
	again = RUN(build_path("hotprobe"), "check", image);
	ck_assert_int_eq(again.status, 1);
	ck_assert_ptr_nonnull(strstr(again.err, "count.hpo"));
	ck_assert_ptr_nonnull(strstr(again.err, "cut short"));
	result_free(&again);
	result_free(&r);
	free(image);
	remove_dir(dir);
}
END_TEST

START_TEST(nothing_but_the_compiler_process_needs_llvm)
{
	static const char *const files[] = {"hotprobe", "libhotprobe.so"};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct result r = RUN("ldd", build_path(files[i]));

		ck_assert_msg(r.status == 0, "%s", r.err);
		ck_assert_ptr_nonnull(strstr(r.out, "libbpf.so"));
		ck_assert_ptr_null(strstr(r.out, "LLVM"));
		ck_assert_ptr_null(strstr(r.out, "libclang"));
		ck_assert_ptr_null(strstr(r.out, "libbcc"));
		result_free(&r);
	}
}
END_TEST

static const char numbers_text[] = "struct event { int number; };\n"
				   "BPF_PERF_OUTPUT(events);\n"
				   "int syscall__getpgid(struct pt_regs *ctx, int number)\n"
				   "{\n"
				   "	struct event e = {.number = number};\n"
				   "	events.perf_submit(ctx, &e, sizeof(e));\n"
				   "	return 0;\n"
				   "}\n";

/* What it prints of a child's numbers; the CPU may differ. */
static char *print_numbers(const char *hotprobe, const char *program)
{
	char *script = format("'%s' run --no-cache --json '%s' -- '%s' numbers 31 -4 15 -9 | "
			      "sed 's/\"cpu\":[0-9]*//'",
			      hotprobe, program, build_path("tests/child"));
	struct result r = RUN("sh", "-c", script);
	char *out = strdup(r.out);

	ck_assert_msg(strstr(out, "-9"), "%s", r.err);
	result_free(&r);
	free(script);
	return out;
}

START_TEST(an_image_runs_where_no_compiler_is_installed)
{
	NEED(no_bpf());

	char *dir = make_dir(), *alone = format("%s/hotprobe", dir);
	char *source = format("%s/numbers.c", dir), *image = format("%s/numbers.hpo", dir);
	char *from_source, *from_image;
	struct result r;

	write_file(source, numbers_text, strlen(numbers_text));
	r = RUN("cp", build_path("hotprobe"), alone);
	ck_assert_int_eq(r.status, 0);
	result_free(&r);
	r = RUN(build_path("hotprobe"), "build", "--no-cache", source, "-o", image);
	ck_assert_msg(r.status == 0, "%s", r.err);
	result_free(&r);
	r = RUN(alone, "check", "--no-cache", source);
	if (r.status == 0) {
		result_free(&r);
		remove_dir(dir);
		SKIP("a compiler is installed");
	}
	ck_assert_ptr_nonnull(strstr(r.err, "there is no compiler"));
	result_free(&r);
	from_source = print_numbers(build_path("hotprobe"), source);
	from_image = print_numbers(alone, image);
	ck_assert_str_eq(from_source, from_image);
	free(from_image);
	free(from_source);
	free(image);
	free(source);
	free(alone);
	remove_dir(dir);
}
END_TEST

START_TEST(targets_given_when_it_is_built_stay_in_the_image)
{
	static const char three[] = "int a(struct pt_regs *ctx) { return 0; }\n"
				    "HOTPROBE(\"syscall:getppid\")\n"
				    "int b(struct pt_regs *ctx) { return 0; }\n"
				    "int kprobe__sys_getsid(struct pt_regs *ctx) { return 0; }\n";
	static const char *const targets[] = {"syscall:getppid", "syscall:getpgid",
					      "uretprobe:/bin/sh:main",
					      "tracepoint:sched:sched_process_exit"};
	char *dir = make_dir(), *source = format("%s/x.c", dir), *image = format("%s/x.hpo", dir);
	struct hotprobe_opts opts = {.sz = sizeof(opts), .compiler = "/nonexistent/hotprobe-cc"};
	struct hotprobe *hp;
	struct result r;

	write_file(source, three, strlen(three));
	r = RUN(build_path("hotprobe"), "build", "--no-cache", source, "-o", image, "--attach",
		"syscall:getpgid=a", "--attach", "uretprobe:/bin/sh:main=a", "--attach",
		"tracepoint:sched:sched_process_exit=b");
	ck_assert_msg(r.status == 0, "%s", r.err);
	ck_assert_str_eq(r.err, "");
	result_free(&r);
	/* Saved again, it is the same. */
	for (int i = 0; i < 2; i++) {
		hp = new_handle(&opts);
		ck_hp(hp, hotprobe_open_file(hp, image));
		ck_assert_uint_eq(hotprobe_link_count(hp), COUNT(targets) + 1);
		for (size_t j = 0; j < COUNT(targets); j++)
			ck_assert_str_eq(hotprobe_link_target(hotprobe_link_at(hp, j + 1)),
					 targets[j]);
		ck_hp(hp, hotprobe_save(hp, image));
		hotprobe_free(hp);
	}
	free(image);
	free(source);
	remove_dir(dir);
}
END_TEST

/* ---- Headers -----------------------------------------------------------------------------------
 */

START_TEST(headers_for_bcc_are_a_tree_with_the_kernels_types)
{
	char *dir = make_dir(), *tree = format("%s/headers", dir);
	char *kconfig = format("%s/include/linux/kconfig.h", tree);
	char *found = format("grep -q 'struct task_struct {' %s", kconfig);
	struct result r = RUN(build_path("hotprobe"), "headers", tree), grep;

	ck_assert_msg(r.status == 0, "%s", r.err);
	grep = RUN("sh", "-c", found);
	ck_assert_int_eq(grep.status, 0);
	result_free(&grep);
	result_free(&r);
	r = RUN(build_path("hotprobe"), "headers", "/proc/nowhere/headers");
	ck_assert_int_eq(r.status, 3);
	ck_assert_ptr_nonnull(strstr(r.err, "/proc/nowhere/headers"));
	result_free(&r);
	free(found);
	free(kconfig);
	free(tree);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("saved");

	add_test(suite, the_second_compile_comes_from_the_cache, 30);
	add_test(suite, what_the_compiler_is_given_makes_another_entry, 30);
	add_test(suite, a_damaged_entry_is_compiled_again, 30);
	add_test(suite, a_file_that_others_can_write_or_own_is_not_believed, 30);
	add_test(suite, a_directory_that_others_can_write_is_not_used, 30);
	add_test(suite, the_least_recently_used_go_first, 30);
	add_test(suite, processes_at_once_make_one_entry, 60);
	add_test(suite, on_a_full_disk_it_is_compiled_each_time, 60);
	add_test(suite, a_link_to_a_directory_is_not_followed, 30);
	add_test(suite, what_a_killed_process_left_goes_in_time, 30);
	add_test(suite, changed_kernel_headers_make_another_entry, 60);
	add_test(suite, a_start_from_the_cache_reads_no_types_and_starts_no_compiler, 60);
	add_test(suite, nothing_but_the_compiler_process_needs_llvm, 30);
	add_test(suite, an_image_runs_where_no_compiler_is_installed, 60);
	add_test(suite, targets_given_when_it_is_built_stay_in_the_image, 30);
	add_test(suite, an_image_shows_the_line_that_the_verifier_refuses_without_a_compiler, 30);
	add_test(suite, a_damaged_image_is_refused_with_its_name, 30);
	add_test(suite, headers_for_bcc_are_a_tree_with_the_kernels_types, 60);
	return run_suite(suite);
}
