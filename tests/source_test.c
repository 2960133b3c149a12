/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen in a source without compiling it: its files, its tracepoints, its lines. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

/* Files in a directory of the test's own. */
struct tree {
	char *dir;
};

static char *path_in(const struct tree *tree, const char *name)
{
	return format("%s/%s", tree->dir, name);
}

static void put(const struct tree *tree, const char *name, const char *text)
{
	char *path = path_in(tree, name), *slash;

	slash = strrchr(path, '/');
	*slash = '\0';
	mkdir(path, 0755);
	*slash = '/';
	write_file(path, text, strlen(text));
	free(path);
}

static int init_flags(struct source *source, const char *name, const char *text, char *const *flags,
		      size_t count)
{
	const char *missing;

	return source_init(source, name, strdup(text), strlen(text), flags, count, &missing);
}

static int init(struct source *source, const char *name, const char *text)
{
	return init_flags(source, name, text, NULL, 0);
}

/* The text of the file that ends with name, NULL if it was not taken in. */
static const char *find_file(const struct source *source, const char *name)
{
	for (size_t i = 0; i < source->files.count; i++) {
		const char *path = source->files.at[i].path;
		size_t length = strlen(path), wanted = strlen(name);

		if (length >= wanted && !strcmp(path + length - wanted, name))
			return source->files.at[i].text;
	}
	return NULL;
}

START_TEST(a_files_bytes_are_read_whole)
{
	struct tree tree = {make_dir()};
	char *path = path_in(&tree, "bytes"), *text, bytes[100000];
	size_t size;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	write_file(path, bytes, sizeof(bytes));
	ck_assert_int_eq(source_read(path, &text, &size), 0);
	ck_assert_uint_eq(size, sizeof(bytes));
	ck_assert_mem_eq(text, bytes, size);
	ck_assert_int_eq(text[size], 0);
	free(text);
	free(path);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_errno)
{
	struct tree tree = {make_dir()};
	char *path = path_in(&tree, "missing"), *text;
	size_t size;

	ck_assert_int_eq(source_read(path, &text, &size), -ENOENT);
	ck_assert_int_eq(source_read(tree.dir, &text, &size), -EISDIR);
	free(path);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(a_file_of_more_than_the_limit_is_refused)
{
	struct tree tree = {make_dir()};
	char *path = path_in(&tree, "huge"), *text;
	size_t size;

	write_file(path, "", 0);
	ck_assert_int_eq(truncate(path, (off_t)SOURCE_MAX + 1), 0);
	ck_assert_int_eq(source_read(path, &text, &size), -EFBIG);
	free(path);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(includes_are_found_beside_the_source)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;

	put(&tree, "own.h", "own\n");
	put(&tree, "sub/deep.h", "#include \"deeper.h\"\n");
	put(&tree, "sub/deeper.h", "deeper\n");
	ck_assert_int_eq(init(&source, name,
			      "#include <linux/sched.h>\n"
			      "#include \"own.h\"\n"
			      "  #  include\t\"sub/deep.h\" // comment\n"
			      "#include \"kernel/only.h\"\n"),
			 0);
	ck_assert_uint_eq(source.files.count, 4);
	ck_assert_str_eq(find_file(&source, "/own.h"), "own\n");
	ck_assert_str_eq(find_file(&source, "sub/deeper.h"), "deeper\n");
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(angle_includes_are_found_in_the_include_directories_only)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c"), *dir = path_in(&tree, "inc");
	char *flag = format("-I%s", dir);
	char *one[] = {flag}, *two[] = {"-I", dir};
	struct source source;

	put(&tree, "beside.h", "beside\n");
	put(&tree, "inc/own.h", "own\n");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(init_flags(&source, name,
					    "#include <own.h>\n#include <beside.h>\n",
					    i ? two : one, i ? 2 : 1),
				 0);
		ck_assert_uint_eq(source.files.count, 2);
		ck_assert_str_eq(find_file(&source, "inc/own.h"), "own\n");
		source_free(&source);
	}
	free(flag);
	free(dir);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(include_files_of_flags_are_taken_in)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c"), *file = path_in(&tree, "first.h");
	char *flags[] = {"-include", file};
	const char *missing;
	struct source source;

	ck_assert_int_eq(source_init(&source, name, strdup("x"), 1, flags, 2, &missing), -ENOENT);
	ck_assert_str_eq(missing, file);
	source_free(&source);
	put(&tree, "first.h", "first\n");
	ck_assert_int_eq(source_init(&source, name, strdup("x"), 1, flags, 2, &missing), 0);
	ck_assert_str_eq(find_file(&source, "first.h"), "first\n");
	source_free(&source);
	free(file);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(files_that_include_each_other_are_taken_in_once)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;

	put(&tree, "a.h", "#include \"b.h\"\n#include \"a.h\"\n");
	put(&tree, "b.h", "#include \"a.h\"\n");
	ck_assert_int_eq(init(&source, name, "#include \"a.h\"\n#include \"b.h\"\n"), 0);
	ck_assert_uint_eq(source.files.count, 3);
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

/* Each name leads to the same file by another path: this must end, by whatever limit. */
START_TEST(a_cycle_through_ever_new_paths_ends)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;
	int err;

	put(&tree, "sub/a.h", "#include \"../sub/a.h\"\n");
	err = init(&source, name, "#include \"sub/a.h\"\n");
	ck_assert_msg(err == 0 || err == -EFBIG || err == -ELOOP, "%d", err);
	ck_assert_uint_lt(source.files.count, 10000);
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(many_nested_includes_are_taken_in_or_refused)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;
	int err;

	for (int i = 0; i < 2000; i++) {
		char *file = format("%d.h", i), *text = format("#include \"%d.h\"\n", i + 1);

		put(&tree, file, text);
		free(file);
		free(text);
	}
	err = init(&source, name, "#include \"0.h\"\n");
	ck_assert_msg(err <= 0, "%d", err);
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(malformed_directives_are_left_to_the_compiler)
{
	static const char *const texts[] = {
		"#include",
		"#include ",
		"#include \"",
		"#include <",
		"#include \"\"",
		"#include <>",
		"#include \"a\n\"",
		"#includex \"a.h\"",
		"#",
		"# ",
		"include \"a.h\"",
		"#include MACRO",
		"#include \"/etc/hostname\"",
	};
	struct source source;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(init(&source, "main.c", texts[i]), 0);
		ck_assert_uint_eq(source.files.count, 1);
		source_free(&source);
	}
}
END_TEST

START_TEST(a_directory_or_device_is_no_include)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;

	put(&tree, "dir/x", "");
	ck_assert_int_eq(init(&source, name, "#include \"dir\"\n#include \"../../dev/zero\"\n"), 0);
	ck_assert_uint_eq(source.files.count, 1);
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(a_script_line_is_blanked_and_lines_stay)
{
	struct source source;
	char *line;

	ck_assert_int_eq(init(&source, "main.c", "#!/usr/bin/env -S hotprobe run\nint x;\n"), 0);
	ck_assert_str_eq(source.files.at[0].text, "///usr/bin/env -S hotprobe run\nint x;\n");
	line = source_get_line(&source, "main.c", 2);
	ck_assert_str_eq(line, "int x;");
	free(line);
	source_free(&source);
}
END_TEST

START_TEST(lines_are_found_by_number)
{
	struct source source;
	char *line;

	ck_assert_int_eq(init(&source, "main.c", "one\n\nthree"), 0);
	line = source_get_line(&source, "main.c", 1);
	ck_assert_str_eq(line, "one");
	free(line);
	line = source_get_line(&source, "main.c", 2);
	ck_assert_str_eq(line, "");
	free(line);
	line = source_get_line(&source, "main.c", 3);
	ck_assert_str_eq(line, "three");
	free(line);
	ck_assert_ptr_null(source_get_line(&source, "main.c", 4));
	ck_assert_ptr_null(source_get_line(&source, "main.c", 0));
	ck_assert_ptr_null(source_get_line(&source, "other.c", 1));
	ck_assert_ptr_null(source_get_line(&source, "main.c", UINT32_MAX));
	source_free(&source);
}
END_TEST

static void check_tracepoint(const struct source *source, size_t i, const char *category,
			     const char *event)
{
	ck_assert_uint_gt(source->tracepoints.count, i);
	ck_assert_str_eq(source->tracepoints.at[i].category, category);
	ck_assert_str_eq(source->tracepoints.at[i].event, event);
}

START_TEST(tracepoints_are_seen_by_macro_and_by_name)
{
	struct source source;

	ck_assert_int_eq(init(&source, "main.c",
			      "TRACEPOINT_PROBE(sched, sched_switch)\n{ return 0; }\n"
			      "TRACEPOINT_PROBE (\n random ,\turandom_read )\n"
			      "TRACEPOINT_PROBE(sched, sched_switch)\n"
			      "int tracepoint__net__netif_rx(struct tracepoint__net__netif_rx *a)\n"
			      "int f(struct tracepoint__irq__softirq__x *a)\n"),
			 0);
	ck_assert_uint_eq(source.tracepoints.count, 4);
	check_tracepoint(&source, 0, "irq", "softirq__x");
	check_tracepoint(&source, 1, "net", "netif_rx");
	check_tracepoint(&source, 2, "random", "urandom_read");
	check_tracepoint(&source, 3, "sched", "sched_switch");
	source_free(&source);
}
END_TEST

/* It once took a look at each for each. */
START_TEST(a_source_of_many_names_is_read_in_time)
{
	size_t count = 400000, size = 0;
	char *text = malloc(count * 24);
	struct source source;

	for (size_t i = 0; i < count; i++)
		size += (size_t)sprintf(text + size, "tracepoint__c__e%zu\n", i / 2);
	ck_assert_int_eq(init(&source, "main.c", text), 0);
	ck_assert_uint_eq(source.tracepoints.count, count / 2);
	source_free(&source);
	free(text);
}
END_TEST

START_TEST(what_only_looks_like_a_tracepoint_is_none)
{
	static const char *const texts[] = {
		"RAW_TRACEPOINT_PROBE(sched_switch)",
		"MY_TRACEPOINT_PROBE(a, b)",
		"TRACEPOINT_PROBE(a)",
		"TRACEPOINT_PROBE(, b)",
		"TRACEPOINT_PROBE",
		"TRACEPOINT_PROBE(",
		"TRACEPOINT_PROBE(a,",
		"raw_tracepoint__sched_switch",
		"tracepoint__sched",
		"tracepoint____b",
		"tracepoint__a__",
		"tracepoint__",
	};
	struct source source;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(init(&source, "main.c", texts[i]), 0);
		ck_assert_msg(!source.tracepoints.count, "%s", texts[i]);
		source_free(&source);
	}
}
END_TEST

START_TEST(tracepoints_of_included_files_count)
{
	struct tree tree = {make_dir()};
	char *name = path_in(&tree, "main.c");
	struct source source;

	put(&tree, "own.h", "TRACEPOINT_PROBE(a, b)");
	ck_assert_int_eq(init(&source, name, "#include \"own.h\"\n"), 0);
	check_tracepoint(&source, 0, "a", "b");
	source_free(&source);
	free(name);
	remove_dir(tree.dir);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_survived)
{
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		static const char *const pieces[] = {"#include \"", "#include <",	"\"", ">",
						     "\n",	    "TRACEPOINT_PROBE", "(",  ",",
						     ")",	    "tracepoint__",	"__", "a",
						     "#!"};
		size_t size = (size_t)rand_r(&seed) % 300, used = 0;
		char *text = calloc(1, size + 1);
		const char *missing;
		struct source source;

		while (used < size) {
			const char *piece = pieces[(size_t)rand_r(&seed) % COUNT(pieces)];
			size_t length = strlen(piece);

			if (rand_r(&seed) % 4 == 0 || length > size - used)
				text[used++] = (char)rand_r(&seed);
			else
				memcpy(text + used, piece, length), used += length;
		}
		ck_assert_int_eq(source_init(&source, "m.c", text, size, NULL, 0, &missing), 0);
		source_free(&source);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");

	add_test(suite, a_files_bytes_are_read_whole, 10);
	add_test(suite, a_file_that_cannot_be_read_is_an_errno, 10);
	add_test(suite, a_file_of_more_than_the_limit_is_refused, 20);
	add_test(suite, includes_are_found_beside_the_source, 10);
	add_test(suite, angle_includes_are_found_in_the_include_directories_only, 10);
	add_test(suite, include_files_of_flags_are_taken_in, 10);
	add_test(suite, files_that_include_each_other_are_taken_in_once, 10);
	add_test(suite, a_cycle_through_ever_new_paths_ends, 20);
	add_test(suite, many_nested_includes_are_taken_in_or_refused, 20);
	add_test(suite, malformed_directives_are_left_to_the_compiler, 10);
	add_test(suite, a_directory_or_device_is_no_include, 10);
	add_test(suite, a_script_line_is_blanked_and_lines_stay, 10);
	add_test(suite, lines_are_found_by_number, 10);
	add_test(suite, tracepoints_are_seen_by_macro_and_by_name, 10);
	add_test(suite, what_only_looks_like_a_tracepoint_is_none, 10);
	add_test(suite, a_source_of_many_names_is_read_in_time, 30);
	add_test(suite, tracepoints_of_included_files_count, 10);
	add_test(suite, bytes_that_are_no_text_are_survived, 20);
	return run_suite(suite);
}
