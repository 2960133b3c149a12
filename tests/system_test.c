/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of a whole system: only where nothing else runs, in a guest. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { OPENS = 200 };

static int count_lines(const char *text, const char *first, const char *second)
{
	char *copy = strdup(text), *rest = NULL, *line;
	int count = 0;

	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		count += strstr(line, first) && strstr(line, second);
	free(copy);
	return count;
}

/* An unrelated process opens files while the command runs. */
static struct result trace_beside(const char *dir, const char *option)
{
	char *other = format("until [ -e %s/go ]; do sleep 0.05; done\n"
			     "%s opens %s %d %s/log; : >%s/done",
			     dir, build_path("tests/child"), dir, OPENS, dir, dir);
	char *command = format(": >%s/go; until [ -e %s/done ]; do sleep 0.05; done", dir, dir);
	struct process process = process_start((const char *[]){"sh", "-c", other, NULL}, NULL, 0);
	struct result r, r_other;

	r = RUN(build_path("hotprobe"), "run", source_path("programs/opensnoop.c"), "--json",
		"--perf-pages", "1024", option, "--", "sh", "-c", command);
	r_other = process_wait(process);
	ck_assert_int_eq(r_other.status, 0);
	result_free(&r_other);
	free(command);
	free(other);
	return r;
}

START_TEST(a_command_is_traced_alone_or_with_the_whole_system)
{
	static const char *const options[] = {"--no-cache", "--all"};
	char *dir, *file;
	struct result r;

	NEED(shared_machine());
	dir = make_dir();
	file = format("\"%s/", dir);
	r = trace_beside(dir, options[_i]);
	ck_assert_msg(!r.status, "%d: %s", r.status, r.err);
	/* and the log */
	ck_assert_int_eq(count_lines(r.out, "\"comm\":\"child\"", file), _i ? OPENS + 1 : 0);
	ck_assert_int_gt(count_lines(r.out, "\"comm\":\"sh\"", "/go\""), 0);
	result_free(&r);
	free(file);
	remove_dir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("system");

	add_loop_test(suite, a_command_is_traced_alone_or_with_the_whole_system, 60, 2);
	return run_suite(suite);
}
