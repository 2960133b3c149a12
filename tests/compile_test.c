/* SPDX-License-Identifier: Apache-2.0 */
/* Sources through the real compiler: what is wrong with them is said with its place, and what is
   right has its types. Needs the kernel's BTF and no privilege. */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "every_kind.h"

static int open_string(struct hotprobe *hp, const char *text)
{
	return hotprobe_open_string(hp, "text.c", text, strlen(text));
}

/* The source must be refused with an error at that place that says so. */
static void check_refused(const char *text, unsigned line, const char *wanted)
{
	struct hotprobe *hp = new_handle(NULL);
	const struct hotprobe_diagnostic *d;

	ck_assert_int_eq(open_string(hp, text), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_msg(strstr(d->text, wanted), "\"%s\" does not say \"%s\"", d->text, wanted);
	ck_assert_str_eq(d->file, "text.c");
	ck_assert_uint_eq(d->line, line);
	ck_assert_msg(strstr(hotprobe_error(hp), wanted), "%s", hotprobe_error(hp));
	ck_assert_int_eq(hotprobe_load(hp), -EBUSY);
	hotprobe_free(hp);
}

#define HEAD "#include <linux/sched.h>\n"
#define FUNCTION "int syscall__getpgid(struct pt_regs *ctx)\n{\n"

START_TEST(a_syntax_error_has_its_line)
{
	NEED(no_btf());

	check_refused(HEAD FUNCTION "\treturn 0\n}\n", 4, "expected ';'");
}
END_TEST

START_TEST(an_unknown_type_has_its_line)
{
	NEED(no_btf());

	check_refused(HEAD FUNCTION "\tstruct no_such_thing t = {};\n\n\treturn t.x;\n}\n", 4,
		      "no_such_thing");
	check_refused(HEAD FUNCTION "\tno_such_type_t t = 0;\n\n\treturn t;\n}\n", 4,
		      "no_such_type_t");
}
END_TEST

START_TEST(an_unknown_macro_has_its_line_and_is_named)
{
	NEED(no_btf());

	check_refused(HEAD FUNCTION "\n\treturn NO_SUCH_MACRO;\n}\n", 5, "NO_SUCH_MACRO");
}
END_TEST

START_TEST(an_unknown_member_has_its_line)
{
	NEED(no_btf());

	check_refused(HEAD FUNCTION "\tstruct task_struct *t = (void *)bpf_get_current_task();\n\n"
				    "\treturn t->no_such_member;\n}\n",
		      6, "no_such_member");
}
END_TEST

START_TEST(an_unknown_function_has_its_line)
{
	NEED(no_btf());

	check_refused(HEAD FUNCTION "\treturn no_such_function(1);\n}\n", 4, "no_such_function");
}
END_TEST

START_TEST(a_name_that_begins_like_a_convention_is_refused)
{
	NEED(no_btf());

	check_refused(HEAD "int kprobe__(struct pt_regs *ctx)\n{\n\treturn 0;\n}\n", 2, "kprobe__");
}
END_TEST

START_TEST(an_error_behind_a_script_line_has_its_own_line)
{
	NEED(no_btf());

	check_refused("#!/usr/bin/env -S hotprobe run\n" FUNCTION "\treturn 0\n}\n", 4,
		      "expected ';'");
}
END_TEST

START_TEST(a_macro_of_the_sources_own_may_be_wrong)
{
	NEED(no_btf());

	check_refused("#define WRONG (1 +\n" FUNCTION "\treturn WRONG;\n}\n", 4, "expected");
}
END_TEST

/* Refused as a whole, by a message that names the source; a place there need not be. */
static void check_no_source(const char *data, size_t size, const char *wanted)
{
	struct hotprobe *hp = new_handle(NULL);
	const struct hotprobe_diagnostic *d;

	ck_assert_int_eq(hotprobe_open_string(hp, "text.c", data, size), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_str_eq(d->file, "text.c");
	ck_assert_msg(strstr(d->text, wanted), "\"%s\" does not say \"%s\"", d->text, wanted);
	hotprobe_free(hp);
}

START_TEST(an_empty_source_is_refused)
{
	NEED(no_btf());

	check_no_source("", 0, "empty");
}
END_TEST

START_TEST(a_source_without_a_function_is_refused)
{
	NEED(no_btf());

	check_no_source("int x;\n", 7, "");
	check_no_source("/* nothing */\n", 14, "");
}
END_TEST

START_TEST(a_binary_file_is_refused)
{
	NEED(no_btf());

	struct hotprobe *hp;
	const struct hotprobe_diagnostic *d;

	hp = new_handle(NULL);
	ck_assert_int_eq(hotprobe_open_file(hp, build_path("tests/child")), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 1);
	ck_assert_ptr_nonnull(strstr(d->text, "not text"));
	hotprobe_free(hp);
}
END_TEST

/* Ten megabytes: compiled or refused, and by a clear word if refused. */
START_TEST(a_source_of_ten_megabytes_is_refused)
{
	NEED(no_btf());

	static const char line[] =
		"/* a comment that is as long as a line of source may well be */\n";
	size_t lines = (10u << 20) / (sizeof(line) - 1), used = 0;
	char *text;

	text = malloc(lines * sizeof(line) + 100);
	for (size_t i = 0; i < lines; i++, used += sizeof(line) - 1)
		memcpy(text + used, line, sizeof(line) - 1);
	strcpy(text + used, FUNCTION "\treturn 0;\n}\n");
	check_no_source(text, strlen(text), "bytes");
	free(text);
}
END_TEST

START_TEST(random_bytes_are_refused)
{
	NEED(no_btf());

	unsigned seed = 7;
	char bytes[4096];

	for (int round = 0; round < 5; round++) {
		struct hotprobe *hp = new_handle(NULL);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)rand_r(&seed);
		ck_assert_int_eq(hotprobe_open_string(hp, "text.c", bytes, sizeof(bytes)), -EINVAL);
		hotprobe_free(hp);
	}
}
END_TEST

START_TEST(a_warning_does_not_stop_and_has_its_line)
{
	NEED(no_btf());

	struct hotprobe *hp;
	const struct hotprobe_diagnostic *d;

	hp = new_handle(NULL);
	ck_hp(hp, open_string(hp, "#warning look here\n" FUNCTION "\treturn 0;\n}\n"));
	d = find_diagnostic(hp, HOTPROBE_WARNING);
	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(d->line, 1);
	ck_assert_ptr_nonnull(strstr(d->text, "look here"));
	ck_assert_ptr_nonnull(strstr(d->source_line, "#warning"));
	hotprobe_free(hp);
}
END_TEST

START_TEST(flags_define_macros_and_find_includes)
{
	NEED(no_btf());

	char *dir = make_dir(), *flag = format("-I%s", dir), *path = format("%s/own.h", dir);
	const char *flags[] = {"-DANSWER=42", flag, NULL};
	struct hotprobe_opts opts = {.cflags = flags};
	struct hotprobe *hp;

	write_file(path, "struct own_t { u32 answer; };\n", 30);
	hp = new_handle(&opts);
	ck_hp(hp, open_string(hp, "#include \"own.h\"\n"
				  "BPF_PERF_OUTPUT(events);\n" FUNCTION
				  "\tstruct own_t own = {.answer = ANSWER};\n"
				  "#if ANSWER != 42\n#error wrong\n#endif\n"
				  "\tevents.perf_submit(ctx, &own, sizeof(own));\n"
				  "\treturn 0;\n}\n"));
	ck_assert_str_eq(hotprobe_type_name(hotprobe_event_type(hp, "events")), "own_t");
	hotprobe_free(hp);
	free(path);
	free(flag);
	remove_dir(dir);
}
END_TEST

START_TEST(an_error_in_an_included_file_names_that_file)
{
	NEED(no_btf());

	char *dir = make_dir(), *main_c = format("%s/main.c", dir);
	char *path = format("%s/own.h", dir);
	static const char text[] = "#include \"own.h\"\n" FUNCTION "\treturn 0;\n}\n";
	static const char own[] = "\n\nint broken(;\n";
	const struct hotprobe_diagnostic *d;
	struct hotprobe *hp;

	write_file(main_c, text, strlen(text));
	write_file(path, own, strlen(own));
	hp = new_handle(NULL);
	ck_assert_int_eq(hotprobe_open_file(hp, main_c), -EINVAL);
	d = find_diagnostic(hp, HOTPROBE_ERROR);
	ck_assert_ptr_nonnull(d);
	ck_assert_str_eq(d->file, path);
	ck_assert_uint_eq(d->line, 3);
	ck_assert_str_eq(d->source_line, "int broken(;");
	hotprobe_free(hp);
	free(path);
	free(main_c);
	remove_dir(dir);
}
END_TEST

START_TEST(a_struct_with_every_kind_of_field_is_read_as_c_wrote_it)
{
	NEED(no_btf());

	struct every_t every;
	struct hotprobe *hp;

	memset(&every, 0, sizeof(every));
	FILL_EVERY(every);
	hp = new_handle(NULL);
	open_program(hp, "tests/programs/every_kind.c");
	check_every_kind(hotprobe_event_type(hp, "events"), &every, sizeof(every));
	hotprobe_free(hp);
}
END_TEST

START_TEST(the_reference_program_has_its_functions_tables_and_types)
{
	NEED(no_btf());

	const struct hotprobe_type *type;
	struct hotprobe_table *table;
	struct hotprobe_program *p;
	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_program(hp, "programs/opensnoop.c");
	ck_assert_uint_eq(hotprobe_diagnostic_count(hp), 0);
	ck_assert_uint_eq(hotprobe_program_count(hp), 6);
	p = hotprobe_find_program(hp, "kretprobe__sys_openat2");
	ck_assert_ptr_nonnull(p);
	ck_assert(hotprobe_program_placed(p));
	ck_assert_int_eq(hotprobe_program_fd(p), -1);
	ck_assert_uint_gt(hotprobe_program_line(p), 0);
	ck_assert_uint_eq(hotprobe_table_count(hp), 2);
	table = hotprobe_find_table(hp, "infotmp");
	ck_assert_ptr_nonnull(table);
	ck_assert_str_eq(hotprobe_table_kind(table), "hash");
	ck_assert_uint_eq(hotprobe_table_key_size(table), 8);
	ck_assert_uint_eq(hotprobe_table_value_size(table), 24);
	ck_assert_str_eq(hotprobe_type_name(hotprobe_table_key_type(table)), "u64");
	ck_assert_str_eq(hotprobe_type_name(hotprobe_table_value_type(table)), "val_t");
	type = hotprobe_event_type(hp, "open_events");
	ck_assert_str_eq(hotprobe_type_name(type), "event_t");
	ck_assert_int_eq(hotprobe_type_kind(type), HOTPROBE_STRUCT);
	ck_assert_uint_eq(hotprobe_type_count(type), 7);
	ck_assert_ptr_null(hotprobe_event_type(hp, "infotmp"));
	hotprobe_free(hp);
}
END_TEST

static void *interrupt(void *thread)
{
	usleep(20000);
	pthread_kill(*(pthread_t *)thread, SIGUSR1);
	return NULL;
}

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
	(void)number;
	interrupted++;
}

START_TEST(a_signal_to_the_host_does_not_disturb_a_compile)
{
	NEED(no_btf());

	struct sigaction action = {.sa_handler = note_signal};
	pthread_t self = pthread_self(), other;
	struct hotprobe *hp;

	sigaction(SIGUSR1, &action, NULL);
	hp = new_handle(NULL);
	ck_assert_int_eq(pthread_create(&other, NULL, interrupt, &self), 0);
	open_program(hp, "programs/opensnoop.c");
	pthread_join(other, NULL);
	ck_assert_int_eq(interrupted, 1);
	hotprobe_free(hp);
}
END_TEST

static void *compile_in_thread(void *arg)
{
	struct hotprobe *hp = new_handle(NULL);
	int err = hotprobe_open_file(hp, arg);

	hotprobe_free(hp);
	return (void *)(intptr_t)err;
}

/* The compiler is nobody; its caller may read what others may not. */
START_TEST(types_may_be_in_a_private_directory)
{
	char *dir = make_dir(), *path = format("%s/vmlinux", dir);
	struct hotprobe_opts opts = {.sz = sizeof(opts), .btf_path = path, .no_cache = true};
	struct hotprobe *hp;
	size_t size;
	char *btf;

	NEED(no_btf());
	btf = read_file("/sys/kernel/btf/vmlinux", &size);
	write_file(path, btf, size);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	hp = new_handle(&opts);
	open_text(hp, "int kprobe__f(struct pt_regs *ctx, struct task_struct *task)\n"
		      "{\n	return task->pid;\n}\n");
	hotprobe_free(hp);
	/* What is not there is said by the name that was given. */
	ck_assert_int_eq(unlink(path), 0);
	hp = new_handle(&opts);
	ck_assert_int_lt(hotprobe_open_string(hp, "a.c", "int x;", 6), 0);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), path));
	hotprobe_free(hp);
	free(btf);
	free(path);
	remove_dir(dir);
}
END_TEST

START_TEST(handles_compile_at_the_same_time)
{
	NEED(no_btf());

	pthread_t threads[4];
	void *err;

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, compile_in_thread,
				       (void *)(uintptr_t)source_path("programs/opensnoop.c")),
			0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &err);
		ck_assert_ptr_null(err);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compile");

	add_test(suite, a_syntax_error_has_its_line, 20);
	add_test(suite, an_unknown_type_has_its_line, 20);
	add_test(suite, an_unknown_macro_has_its_line_and_is_named, 20);
	add_test(suite, an_unknown_member_has_its_line, 20);
	add_test(suite, an_unknown_function_has_its_line, 20);
	add_test(suite, a_name_that_begins_like_a_convention_is_refused, 20);
	add_test(suite, an_error_behind_a_script_line_has_its_own_line, 20);
	add_test(suite, a_macro_of_the_sources_own_may_be_wrong, 20);
	add_test(suite, an_empty_source_is_refused, 20);
	add_test(suite, a_source_without_a_function_is_refused, 20);
	add_test(suite, a_binary_file_is_refused, 20);
	add_test(suite, a_source_of_ten_megabytes_is_refused, 60);
	add_test(suite, random_bytes_are_refused, 30);
	add_test(suite, a_warning_does_not_stop_and_has_its_line, 20);
	add_test(suite, flags_define_macros_and_find_includes, 20);
	add_test(suite, an_error_in_an_included_file_names_that_file, 20);
	add_test(suite, a_struct_with_every_kind_of_field_is_read_as_c_wrote_it, 20);
	add_test(suite, the_reference_program_has_its_functions_tables_and_types, 20);
	add_test(suite, a_signal_to_the_host_does_not_disturb_a_compile, 30);
	add_test(suite, types_may_be_in_a_private_directory, 30);
	add_test(suite, handles_compile_at_the_same_time, 60);
	return run_suite(suite);
}
