/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fuzzers in short: each with the inputs it starts from, those that once were findings
 * (tests/fuzz/corpus), and a few thousand made of them. `make fuzz` looks for new ones.
 */
#include "support.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RUNS "3000"

static glob_t fuzzers; /* tests/fuzz/NAME_fuzz.c */

/* malloc'ed */
static char *name_of(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return format("%.*s", (int)(strlen(name) - strlen("_fuzz.c")), name);
}

START_TEST(no_input_leads_astray)
{
	char *name = name_of(fuzzers.gl_pathv[_i]);
	char *program = format("tests/fuzz/%s", name),
	     *corpus = format("tests/fuzz/corpus/%s", name);
	const char *findings = source_path(corpus);
	struct result result;
	struct stat st;

	result = stat(findings, &st) ? RUN(build_path(program), RUNS)
				     : RUN(build_path(program), RUNS, findings);
	ck_assert_msg(!result.status, "%s: status %d: %s%s", name, result.status, result.out,
		      result.err);
	ck_assert_msg(strstr(result.out, " " RUNS " made of them"), "%s", result.out);
	result_free(&result);
	free(corpus);
	free(program);
	free(name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fuzz");

	if (glob(SOURCE_DIR "/tests/fuzz/*_fuzz.c", 0, NULL, &fuzzers)) {
		fprintf(stderr, "no fuzzers in " SOURCE_DIR "/tests/fuzz\n");
		return 1;
	}
	add_loop_test(suite, no_input_leads_astray, 60, (int)fuzzers.gl_pathc);
	return run_suite(suite);
}
