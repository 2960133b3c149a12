/* SPDX-License-Identifier: Apache-2.0 */
/* The handle: its options, calls in the wrong order, its messages. Nothing is compiled. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(default_options_are_none_at_all)
{
	struct hotprobe *hp = hotprobe_new(NULL);

	ck_assert_ptr_nonnull(hp);
	ck_assert_str_eq(hotprobe_error(hp), "");
	ck_assert_uint_eq(hotprobe_diagnostic_count(hp), 0);
	ck_assert_uint_eq(hotprobe_program_count(hp), 0);
	ck_assert_uint_eq(hotprobe_table_count(hp), 0);
	ck_assert_uint_eq(hotprobe_link_count(hp), 0);
	hotprobe_free(hp);
	hotprobe_free(NULL);
}
END_TEST

START_TEST(options_of_an_older_header_are_shorter)
{
	struct hotprobe_opts opts;
	struct hotprobe *hp;

	memset(&opts, 0xff, sizeof(opts)); /* what follows the older structure is none of it */
	opts.sz = offsetof(struct hotprobe_opts, btf_path);
	opts.cflags = NULL;
	opts.kernel_headers = NULL;
	hp = hotprobe_new(&opts);
	ck_assert_ptr_nonnull(hp);
	hotprobe_free(hp);
}
END_TEST

START_TEST(options_of_a_newer_header_are_taken_if_unused)
{
	struct {
		struct hotprobe_opts opts;
		uint64_t newer;
	} options = {.opts = {.sz = sizeof(options)}};
	struct hotprobe *hp = hotprobe_new(&options.opts);

	ck_assert_ptr_nonnull(hp);
	hotprobe_free(hp);
	options.newer = 1;
	errno = 0;
	ck_assert_ptr_null(hotprobe_new(&options.opts));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(options_that_make_no_sense_are_refused)
{
	const struct hotprobe_opts bad[] = {
		{.sz = 0},
		{.sz = sizeof(size_t) - 1},
		{.sz = sizeof(struct hotprobe_opts), .perf_pages = 3},
		{.sz = sizeof(struct hotprobe_opts), .backend = 17},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		errno = 0;
		ck_assert_ptr_null(hotprobe_new(&bad[i]));
		ck_assert_int_eq(errno, EINVAL);
	}
}
END_TEST

START_TEST(options_are_copied)
{
	char flag[] = "-DX=1", path[] = "/nonexistent/compiler";
	const char *flags[] = {flag, NULL};
	struct hotprobe_opts opts = {
		.sz = sizeof(opts), .cflags = flags, .compiler = path, .no_cache = true};
	struct hotprobe *hp = hotprobe_new(&opts);

	memset(flag, 0, sizeof(flag));
	memset(path, 'x', sizeof(path) - 1);
	memset(&opts, 0xff, sizeof(opts));
	ck_assert_int_eq(hotprobe_open_string(hp, "a.c", "", 0), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "/nonexistent/compiler"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(calls_in_the_wrong_order_say_so)
{
	static const char *const argv[] = {"true", NULL};
	struct hotprobe *hp = new_handle(NULL);
	int status;

	ck_assert_int_eq(hotprobe_load(hp), -EBUSY);
	ck_assert_uint_gt(strlen(hotprobe_error(hp)), 0);
	ck_assert_int_eq(hotprobe_attach(hp), -EBUSY);
	ck_assert_int_eq(hotprobe_poll(hp, 0), -EBUSY);
	ck_assert_int_eq(hotprobe_consume(hp), -EBUSY);
	ck_assert_int_eq(hotprobe_trace_pid(hp, getpid()), -EBUSY);
	ck_assert_int_eq(hotprobe_command_start(hp, argv, NULL), -EBUSY);
	ck_assert_int_eq(hotprobe_command_release(hp), -EBUSY);
	ck_assert_int_eq(hotprobe_command_status(hp, &status), 0);
	ck_assert_int_eq(hotprobe_command_pid(hp), 0);
	ck_assert_int_eq(hotprobe_command_fd(hp), -1);
	ck_assert_int_eq(hotprobe_fd(hp), -1);
	ck_assert_uint_eq(hotprobe_lost(hp, NULL), 0);
	hotprobe_stop(hp);
	hotprobe_detach(hp);
	hotprobe_free(hp);
}
END_TEST

START_TEST(what_does_not_exist_is_not_found)
{
	struct hotprobe *hp = new_handle(NULL);

	ck_assert_ptr_null(hotprobe_find_program(hp, "f"));
	ck_assert_ptr_null(hotprobe_program_at(hp, 0));
	ck_assert_ptr_null(hotprobe_find_table(hp, "t"));
	ck_assert_ptr_null(hotprobe_table_at(hp, 0));
	ck_assert_ptr_null(hotprobe_link_at(hp, 0));
	ck_assert_ptr_null(hotprobe_diagnostic_at(hp, 0));
	ck_assert_ptr_null(hotprobe_event_type(hp, "t"));
	ck_assert_int_eq(hotprobe_on_event(hp, "t", NULL, NULL, NULL), -ENOENT);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "f", "kprobe:g", NULL), -ENOENT);
	ck_assert_int_eq(hotprobe_attach_spec(hp, "f", "nonsense", NULL), -EINVAL);
	hotprobe_link_detach(NULL);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_handle_takes_one_source)
{
	struct hotprobe_opts opts = {.compiler = "/nonexistent/compiler"};
	struct hotprobe *hp = new_handle(&opts);

	ck_assert_int_eq(hotprobe_open_file(hp, "/nonexistent/a.c"), -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "/nonexistent/a.c"));
	ck_assert_int_eq(hotprobe_open_string(hp, "a.c", "", 0), -EOPNOTSUPP);
	ck_assert_int_eq(hotprobe_open_string(hp, "b.c", "", 0), -EBUSY);
	ck_assert_int_eq(hotprobe_open_file(hp, "b.c"), -EBUSY);
	hotprobe_free(hp);
}
END_TEST

START_TEST(messages_reach_the_callers_buffer_cut_to_fit)
{
	char buf[12];
	struct hotprobe_opts opts = {
		.compiler = "/nonexistent/compiler", .errbuf = buf, .errbuf_size = sizeof(buf)};
	struct hotprobe *hp;

	memset(buf, 'x', sizeof(buf));
	hp = new_handle(&opts);
	ck_assert_int_lt(hotprobe_open_file(hp, "/nonexistent/a.c"), 0);
	ck_assert_ptr_nonnull(memchr(buf, 0, sizeof(buf)));
	ck_assert_mem_eq(buf, hotprobe_error(hp), sizeof(buf) - 1);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_text_that_is_too_large_is_refused)
{
	struct hotprobe *hp = new_handle(NULL);
	size_t size = (64u << 20) + 1;
	char *text = malloc(size);

	memset(text, ' ', size);
	ck_assert_int_eq(hotprobe_open_string(hp, "large.c", text, size), -EFBIG);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "large.c"));
	free(text);
	hotprobe_free(hp);
}
END_TEST

START_TEST(the_library_has_the_headers_version)
{
	char *version = format("%d.%d.0", HOTPROBE_VERSION_MAJOR, HOTPROBE_VERSION_MINOR);

	ck_assert_str_eq(hotprobe_version(), HOTPROBE_VERSION);
	ck_assert_str_eq(hotprobe_version(), version);
	free(version);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("handle");

	add_test(suite, default_options_are_none_at_all, 10);
	add_test(suite, options_of_an_older_header_are_shorter, 10);
	add_test(suite, options_of_a_newer_header_are_taken_if_unused, 10);
	add_test(suite, options_that_make_no_sense_are_refused, 10);
	add_test(suite, options_are_copied, 10);
	add_test(suite, calls_in_the_wrong_order_say_so, 10);
	add_test(suite, what_does_not_exist_is_not_found, 10);
	add_test(suite, a_handle_takes_one_source, 10);
	add_test(suite, messages_reach_the_callers_buffer_cut_to_fit, 10);
	add_test(suite, a_text_that_is_too_large_is_refused, 20);
	add_test(suite, the_library_has_the_headers_version, 10);
	return run_suite(suite);
}
