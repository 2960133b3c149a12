/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hotprobe check says of programs that are wrong, word for word: tests/diagnostics/NAME.c and
 * NAME.txt, whose last line is the exit status.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
	"arguments", "context", "context_kfunc", "first_parameter", "function_twice",
	"key_size",  "licence", "operation",	 "table_twice",
};

START_TEST(a_wrong_program_is_explained_word_for_word)
{
	char *file = format("%s.c", names[_i]), *expected, *got;
	char *path = format("%s/%s.txt", source_path("tests/diagnostics"), names[_i]);
	struct result r;

	NEED(no_btf());
	NEED(no_bpf());
	/* Messages name the file as it was given. */
	ck_assert_int_eq(chdir(source_path("tests/diagnostics")), 0);
	r = RUN(build_path("hotprobe"), "check", "--no-cache", file);
	expected = read_file(path, NULL);
	got = format("%s%sstatus %d\n", r.err, r.out, r.status);
	ck_assert_str_eq(got, expected);
	result_free(&r);
	free(expected);
	free(got);
	free(path);
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnostics");

	add_loop_test(suite, a_wrong_program_is_explained_word_for_word, 60, COUNT(names));
	return run_suite(suite);
}
