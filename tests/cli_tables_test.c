/* SPDX-License-Identifier: Apache-2.0 */
/* What hotprobe run prints of the tables: rows, bars, stacks, JSON, intervals. */
#include "support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `child numbers N...` is all that these see: args->pid is N. */
#define PROBE                                                                                      \
	"\nTRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n{\n"                                     \
	"	u64 n = args->pid;\n"
#define END "	return 0;\n}\n"

/* Runs the program against the numbers, with options ended by NULL. */
static struct result run_numbers(const char *text, const char *const *options,
				 const char *const *numbers)
{
	const char *argv[64] = {build_path("hotprobe"), "run", "--no-cache", "-"};
	size_t count = 4;

	for (; options && *options; options++)
		argv[count++] = *options;
	argv[count++] = "--";
	argv[count++] = build_path("tests/child");
	argv[count++] = "numbers";
	for (; *numbers; numbers++)
		argv[count++] = *numbers;
	return run(argv, text, strlen(text));
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_OPTIONS ((const char *const[]){NULL})

static void check_prints(const char *text, const char *const *options, const char *const *numbers,
			 const char *wanted)
{
	struct result r = run_numbers(text, options, numbers);

	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_str_eq(r.out, wanted);
	result_free(&r);
}

START_TEST(hash_is_sorted_by_value)
{
	NEED(no_bpf());
	check_prints("BPF_HASH(counts, u64, u64);" PROBE "	counts.increment(n);\n" END, NULL,
		     WORDS("7000007", "7000005", "7000006", "7000005", "7000005", "7000006"),
		     "counts:\n"
		     "    key value\n"
		     "7000005     3\n"
		     "7000006     2\n"
		     "7000007     1\n");
}
END_TEST

#define PAIRS                                                                                      \
	"struct pair { u32 low; char parity[8]; };\n"                                              \
	"struct sums { u32 calls; u64 total; };\n"                                                 \
	"BPF_HASH(pairs, struct pair, struct sums);" PROBE                                         \
	"	struct pair pair = {.low = n % 1000, .parity = \"even\"};\n"                             \
	"	struct sums zero = {}, *sums;\n"                                                         \
	"	if (n % 2)\n		__builtin_memcpy(pair.parity, (char[]){'o', 'd', 'd', 0, "                 \
	"0, 0, 0, 0}, 8);\n"                                                                       \
	"	sums = pairs.lookup_or_try_init(&pair, &zero);\n"                                        \
	"	if (sums) {\n"                                                                           \
	"		sums->calls++;\n"                                                                       \
	"		sums->total += n;\n"                                                                    \
	"	}\n" END

START_TEST(members_are_columns)
{
	NEED(no_bpf());
	check_prints(PAIRS, NULL, WORDS("7000011", "7000011", "7000002"),
		     "pairs:\n"
		     "low parity calls    total\n"
		     " 11 odd        2 14000022\n"
		     "  2 even       1  7000002\n");
	check_prints(PAIRS, WORDS("--top", "1"), WORDS("7000011", "7000011", "7000002"),
		     "pairs:\n"
		     "low parity calls    total\n"
		     " 11 odd        2 14000022\n"
		     "(1 more)\n");
}
END_TEST

static void check_cpus(const char *text, const char *option, const char *wanted)
{
	struct result r =
		run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", option, "-",
					  "--", "sh", "-c",
					  "taskset -c 0 \"$0\" numbers 7000000; "
					  "exec taskset -c 1 \"$0\" numbers 7000000 7000000",
					  build_path("tests/child"), NULL},
		    text, strlen(text));

	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_str_eq(r.out, wanted);
	result_free(&r);
}

/* Numbers of one CPU and of all. The child stays where taskset puts it. */
START_TEST(cpus_are_added_up)
{
	const char *text = "BPF_PERCPU_ARRAY(hits, u64, 8);\nBPF_PERCPU_HASH(own, u32, u64);" PROBE
			   "	u32 key = 5;\n	u64 zero = 0, *hit;\n"
			   "	hits.increment(2);\n"
			   "	hit = own.lookup_or_try_init(&key, &zero);\n"
			   "	if (hit)\n		*hit += n;\n" END;

	NEED(no_bpf());
	NEED(sysconf(_SC_NPROCESSORS_CONF) != 2 ? "there are not two CPUs" : NULL);
	check_cpus(text, "--top=5",
		   "hits:\n"
		   "key value by cpu\n"
		   "  2     3 0:1 1:2\n"
		   "\n"
		   "own:\n"
		   "key    value by cpu\n"
		   "  5 21000000 0:7000000 1:14000000\n");
	check_cpus(text, "--json",
		   "{\"table\":\"hits\",\"entries\":[{\"key\":2,\"value\":3,\"cpus\":[1,2]}]}\n"
		   "{\"table\":\"own\",\"entries\":[{\"key\":5,\"value\":21000000,"
		   "\"cpus\":[7000000,14000000]}]}\n");
	check_cpus(text, "--csv",
		   "table,key,value,cpu0,cpu1\n"
		   "hits,2,3,1,2\n"
		   "\n"
		   "table,key,value,cpu0,cpu1\n"
		   "own,5,21000000,7000000,14000000\n");
}
END_TEST

START_TEST(counters_stand_alone)
{
	NEED(no_bpf());
	check_prints("BPF_ARRAY(calls, u64, 1);\nBPF_ARRAY(never, u64, 1);" PROBE
		     "	calls.increment(0);\n" END,
		     NULL, WORDS("7000001", "7000002"), "calls: 2\n");
}
END_TEST

/* ---- Histograms --------------------------------------------------------------------------------
 */

START_TEST(powers_of_two_are_bars)
{
	NEED(no_bpf());
	check_prints("BPF_HISTOGRAM(sizes);" PROBE
		     "	sizes.increment(bpf_log2l(n - 7000000));\n" END,
		     NULL, WORDS("7000000", "7000001", "7000002", "7000003", "7000009", "7000001"),
		     "     sizes  count  distribution\n"
		     "   0 -> 1       3  |****************************************|\n"
		     "   2 -> 3       2  |**************************              |\n"
		     "   4 -> 7       0  |                                        |\n"
		     "   8 -> 15      1  |*************                           |\n");
}
END_TEST

START_TEST(linear_slots_are_bars)
{
	NEED(no_bpf());
	check_prints("BPF_HISTOGRAM(digits, int, 10);" PROBE "	digits.increment(n % 10);\n" END,
		     NULL, WORDS("7000003", "7000003", "7000005"),
		     "  digits  count  distribution\n"
		     "       3      2  |****************************************|\n"
		     "       4      0  |                                        |\n"
		     "       5      1  |********************                    |\n");
}
END_TEST

#define SECTIONS                                                                                   \
	"struct key { u32 million; u64 slot; };\nBPF_HISTOGRAM(sizes, struct key);" PROBE          \
	"	struct key key = {.million = n / 1000000};\n"                                            \
	"	u64 slot = bpf_log2l(n % 1000000);\n"                                                    \
	"	key.slot = slot;\n"                                                                      \
	"	sizes.increment(key);\n" END

START_TEST(keys_make_sections)
{
	NEED(no_bpf());
	check_prints(SECTIONS, NULL, WORDS("7000004", "8000001", "7000005"),
		     "million = 7\n"
		     "   sizes  count  distribution\n"
		     "  4 -> 7      2  |****************************************|\n"
		     "\n"
		     "million = 8\n"
		     "   sizes  count  distribution\n"
		     "  0 -> 1      1  |****************************************|\n");
	check_prints(SECTIONS, WORDS("--json"), WORDS("7000004", "8000001", "7000005"),
		     "{\"table\":\"sizes\",\"histograms\":["
		     "{\"key\":{\"million\":7},"
		     "\"rows\":[{\"low\":4,\"high\":7,\"count\":2}]},"
		     "{\"key\":{\"million\":8},"
		     "\"rows\":[{\"low\":0,\"high\":1,\"count\":1}]}]}\n");
	check_prints(SECTIONS, WORDS("--csv"), WORDS("7000004", "8000001", "7000005", "8000004"),
		     "table,million,low,high,count\n"
		     "sizes,7,4,7,2\n"
		     "sizes,8,0,1,1\n"
		     "sizes,8,2,3,0\n"
		     "sizes,8,4,7,1\n");
}
END_TEST

/* Those of most counts; all others in the order of their keys as numbers. */
START_TEST(sections_can_be_limited)
{
	const char *const *numbers =
		WORDS("300000001", "2000001", "8000001", "8000002", "2000001", "2000001");

	NEED(no_bpf());
	check_prints(SECTIONS, WORDS("--top", "1"), numbers,
		     "million = 2\n"
		     "   sizes  count  distribution\n"
		     "  0 -> 1      3  |****************************************|\n"
		     "\n"
		     "(2 more)\n");
	check_prints(SECTIONS, WORDS("--top", "1", "--json"), numbers,
		     "{\"table\":\"sizes\",\"histograms\":[{\"key\":{\"million\":2},"
		     "\"rows\":[{\"low\":0,\"high\":1,\"count\":3}]}],\"more\":2}\n");
	check_prints(SECTIONS, WORDS("--csv"), numbers,
		     "table,million,low,high,count\n"
		     "sizes,2,0,1,3\n"
		     "sizes,8,0,1,1\n"
		     "sizes,8,2,3,1\n"
		     "sizes,300,0,1,1\n");
}
END_TEST

/* Each has its scale, whatever the other in the same function has. */
START_TEST(scales_are_told_apart)
{
	struct hotprobe *hp = new_handle(NULL);

	open_text(hp, "static u64 slot_of(u64 n) { return bpf_log2l(n / 10); }\n"
		      "struct key { u32 id; u64 slot; };\n"
		      "BPF_HISTOGRAM(direct);\nBPF_HISTOGRAM(helper);\nBPF_HISTOGRAM(variable);\n"
		      "BPF_HISTOGRAM(member, struct key);\nBPF_HISTOGRAM(linear);\n"
		      "BPF_HISTOGRAM(initial, struct key);\nBPF_HASH(no_histogram, u64);" PROBE
		      "	u64 slot = 0;\n"
		      "	struct key key = {}, first = {.slot = bpf_log2(n)};\n"
		      "	direct.increment(bpf_log2l(n));\n"
		      "	helper.increment(slot_of(n));\n"
		      "	if (n > 5)\n		slot = bpf_log2l(n);\n"
		      "	variable.increment(slot);\n"
		      "	key.slot = slot;\n"
		      "	member.increment(key);\n"
		      "	linear.increment(n / 1000);\n"
		      "	initial.increment(first);\n"
		      "	no_histogram.increment(slot);\n" END);
	for (const char *const *name = WORDS("direct", "helper", "variable", "member", "initial");
	     *name; name++)
		ck_assert_msg(hotprobe_table_is_log2(hotprobe_find_table(hp, *name)), "%s", *name);
	for (const char *const *name = WORDS("linear", "no_histogram"); *name; name++)
		ck_assert_msg(!hotprobe_table_is_log2(hotprobe_find_table(hp, *name)), "%s", *name);
	hotprobe_free(hp);
}
END_TEST

/* ---- Stacks ------------------------------------------------------------------------------------
 */

#define STACKS                                                                                     \
	"%s(stacks, 64);\nstruct key { u32 tgid; int user_stack; };\n"                             \
	"BPF_HASH(by_stack, struct key);\n"                                                        \
	"HOTPROBE(\"uprobe:%s:_ZN4user6middleEi\")\nint on_middle(struct pt_regs *ctx)\n{\n"       \
	"	struct key key = {.tgid = bpf_get_current_pid_tgid() >> 32};\n"                          \
	"	key.user_stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);\n"                           \
	"	by_stack.increment(key);\n" END

static struct result run_stacks(const char *kind, const char *option)
{
	char *text = format(STACKS, kind, build_path("tests/user_child"));
	struct result r =
		run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", option, "-",
					  "--", build_path("tests/user_child"), "stack", "3", NULL},
		    text, strlen(text));

	free(text);
	return r;
}

START_TEST(stacks_stand_below_their_rows)
{
	struct result r;
	const char *middle, *work, *end;

	NEED(no_bpf());
	r = run_stacks("BPF_STACK_TRACE", "--top=5");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.out, " value\n"));
	ck_assert_ptr_nonnull(strstr(r.out, "     3\n    user::middle(int)+0x0 [user_child]\n"));
	middle = strstr(r.out, "    user::middle(int)");
	work = strstr(r.out, "    work+0x");
	end = strstr(r.out, "    main+0x");
	ck_assert_msg(middle && work && end && middle < work && work < end, "%s", r.out);
	result_free(&r);
}
END_TEST

START_TEST(stacks_are_objects_in_json)
{
	json_t *root, *stack;
	struct result r;

	NEED(no_bpf());
	r = run_stacks("BPF_STACK_TRACE", "--json");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	/* Behind what the child prints. */
	ck_assert_ptr_nonnull(strchr(r.out, '\n'));
	root = json_loads(strchr(r.out, '\n'), 0, NULL);
	ck_assert_ptr_nonnull(root);
	stack = json_array_get(json_object_get(root, "entries"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(stack, "value")), 3);
	stack = json_object_get(json_object_get(stack, "stacks"), "user_stack");
	ck_assert_uint_ge(json_array_size(stack), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(stack, 0), "function")),
			 "user::middle(int)");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(stack, 0), "module")),
			 build_path("tests/user_child"));
	json_decref(root);
	result_free(&r);
}
END_TEST

START_TEST(stacks_are_a_cell_in_csv)
{
	struct result r;

	NEED(no_bpf());
	r = run_stacks("BPF_STACK_TRACE", "--csv");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.out, "table,tgid,user_stack,value,user_stack.frames\n"));
	ck_assert_ptr_nonnull(strstr(r.out, ",3,user::middle(int);"));
	ck_assert_ptr_nonnull(strstr(r.out, ";work;"));
	result_free(&r);
}
END_TEST

/* Places in files are functions just as addresses are. */
START_TEST(build_ids_have_names)
{
	struct result r;

	NEED(no_bpf());
	r = run_stacks("BPF_STACK_TRACE_BUILDID", "--top=5");
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_msg(strstr(r.out, "    user::middle(int)+0x0 [user_child]\n"), "%s", r.out);
	ck_assert_msg(strstr(r.out, "    main+0x"), "%s", r.out);
	result_free(&r);
	r = run_stacks("BPF_STACK_TRACE_BUILDID", "--json");
	ck_assert_msg(strstr(r.out, "\"build_id\":\"") && strstr(r.out, "\"file_offset\":\"0x"),
		      "%s", r.out);
	ck_assert_msg(strstr(r.out, "\"function\":\"user::middle(int)\""), "%s", r.out);
	result_free(&r);
	r = run_stacks("BPF_STACK_TRACE_BUILDID", "--folded");
	ck_assert_msg(strstr(r.out, ";work;") && strstr(r.out, ";user::middle(int) 3\n"), "%s",
		      r.out);
	result_free(&r);
}
END_TEST

/* ---- What is shown, and when -------------------------------------------------------------------
 */

#define TWO                                                                                        \
	"BPF_ARRAY(first, u64, 1);\nBPF_ARRAY(second, u64, 1);" PROBE "	first.increment(0);\n"     \
	"	second.increment(0);\n" END

START_TEST(tables_can_be_chosen)
{
	struct result r;

	NEED(no_bpf());
	check_prints(TWO, NULL, WORDS("7000001"), "first: 1\n\nsecond: 1\n");
	check_prints(TWO, WORDS("--tables", "second"), WORDS("7000001"), "second: 1\n");
	check_prints(TWO, WORDS("--tables", "none"), WORDS("7000001"), "");
	r = run_numbers(TWO, WORDS("--tables", "first,third"), WORDS("7000001"));
	ck_assert_int_eq(r.status, 2);
	ck_assert_ptr_nonnull(strstr(r.err, "'third' is no table of"));
	ck_assert_str_eq(r.out, "");
	result_free(&r);
}
END_TEST

/* Events keep their place: tables come after the last. A struct that is put together for them is
   no result. */
START_TEST(events_come_first)
{
	struct result r;

	NEED(no_bpf());
	r = run_numbers(
		"struct event { u64 n; char rest[600]; };\nBPF_PERF_OUTPUT(events);\n"
		"BPF_PERCPU_ARRAY(scratch, struct event, 1);\nBPF_ARRAY(calls, u64, 1);" PROBE
		"	int zero = 0;\n"
		"	struct event *event = scratch.lookup(&zero);\n"
		"	if (!event)\n		return 0;\n"
		"	event->n = n;\n"
		"	calls.increment(0);\n"
		"	events.perf_submit(args, event, sizeof(*event));\n" END,
		NULL, WORDS("7000001", "7000002"));
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	ck_assert_ptr_nonnull(strstr(r.out, "7000001"));
	ck_assert_ptr_nonnull(strstr(strstr(r.out, "7000001"), "7000002"));
	ck_assert_ptr_nonnull(strstr(strstr(r.out, "7000002"), "\n\ncalls: 2\n"));
	ck_assert_ptr_null(strstr(r.out, "scratch"));
	result_free(&r);
}
END_TEST

/* Every interval tells what came in it, and together they tell all. */
START_TEST(intervals_add_up)
{
	const char *text = "BPF_HASH(counts, u64, u64);" PROBE "	counts.increment(n);\n" END;
	unsigned times = 0, total = 0;
	struct result r;

	NEED(no_bpf());
	r = run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", "--json",
				      "--interval", "0.05", "--clear", "-", "--", "sh", "-c",
				      "for i in 1 2 3 4 5; do \"$0\" numbers 7000001 7000001; "
				      "sleep 0.06; done",
				      build_path("tests/child"), NULL},
		text, strlen(text));
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	for (char *line = strtok(r.out, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *root = json_loads(line, 0, NULL);
		json_t *entry = json_array_get(json_object_get(root, "entries"), 0);

		ck_assert_msg(root != NULL, "%s", line);
		times += json_object_get(root, "time") != NULL;
		total += (unsigned)json_integer_value(json_object_get(entry, "value"));
		json_decref(root);
	}
	ck_assert_uint_eq(total, 10);
	/* One at the end, and one in 0.3 s even on a machine that is slow. */
	ck_assert_uint_ge(times, 2);
	result_free(&r);
}
END_TEST

/* A histogram is an array, from which nothing can be taken out: what is counted while it is read
   still counts. */
START_TEST(nothing_is_lost_between_intervals)
{
	const char *text =
		"BPF_HISTOGRAM(sizes);" PROBE "	sizes.increment(n - 7000000);\n" END;
	json_int_t total = 0;
	unsigned times = 0;
	struct result r;

	NEED(no_bpf());
	r = run((const char *const[]){build_path("hotprobe"), "run", "--no-cache", "--json",
				      "--interval", "0.001", "--clear", "-", "--",
				      build_path("tests/child"), "repeat", "200000", "7000003",
				      NULL},
		text, strlen(text));
	ck_assert_msg(!r.status, "status %d:\n%s", r.status, r.err);
	for (char *line = strtok(r.out, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *root = json_loads(line, 0, NULL);
		json_t *histogram = json_array_get(json_object_get(root, "histograms"), 0);
		json_t *row = json_array_get(json_object_get(histogram, "rows"), 0);

		times += histogram != NULL;
		total += json_integer_value(json_object_get(row, "count"));
		json_decref(root);
	}
	ck_assert_int_eq(total, 200000);
	ck_assert_uint_ge(times, 2);
	result_free(&r);
}
END_TEST

START_TEST(bad_options_are_refused)
{
	static const char *const bad[][2] = {
		{"--interval", "0"},   {"--interval", "1e9"}, {"--interval", "x"},
		{"--interval", "nan"}, {"--interval", "-1"},  {"--interval", "1e-9"},
		{"--duration", "0"},   {"--duration", "inf"}, {"--duration", "-0.5"},
		{"--top", "0"},	       {"--top", "-1"},	      {"--color", "sometimes"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct result r = run_numbers(TWO, WORDS(bad[i][0], bad[i][1]), WORDS("7000001"));

		ck_assert_msg(r.status == 2, "%s %s: %d", bad[i][0], bad[i][1], r.status);
		ck_assert_msg(strstr(r.err, bad[i][0]) && strstr(r.err, bad[i][1]), "%s", r.err);
		result_free(&r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_tables");

	add_test(suite, hash_is_sorted_by_value, 30);
	add_test(suite, members_are_columns, 30);
	add_test(suite, cpus_are_added_up, 30);
	add_test(suite, counters_stand_alone, 30);
	add_test(suite, powers_of_two_are_bars, 30);
	add_test(suite, linear_slots_are_bars, 30);
	add_test(suite, keys_make_sections, 30);
	add_test(suite, sections_can_be_limited, 30);
	add_test(suite, scales_are_told_apart, 30);
	add_test(suite, stacks_stand_below_their_rows, 30);
	add_test(suite, stacks_are_objects_in_json, 30);
	add_test(suite, stacks_are_a_cell_in_csv, 30);
	add_test(suite, build_ids_have_names, 30);
	add_test(suite, tables_can_be_chosen, 30);
	add_test(suite, events_come_first, 30);
	add_test(suite, intervals_add_up, 30);
	add_test(suite, nothing_is_lost_between_intervals, 30);
	add_test(suite, bad_options_are_refused, 30);
	return run_suite(suite);
}
