/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the compiler process that work on text: without a compile, without privilege. */
#include "support.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/cc/check.h"
#include "../runtime/cc/diag.h"
#include "../runtime/cc/exported.h"
#include "../runtime/cc/lines.h"
#include "../runtime/cc/parse.h"
#include "../runtime/cc/prelude.h"
#include "../runtime/cc/source.h"
#include "../runtime/cc/stray.h"
#include "../runtime/cc/vfs.h"
#include "../runtime/request.h"

static struct source source_of(const char *text)
{
	struct diag_list diags = {0};
	struct source source;

	ck_assert_int_eq(source_take(&source, "x.c", text, strlen(text), &diags), 0);
	return source;
}

/* ---- Requests ---- */

START_TEST(a_request_is_read_as_it_was_written)
{
	static const char bytes[] = "a\0b";
	struct request r = {0};
	const char *strings[2], *last;
	size_t position = 0, size;
	const struct request_record *record;

	request_add(&r, REQUEST_SOURCE, "x.c", NULL, bytes, 3);
	request_add(&r, REQUEST_TRACEPOINT, "sched", "sched_switch", "field:", 6);
	request_add(&r, REQUEST_CFLAG, NULL, NULL, "", 0);
	ck_assert_int_eq(r.failed, 0);

	record = request_next(r.data, r.size, &position, strings, &last, &size);
	ck_assert_uint_eq(record->kind, REQUEST_SOURCE);
	ck_assert_str_eq(strings[0], "x.c");
	ck_assert_uint_eq(size, 3);
	ck_assert_mem_eq(last, bytes, 4);
	record = request_next(r.data, r.size, &position, strings, &last, &size);
	ck_assert_uint_eq(record->kind, REQUEST_TRACEPOINT);
	ck_assert_str_eq(strings[1], "sched_switch");
	ck_assert_str_eq(last, "field:");
	record = request_next(r.data, r.size, &position, strings, &last, &size);
	ck_assert_uint_eq(record->kind, REQUEST_CFLAG);
	ck_assert_str_eq(last, "");
	ck_assert_ptr_null(request_next(r.data, r.size, &position, strings, &last, &size));
	ck_assert_uint_eq(position, r.size);
	free(r.data);
}
END_TEST

START_TEST(a_damaged_request_ends_where_it_is_damaged)
{
	struct request r = {0};
	const char *strings[2], *last;
	size_t size, cut, byte;

	request_add(&r, REQUEST_SOURCE, "x.c", NULL, "text", 4);
	request_add(&r, REQUEST_TRACEPOINT, "a", "b", "c", 1);
	for (cut = 0; cut < r.size; cut++) {
		char *copy = malloc(cut + 1);
		size_t position = 0;

		memcpy(copy, r.data, cut);
		while (request_next(copy, cut, &position, strings, &last, &size))
			ck_assert_uint_le(position, cut);
		ck_assert_uint_le(position, cut);
		free(copy);
	}
	for (byte = 0; byte < r.size; byte++) {
		size_t position = 0;

		r.data[byte] ^= 0x55;
		while (request_next(r.data, r.size, &position, strings, &last, &size))
			ck_assert_uint_le(position, r.size);
		r.data[byte] ^= 0x55;
	}
	free(r.data);
}
END_TEST

/* ---- The source ---- */

START_TEST(lines_are_counted_from_one)
{
	struct source source = source_of("one\ntwo\r\n\nfour");
	size_t size;

	ck_assert_uint_eq(source.line_count, 4);
	ck_assert_mem_eq(source_line(&source, 2, &size), "two", 3);
	ck_assert_uint_eq(size, 3);
	source_line(&source, 3, &size);
	ck_assert_uint_eq(size, 0);
	ck_assert_mem_eq(source_line(&source, 4, &size), "four", 4);
	source_line(&source, 5, &size);
	ck_assert_uint_eq(size, 0);
	ck_assert_uint_eq(source_line_of(&source, 0), 1);
	ck_assert_uint_eq(source_line_of(&source, 4), 2);
	ck_assert_uint_eq(source_line_of(&source, 10), 4);
}
END_TEST

START_TEST(a_script_line_leaves_an_empty_line)
{
	struct source source = source_of("#!/usr/bin/env \\\nint x;\n");
	size_t size;

	ck_assert_uint_eq(strspn(source_line(&source, 1, &size), " "), size);
	ck_assert_mem_eq(source_line(&source, 2, &size), "int x;", 6);
}
END_TEST

static void check_not_text(const char *text, size_t size, unsigned line, unsigned column)
{
	struct diag_list diags = {0};
	struct source source;

	ck_assert_int_eq(source_take(&source, "x.c", text, size, &diags), -1);
	ck_assert_uint_eq(diags.count, 1);
	ck_assert_str_eq(diags.items[0].file, "x.c");
	ck_assert_uint_eq(diags.items[0].line, line);
	ck_assert_uint_eq(diags.items[0].column, column);
	ck_assert_str_ne(diags.items[0].hint, "");
}

START_TEST(bytes_that_are_no_text_have_their_place)
{
	check_not_text("ab\nc\0d", 6, 2, 2);
	check_not_text("\xc3", 1, 1, 1);
	check_not_text("/* \xc3\xa4 */ \xff", 10, 1, 10);
	check_not_text("\xc0\x80", 2, 1, 1);
	check_not_text("", 0, 0, 0);
	check_not_text(" \n\t\r\n", 5, 0, 0);
}
END_TEST

/* ---- Line numbers ---- */

START_TEST(what_is_put_in_front_of_a_body_stands_on_the_functions_line)
{
	struct source source =
		source_of("int a;\nint f(void *ctx,\n      int b)\n{\n\treturn b;\n}\n");
	struct parse_function function = {
		.name = "f",
		.line = 2,
		.start = 7,
		.brace = strchr(source.text, '{') - source.text,
		.parameters = 2,
		.external = true,
	};
	struct parsed parsed = {.functions = &function, .function_count = 1};
	char *text = lines_mark(&source, &parsed), *at, *end;
	unsigned long line;

	ck_assert_ptr_nonnull(strstr(text, "section(\".bpf.fn.f\")"));
	ck_assert_ptr_nonnull(strstr(text, "#line 2 \"x.c\"\nint f("));
	ck_assert_ptr_nonnull(strstr(text, "{\n#line 4 \"x.c\"\n"));
	/* In front of the brace: a number that no source has. */
	at = strstr(text, "int b)");
	at = strstr(at, "#line ") + 6;
	line = strtoul(at, &end, 10);
	ck_assert_uint_gt(line, SOURCE_LINES_MAX);
	ck_assert_uint_lt(line, 1 << 22);
	ck_assert_uint_eq(lines_resolve(&parsed, (unsigned)line), 2);
	ck_assert_uint_eq(lines_resolve(&parsed, (unsigned)line + 9), 2);
	ck_assert_uint_eq(lines_resolve(&parsed, 5), 5);
}
END_TEST

START_TEST(a_name_with_quotes_stays_a_string)
{
	struct diag_list diags = {0};
	struct parsed parsed = {0};
	struct source source;

	ck_assert_int_eq(source_take(&source, "a\"b\\c", "int x;\n", 7, &diags), 0);
	ck_assert_ptr_nonnull(strstr(lines_mark(&source, &parsed), "#line 1 \"a\\\"b\\\\c\"\n"));
}
END_TEST

/* ---- Messages ---- */

static const struct diag *only_diag(const struct diag_list *diags)
{
	ck_assert_uint_eq(diags->count, 1);
	return diags->items;
}

static struct diag_list stray(const char *text, bool failed, struct parsed *parsed)
{
	struct source source = source_of("int f(void *ctx) { return 0; }\n");
	struct diag_list diags = {0};

	stray_parse(strdup(text), failed, &source, parsed, &diags);
	return diags;
}

START_TEST(messages_of_clang_have_their_place)
{
	struct parsed parsed = {0};
	struct diag_list diags = stray("a:b.c:3:7: error: cannot use map function inside a macro\n"
				       "        x.update(&a, &b);\n"
				       "        ^\n"
				       "1 error generated.\n",
				       true, &parsed);
	const struct diag *d = only_diag(&diags);

	ck_assert_str_eq(d->file, "a:b.c");
	ck_assert_uint_eq(d->line, 3);
	ck_assert_uint_eq(d->column, 7);
	ck_assert_str_eq(d->text, "cannot use map function inside a macro");
	ck_assert_str_ne(d->hint, "");
}
END_TEST

START_TEST(messages_of_the_backend_have_the_functions_place)
{
	struct parse_function function = {.name = "f", .line = 9, .column = 5, .external = true};
	struct parsed parsed = {.functions = &function, .function_count = 1};
	struct diag_list diags = stray(
		"error: <unknown>:0:0: in function f i32 (i8*): Looks like the BPF stack limit of "
		"512 bytes is exceeded.\n\n",
		true, &parsed);
	const struct diag *d = only_diag(&diags);

	ck_assert_str_eq(d->file, "x.c");
	ck_assert_uint_eq(d->line, 9);
	ck_assert_str_eq(d->text, "f: Looks like the BPF stack limit of 512 bytes is exceeded.");

	diags = stray("LLVM ERROR: Cannot select: 0x55d: i64 = sdiv 0x55e, 0x55f, x.c:3:13\n", true,
		      &parsed);
	d = only_diag(&diags);
	ck_assert_uint_eq(d->line, 3);
	ck_assert_uint_eq(d->column, 13);
	ck_assert_str_eq(d->text, "BPF has no instruction for 'sdiv'");
	ck_assert_ptr_nonnull(strstr(d->hint, "unsigned"));
}
END_TEST

START_TEST(no_text_is_lost_when_nothing_else_explains_a_failure)
{
	struct parsed parsed = {0};
	struct diag_list diags = stray("something broke\nand this too\n", true, &parsed);

	ck_assert_str_eq(only_diag(&diags)->text, "something broke; and this too");
	diags = stray("", true, &parsed);
	ck_assert_uint_eq(diags.error_count, 1);
	diags = stray("something was said\n", false, &parsed);
	ck_assert_uint_eq(diags.count, 0);
}
END_TEST

START_TEST(the_same_message_is_there_once)
{
	struct parsed parsed = {0};
	struct diag_list diags = stray("x.c:1:2: warning: unused [-Wunused]\n"
				       "x.c:1:2: warning: unused\n"
				       "x.c:2:2: warning: unused\n",
				       false, &parsed);

	ck_assert_uint_eq(diags.count, 2);
}
END_TEST

START_TEST(errors_beyond_the_limit_are_counted)
{
	struct diag_list diags = {0};
	struct image_writer w = {0};
	struct image_diag last;
	int i;

	for (i = 1; i <= 70; i++)
		diag_error(&diags, "x.c", (unsigned)i, 1, "", "error %d", i);
	ck_assert_uint_eq(diags.error_count, 70);
	ck_assert_uint_eq(diags.left_out, 20);
	diag_write(&diags, &w);
	memcpy(&last, w.section[IMAGE_DIAGS].data + w.section[IMAGE_DIAGS].size - sizeof(last),
	       sizeof(last));
	ck_assert_uint_eq(last.severity, HOTPROBE_NOTE);
	image_writer_free(&w);
}
END_TEST

START_TEST(hints_name_what_is_missing)
{
	ck_assert_ptr_nonnull(
		strstr(hint_for("use of undeclared identifier 'PAGE_FOO'", NULL), "-D PAGE_FOO=VALUE"));
	ck_assert_ptr_nonnull(strstr(hint_for("'my.h' file not found", NULL), "my.h"));
	ck_assert_str_eq(hint_for("use of undeclared identifier 'x'; did you mean 'y'?", NULL), "");
	ck_assert_str_eq(hint_for("something else", NULL), "");
}
END_TEST

/* ---- Bytecode ---- */

START_TEST(calls_of_nothing_and_static_data_are_found)
{
	struct source source = source_of("int f(void *ctx) { return 0; }\n");
	struct parse_function function = {.name = "f", .line = 1};
	struct bpf_line_info lines[] = {{.insn_off = 0, .line_col = 4 << 10},
					{.insn_off = 3, .line_col = 7 << 10}};
	const struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD},
		{0},
		{.code = BPF_JMP | BPF_CALL, .imm = 1},
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .imm = 8},
		{0},
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .imm = -1},
		{.imm = 0},
		{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = -1},
	};
	struct diag_list diags = {0};

	check_program(&function, "f", insns, 3, lines, 2, &source, &diags);
	ck_assert_uint_eq(diags.count, 0);
	check_program(&function, "f", insns, 5, lines, 2, &source, &diags);
	ck_assert_uint_eq(only_diag(&diags)->line, 7);
	ck_assert_ptr_nonnull(strstr(diags.items[0].text, "static data"));
	diags = (struct diag_list){0};
	check_program(&function, "f", insns + 5, 3, NULL, 0, &source, &diags);
	ck_assert_ptr_nonnull(strstr(only_diag(&diags)->text, "calls a function"));
}
END_TEST

/* ---- libbcc's headers ---- */

START_TEST(libbcc_carries_its_headers)
{
	ck_assert_ptr_nonnull(exported_text(EXPORTED_DIR "helpers.h"));
	ck_assert_ptr_nonnull(strstr(exported_text(EXPORTED_DIR "helpers.h"), "BPF_HASH"));
	ck_assert_ptr_nonnull(exported_text(EXPORTED_DIR "bpf.h"));
	ck_assert_ptr_null(exported_text("no such file"));
}
END_TEST

static void cut_for(const char *text)
{
	struct headers_text texts = {.text = text, .size = strlen(text)};

	prelude_cut(&texts, 1);
}

START_TEST(headers_are_cut_to_what_a_program_uses)
{
	const char *whole = exported_text(EXPORTED_DIR "helpers.h"), *cut;

	cut_for("BPF_HASH(h); int f(void *c) { bpf_ktime_get_ns(); s.sk_storage_get(c, c, 0); "
		"bpf_trace_printk(\"x\"); }");
	cut = exported_text(EXPORTED_DIR "helpers.h");
	ck_assert_uint_lt(strlen(cut), strlen(whole) / 3);
	ck_assert_ptr_nonnull(strstr(cut, "#define BPF_HASH("));
	ck_assert_ptr_nonnull(strstr(cut, "#define BPF_HASH3("));
	ck_assert_ptr_nonnull(strstr(cut, "(*bpf_ktime_get_ns)"));
	ck_assert_ptr_nonnull(strstr(cut, "(*bpf_sk_storage_get)"));
	ck_assert_ptr_nonnull(strstr(cut, "(*bpf_trace_printk_)"));
	ck_assert_ptr_nonnull(strstr(cut, "(*bpf_map_lookup_elem)"));
	ck_assert_ptr_null(strstr(cut, "(*bpf_ringbuf_output)"));
	ck_assert_ptr_null(strstr(cut, "#define BPF_STACK_TRACE("));
	ck_assert(prelude_restore());
	ck_assert_ptr_eq(exported_text(EXPORTED_DIR "helpers.h"), whole);
	ck_assert(!prelude_restore());
}
END_TEST

START_TEST(sections_of_tables_are_annotated)
{
	char *text = prelude_annotate("a __attribute__((section(\"maps/\" _kind))) b "
				      "section(\"license\") c");

	ck_assert_str_eq(text, "a __attribute__((section(\"maps/\" _kind), annotate(\"maps/\" "
			       "_kind))) b section(\"license\") c");
}
END_TEST

/* ---- The files that the compiler sees ---- */

static bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

START_TEST(the_compiler_sees_its_own_files_only)
{
	char buf[16];
	struct stat st;
	int fd;

	vfs_add("/home/me/mine.h", "mine", 4);
	vfs_add("/home/me/linux/fs.h", "fs", 2);
	vfs_add(VFS_KERNEL "/include/linux/kconfig.h", "config", 6);
	vfs_add_include_dir("/home/me");
	ck_assert(exists("/etc/passwd"));
	vfs_close_real();
	ck_assert(!exists("/etc/passwd"));
	ck_assert_int_lt(open("/etc/passwd", O_RDONLY), 0);
	ck_assert_ptr_null(fopen("/etc/passwd", "r"));
	ck_assert_int_lt(open("/tmp/new", O_RDWR | O_CREAT, 0600), 0);
	ck_assert_int_eq(chdir(VFS_KERNEL), 0);

	fd = open("./include/../include/linux/kconfig.h", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 6);
	ck_assert_mem_eq(buf, "config", 6);
	close(fd);
	/* Every other header of the kernel is there, and empty, once; not those of libbcc. */
	ck_assert_int_eq(stat("arch/x86/include/linux/sched.h", &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert(!exists("arch/x86/include/linux/kconfig.h"));
	ck_assert(!exists("include/bcc/proto.h"));
	ck_assert(!exists("include/linux/kconfig.h.pch"));
	/* A file of the user's comes before an empty one. */
	ck_assert(!exists("include/linux/fs.h"));
	ck_assert_int_eq(stat("/home/me/linux/fs.h", &st), 0);
	ck_assert_int_eq(st.st_size, 2);
	ck_assert_int_eq(stat("/home/me", &st), 0);
	ck_assert(S_ISDIR(st.st_mode));
	ck_assert(!exists("/home/me/other.h"));
}
END_TEST

/* The worker frees nothing: it ends after one program, and its memory with it. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return 1;
}

int main(void)
{
	Suite *suite = suite_create("cc_parts");

	add_test(suite, a_request_is_read_as_it_was_written, 10);
	add_test(suite, a_damaged_request_ends_where_it_is_damaged, 10);
	add_test(suite, lines_are_counted_from_one, 10);
	add_test(suite, a_script_line_leaves_an_empty_line, 10);
	add_test(suite, bytes_that_are_no_text_have_their_place, 10);
	add_test(suite, what_is_put_in_front_of_a_body_stands_on_the_functions_line, 10);
	add_test(suite, a_name_with_quotes_stays_a_string, 10);
	add_test(suite, messages_of_clang_have_their_place, 10);
	add_test(suite, messages_of_the_backend_have_the_functions_place, 10);
	add_test(suite, no_text_is_lost_when_nothing_else_explains_a_failure, 10);
	add_test(suite, the_same_message_is_there_once, 10);
	add_test(suite, errors_beyond_the_limit_are_counted, 10);
	add_test(suite, hints_name_what_is_missing, 10);
	add_test(suite, calls_of_nothing_and_static_data_are_found, 10);
	add_test(suite, libbcc_carries_its_headers, 10);
	add_test(suite, headers_are_cut_to_what_a_program_uses, 10);
	add_test(suite, sections_of_tables_are_annotated, 10);
	add_test(suite, the_compiler_sees_its_own_files_only, 10);
	return run_suite(suite);
}
