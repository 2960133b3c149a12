/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that make headers, on texts that are damaged or hostile. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "../runtime/cc/headers_scan.h"
#include "../runtime/cc/headers_tracepoint.h"

/* ---- Formats of tracepoints ---- */

static struct text struct_of(const char *format)
{
	const struct headers_tracepoint tp = {"sched", "fork", format};
	struct headers_btf btf = {0};
	struct words words = {0};
	struct text out = {0};

	tracepoint_put(&tp, &btf, &words, &out);
	return out;
}

START_TEST(a_format_becomes_a_struct_with_its_gaps)
{
	struct text out =
		struct_of("	field:unsigned short common_type;	offset:0;	size:2;\n"
			  "	field:int pid;	offset:12;	size:4;	signed:1;\n");

	ck_assert_str_eq(out.data, "struct tracepoint__sched__fork {\nu64 __do_not_use__;\n"
				   "char __pad_8[4];\nint pid;\n};\n");
}
END_TEST

/* Offset and size overflow together, or lie before what is written, each for 65,536 bytes. */
START_TEST(a_damaged_format_ends)
{
	struct text format = {0}, out;

	out = struct_of("	field:int a;	offset:18446744073709551614;	size:4;\n"
			"	field:int common_b;	offset:18446744073709551614;	size:2;\n");
	ck_assert_str_eq(out.data, "struct tracepoint__sched__fork {\nu64 __do_not_use__;\n};\n");
	for (int i = 0; i < 1000; i++)
		text_puts(&format, "	field:int a;	offset:65000;	size:4;\n"
				   "	field:int b;	offset:8;	size:4;\n");
	out = struct_of(format.data);
	ck_assert_uint_lt(out.size, 200);
}
END_TEST

/* ---- Conditions ---- */

struct seen {
	char words[256];
};

static void on_word(void *ctx, const struct token *token, uint32_t flags)
{
	struct seen *seen = ctx;

	(void)flags;
	strcat(strncat(seen->words, token->at, token->size), " ");
}

static bool no_macro(void *ctx, const char *at, size_t size)
{
	(void)ctx, (void)at, (void)size;
	return false;
}

/* The words that the compiler may see. */
static struct seen words_of(const char *text)
{
	static const struct scan_calls calls = {.word = on_word};
	struct headers_btf btf = {0};
	struct cond cond = {.btf = &btf, .has_macro = no_macro};
	struct seen seen = {0};

	scan_text(text, strlen(text), &cond, &calls, &seen);
	return seen;
}

START_TEST(branches_that_are_not_compiled_are_left_out)
{
	ck_assert_str_eq(words_of("#ifdef A\nint a;\n#else\nint b;\n#endif\n").words, "A int b ");
	ck_assert_str_eq(words_of("#ifndef A\nint a;\n#else\nint b;\n#endif\n").words, "A int a ");
	ck_assert_str_eq(words_of("#if 0\nx\n#elifndef A\ny\n#elifdef A\nz\n#endif\n").words,
			 "A y ");
}
END_TEST

/* "#ifx" has no fourth letter from its end. */
START_TEST(a_directive_that_c_has_not_hides_nothing)
{
	ck_assert_str_eq(words_of("#ifx A\na\n#else\nb\n#endif\n").words, "A a b ");
	ck_assert_str_eq(words_of("#if 0\n#elxx A\na\n#endif\n").words, "A a ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cc_headers");

	add_test(suite, a_format_becomes_a_struct_with_its_gaps, 10);
	add_test(suite, a_damaged_format_ends, 10);
	add_test(suite, branches_that_are_not_compiled_are_left_out, 10);
	add_test(suite, a_directive_that_c_has_not_hides_nothing, 10);
	return run_suite(suite);
}
