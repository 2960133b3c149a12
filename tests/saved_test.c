/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled programs that are kept: in the cache, and as images. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
	int fd;

	ck_assert(!opens_from_cache(dir, "a.c", NULL));
	entry = only_entry(dir);
	ck_assert_int_eq(stat(entry, &st), 0);
	/* One bit; then a half-written file; then an empty one. */
	for (int i = 0; i < 3; i++) {
		fd = open(entry, O_RDWR);
		ck_assert_int_ge(fd, 0);
		if (i == 0)
			ck_assert_int_eq(pwrite(fd, "\x01", 1, st.st_size / 2), 1);
		else
			ck_assert_int_eq(ftruncate(fd, i == 1 ? st.st_size / 2 : 0), 0);
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
	ck_assert_uint_gt(hotprobe_diagnostic_count(hp), 0);
	d = hotprobe_diagnostic_at(hp, hotprobe_diagnostic_count(hp) - 1);
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
	add_test(suite, an_image_shows_the_line_that_the_verifier_refuses_without_a_compiler, 30);
	add_test(suite, a_damaged_image_is_refused_with_its_name, 30);
	add_test(suite, headers_for_bcc_are_a_tree_with_the_kernels_types, 60);
	return run_suite(suite);
}
