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

/* Time that CPUs were busy, read in a program at each of three calls. */
START_TEST(a_counter_of_whole_cpus_is_read)
{
	static const char text[] = "BPF_PERF_ARRAY(clock, 256);\nBPF_PERF_OUTPUT(readings);\n"
				   "int syscall__getpgid(struct pt_regs *ctx)\n{\n"
				   "	u64 reading = clock.perf_read(CUR_CPU_IDENTIFIER);\n"
				   "	readings.perf_submit(ctx, &reading, sizeof(reading));\n"
				   "	return 0;\n}\n";
	char *line, *rest;
	struct result r;
	int readings = 0;

	NEED(shared_machine());
	r = run((const char *[]){build_path("hotprobe"), "run", "--csv", "--counter",
				 "clock=cpu-clock", "-", "--", build_path("tests/child"), "numbers",
				 "7000001", "7000002", "7000003", NULL},
		text, strlen(text));
	ck_assert_msg(!r.status, "%d: %s", r.status, r.err);
	rest = r.out;
	while ((line = strsep(&rest, "\n"))) {
		long long reading = atoll(line);

		/* Errors are negative as numbers of 64 bits. */
		readings += reading > 0;
		ck_assert_msg(reading >= 0, "%s", r.out);
	}
	ck_assert_msg(readings == 3, "%s", r.out);
	result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("system");

	add_loop_test(suite, a_command_is_traced_alone_or_with_the_whole_system, 60, 2);
	add_test(suite, a_counter_of_whole_cpus_is_read, 60);
	return run_suite(suite);
}
