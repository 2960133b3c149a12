/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hotprobe check says of programs that are wrong, word for word: tests/diagnostics/NAME.c and
 * NAME.txt, whose last line is the exit status.
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The verifier's words are those of this machine's kernel. */
static const char *const names[] = {
	"arguments",
	"brace",
	"calls",
	"context",
	"context_index",
	"context_kfunc",
	"first_parameter",
	"floating_point",
	"function_twice",
	"global",
	"helper_type",
	"index_masked",
	"index_stack",
	"index_value",
	"kernel_address",
	"kernel_function",
	"kernel_pointer",
	"kernel_write",
	"key_address",
	"key_size",
	"key_value",
	"library",
	"licence",
	"lookup_number",
	"loop_bound",
	"loop_endless",
	"loop_long",
	"names",
	"no_result",
	"null_argument",
	"operation",
	"operation_names",
	"own_function",
	"packet_end",
	"parenthesis",
	"pointer_arithmetic",
	"printk",
	"printk_conversion",
	"printk_format",
	"record_kept",
	"result_range",
	"semicolon",
	"signed_division",
	"size_beyond",
	"size_negative",
	"size_unknown",
	"size_varies",
	"stack_limit",
	"stack_unset",
	"string_length",
	"strings",
	"table_inside",
	"table_twice",
	"tracepoint_field",
	"unchecked_lookup",
	"user_pointer",
	"user_string",
	"value_size",
};

/* Messages name the file as it was given. The verifier lets those who may see all memory read what
   was never written. */
static struct result check_file(const char *name, const char *flag)
{
	char *file = format("%s.c", name);
	struct result r;

	ck_assert_int_eq(chdir(source_path("tests/diagnostics")), 0);
	if (!strcmp(name, "stack_unset"))
		r = RUN("/usr/bin/setpriv", "--bounding-set", "-all,+bpf,+net_admin,+dac_override",
			"--inh-caps", "-all", build_path("hotprobe"), "check", "--no-cache", file,
			flag);
	else
		r = RUN(build_path("hotprobe"), "check", "--no-cache", file, flag);
	free(file);
	return r;
}

START_TEST(a_wrong_program_is_explained_word_for_word)
{
	char *path = format("%s/%s.txt", source_path("tests/diagnostics"), names[_i]);
	char *expected, *got;
	struct result r;

	NEED(no_btf());
	NEED(no_bpf());
	r = check_file(names[_i], NULL);
	expected = read_file(path, NULL);
	got = format("%s%sstatus %d\n", r.err, r.out, r.status);
	ck_assert_str_eq(got, expected);
	result_free(&r);
	free(expected);
	free(got);
	free(path);
}
END_TEST

/* Sources that have it follow their hint where MENDED is defined. */
START_TEST(what_the_hint_says_mends_the_program)
{
	char *path = format("%s/%s.c", source_path("tests/diagnostics"), names[_i]);
	char *source = read_file(path, NULL);
	bool mends = strstr(source, "#ifdef MENDED");
	struct result r;

	free(source);
	free(path);
	if (!mends)
		return;
	NEED(no_btf());
	NEED(no_bpf());
	r = check_file(names[_i], "-DMENDED");
	ck_assert_msg(r.status == 0, "%s", r.err);
	result_free(&r);
}
END_TEST

START_TEST(the_verifiers_log_is_shown_on_demand)
{
	static const struct {
		const char *name, *line;
	} wanted[] = {
		/* Of an accepted program every path. */
		{"key_size", "from "},
		{"unchecked_lookup", "R0 invalid mem access 'map_value_or_null'\n"},
	};

	NEED(no_btf());
	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct result without = check_file(wanted[i].name, "-v");
		struct result with = check_file(wanted[i].name, "--verifier-log");

		ck_assert_ptr_null(strstr(without.err, "the verifier on "));
		ck_assert_ptr_nonnull(strstr(with.err, "hotprobe: the verifier on "));
		ck_assert_ptr_nonnull(strstr(with.err, wanted[i].line));
		ck_assert_ptr_nonnull(strstr(with.err, "\nprocessed "));
		ck_assert_int_eq(with.status, without.status);
		result_free(&with);
		result_free(&without);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnostics");

	add_loop_test(suite, a_wrong_program_is_explained_word_for_word, 60, COUNT(names));
	add_loop_test(suite, what_the_hint_says_mends_the_program, 60, COUNT(names));
	add_test(suite, the_verifiers_log_is_shown_on_demand, 60);
	return run_suite(suite);
}
