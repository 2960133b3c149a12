/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe list: what it prints, and what it says when it cannot. */
#include "support.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST(...) RUN(build_path("hotprobe"), "list", __VA_ARGS__)

static void check_has(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted), "\"%s\" is not in:\n%s", wanted, text);
}

static const char *no_system_calls(void)
{
	struct result result = LIST("syscall:openat");
	bool there = !result.status;

	result_free(&result);
	return there ? NULL : "system calls cannot be listed here";
}

START_TEST(targets_stand_alone_on_their_lines)
{
	struct result result;

	NEED(no_system_calls());
	result = LIST("syscall:openat*");
	ck_assert_str_eq(result.out, "syscall:openat\nsyscall:openat2\n");
	ck_assert_str_eq(result.err, "");
	ck_assert_int_eq(result.status, 0);
	result_free(&result);
}
END_TEST

START_TEST(verbose_adds_arguments_results_and_fields)
{
	struct result result;

	NEED(no_btf());
	NEED(no_system_calls());
	result = LIST("-v", "syscall:close");
	ck_assert_str_eq(result.out, "syscall:close(unsigned int fd) -> long\n");
	result_free(&result);
	result = LIST("-l", "raw_tracepoint:sys_exit");
	ck_assert_str_eq(result.out,
			 "raw_tracepoint:sys_exit(struct pt_regs *regs, long int ret)\n");
	result_free(&result);
	result = LIST("-v", "tracepoint:sched:sched_process_exec");
	if (!result.status)
		ck_assert_str_eq(result.out, "tracepoint:sched:sched_process_exec\n"
					     "\t__data_loc char[] filename\n"
					     "\tpid_t pid\n"
					     "\tpid_t old_pid\n");
	result_free(&result);
}
END_TEST

static json_t *member(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	ck_assert_msg(value, "there is no %s", name);
	return value;
}

static void check_string(json_t *object, const char *name, const char *wanted)
{
	ck_assert_str_eq(json_string_value(member(object, name)), wanted);
}

static json_t *first_object(const struct result *result)
{
	json_error_t error;
	json_t *object = json_loads(result->out, JSON_DISABLE_EOF_CHECK, &error);

	ck_assert_msg(object, "%s: %s", error.text, result->out);
	return object;
}

START_TEST(json_has_every_type_taken_apart)
{
	struct result result;
	json_t *object, *arg;

	NEED(no_btf());
	NEED(no_system_calls());
	result = LIST("--json", "syscall:openat");
	object = first_object(&result);
	check_string(object, "kind", "syscall");
	check_string(object, "target", "syscall:openat");
	check_string(object, "context", "struct pt_regs");
	ck_assert_uint_eq(json_array_size(member(object, "arguments")), 4);
	arg = json_array_get(member(object, "arguments"), 0);
	check_string(arg, "name", "dfd");
	check_string(arg, "type", "int");
	ck_assert_int_eq(json_integer_value(member(arg, "size")), 4);
	ck_assert(json_is_true(member(arg, "signed")));
	arg = json_array_get(member(object, "arguments"), 1);
	check_string(arg, "declaration", "const char *filename");
	check_string(arg, "type", "pointer");
	check_string(arg, "of", "char");
	ck_assert(json_is_true(member(arg, "user")));
	check_string(member(object, "result"), "type", "int");
	ck_assert_ptr_null(json_object_get(object, "fields"));
	json_decref(object);
	result_free(&result);
}
END_TEST

START_TEST(every_line_of_json_is_an_object)
{
	struct result result = LIST("--json", "kprobe:vfs_*");
	size_t count = 0;

	ck_assert_int_eq(result.status, 0);
	for (char *save, *line = strtok_r(result.out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *object = json_loads(line, 0, NULL);

		ck_assert_msg(object, "%s", line);
		check_string(object, "kind", "kprobe");
		json_decref(object);
		count++;
	}
	ck_assert_uint_gt(count, 10);
	result_free(&result);
}
END_TEST

/* A sample of all that is listed without being named is good for --attach. */
START_TEST(what_is_listed_passes_check)
{
	struct result all = LIST("*"), result;
	size_t seen = 0, checked = 0;

	NEED(no_bpf());
	ck_assert_int_eq(all.status, 0);
	for (char *save, *line = strtok_r(all.out, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		static const char program[] = "int f(void *ctx) { return 0; }\n";
		char *attach = format("%s=f", line);

		if (seen++ % 200 || strstr(line, "=TABLE") || !strncmp(line, "kfunc:", 6) ||
		    !strncmp(line, "lsm:", 4)) {
			free(attach);
			continue;
		}
		result = run((const char *const[]){build_path("hotprobe"), "check", "-", "--attach",
						   attach, NULL},
			     program, strlen(program));
		ck_assert_msg(!result.status, "%s: %s", line, result.err);
		result_free(&result);
		free(attach);
		checked++;
	}
	ck_assert_uint_gt(checked, 10);
	result_free(&all);
}
END_TEST

START_TEST(kinds_that_cannot_be_attached_are_noted_on_standard_error)
{
	struct result result;

	if (!no_kprobes())
		SKIP("this kernel has kprobes");
	result = LIST("kprobe:vfs_read");
	ck_assert_str_eq(result.out, "kprobe:vfs_read\n");
	check_has(result.err, "warning: kprobe: this kernel has no kprobes");
	ck_assert_int_eq(result.status, 0);
	result_free(&result);
	result = RUN(build_path("hotprobe"), "list");
	ck_assert_ptr_null(strstr(result.out, "kprobe:"));
	result_free(&result);
}
END_TEST

static void check_error(const char *pattern, int status, const char *message, const char *hint)
{
	struct result result = LIST(pattern);

	ck_assert_msg(result.status == status, "%s: %d\n%s", pattern, result.status, result.err);
	ck_assert_str_eq(result.out, "");
	check_has(result.err, message);
	check_has(result.err, hint);
	result_free(&result);
}

START_TEST(what_is_wrong_with_a_pattern_is_said_with_a_remedy)
{
	struct result result;

	check_error("kprob:vfs_read", 2, "no kind of target 'kprob'",
		    "did you mean 'kprobe:vfs_read'?");
	check_error("kprobe:vfs_raed", 1, "no kprobe:vfs_raed", "did you mean 'kprobe:vfs_read'?");
	check_error("sched_swich", 1, "no target sched_swich", "did you mean '");
	check_error("uprobe:c:malocl", 1, "no uprobe:c:malocl", "did you mean 'uprobe:c:malloc'?");
	check_error("uprobe:/etc/passwd", 1, "it is no ELF file", "/etc/passwd");
	check_error("uprobe:/nonexistent", 1, "No such file", "/nonexistent");
	check_error("usdt:@999999999", 1, "no process of that id", "@999999999");
	check_error("uprobe", 2, "one FILE", "");
	check_error("", 2, "the pattern is empty", "help list");
	result = LIST("a", "b");
	ck_assert_int_eq(result.status, 2);
	check_has(result.err, "quote it");
	result_free(&result);
	result = LIST("x", "--", "ls");
	ck_assert_int_eq(result.status, 2);
	result_free(&result);
}
END_TEST

/* A shell, for what is behind the pipe. */
static struct result shell(const char *command)
{
	char *text = format(command, build_path("hotprobe"));
	struct result result = RUN("/bin/sh", "-c", text);

	free(text);
	return result;
}

START_TEST(a_reader_may_leave)
{
	struct result result = shell("{ %s list -v 'kprobe:*'; echo $? >&2; } 2>&1 >/dev/full");

	check_has(result.out, "No space left on device");
	check_has(result.out, "\n3\n");
	result_free(&result);
	result = shell("%s list 'raw_tracepoint:*' | head -n 1");
	if (!no_btf())
		check_has(result.out, "raw_tracepoint:");
	ck_assert_str_eq(result.err, "");
	result_free(&result);
	result = shell("%s list 'raw_tracepoint:*' >&-");
	ck_assert_int_eq(result.status, 3);
	result_free(&result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_list");

	add_test(suite, targets_stand_alone_on_their_lines, 30);
	add_test(suite, verbose_adds_arguments_results_and_fields, 30);
	add_test(suite, json_has_every_type_taken_apart, 30);
	add_test(suite, every_line_of_json_is_an_object, 30);
	add_test(suite, what_is_listed_passes_check, 180);
	add_test(suite, kinds_that_cannot_be_attached_are_noted_on_standard_error, 30);
	add_test(suite, what_is_wrong_with_a_pattern_is_said_with_a_remedy, 60);
	add_test(suite, a_reader_may_leave, 60);
	return run_suite(suite);
}
