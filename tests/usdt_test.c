/* SPDX-License-Identifier: Apache-2.0 */
/* Operands of USDT probes, as assemblers for x86 and arm64 write them. */
#include "support.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "usdt.h"

enum {
	SITE = 0x1000,
};

static int find(void *ctx, const char *name, uint64_t *address)
{
	(void)ctx;
	*address = 0x4000;
	return strcmp(name, "counter") ? -ENOENT : 0;
}

struct expected {
	const char *text;
	struct usdt_argument argument;
};

#define BAD                                                                                        \
	{                                                                                          \
		.unreadable = true                                                                 \
	}
#define CONSTANT(n, bytes, sign)                                                                   \
	{                                                                                          \
		.displacement = (n), .base = -1, .index = -1, .size = (bytes), .is_signed = (sign) \
	}
#define REGISTER(offset, bytes, sign)                                                              \
	{                                                                                          \
		.base = (offset), .index = -1, .size = (bytes), .is_signed = (sign)                \
	}
#define MEMORY(offset, n, bytes, sign)                                                             \
	{                                                                                          \
		.displacement = (n), .base = (offset), .index = -1, .size = (bytes),               \
		.is_signed = (sign), .in_memory = true                                             \
	}

static void check_equal(const struct expected *e, const struct usdt_argument *a)
{
	const struct usdt_argument *b = &e->argument;

	ck_assert_msg(a->displacement == b->displacement && a->base == b->base &&
			      a->index == b->index && a->scale == b->scale &&
			      a->shift == b->shift && a->size == b->size &&
			      a->is_signed == b->is_signed && a->in_memory == b->in_memory &&
			      a->unreadable == b->unreadable,
		      "%s: displacement %lld, base %d, index %d, scale %d, shift %d, size %d%s%s%s",
		      e->text, (long long)a->displacement, a->base, a->index, a->scale, a->shift,
		      a->size, a->is_signed ? ", signed" : "", a->in_memory ? ", in memory" : "",
		      a->unreadable ? ", unreadable" : "");
}

/* Each alone, and all in one text as far as they fit. */
static void check_all(int machine, const struct expected *expected, size_t count)
{
	struct usdt_arguments arguments;
	char text[1024] = "";

	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(
			usdt_parse(&arguments, machine, expected[i].text, SITE, find, NULL), 0);
		ck_assert_msg(arguments.count == 1, "%s: %u arguments", expected[i].text,
			      arguments.count);
		check_equal(&expected[i], &arguments.at[0]);
		strcat(strcat(text, i ? " " : ""), expected[i].text);
	}
	usdt_parse(&arguments, machine, text, SITE, find, NULL);
	ck_assert_uint_eq(arguments.count, count < IMAGE_USDT_ARGS ? count : IMAGE_USDT_ARGS);
	for (size_t i = 0; i < arguments.count; i++)
		check_equal(&expected[i], &arguments.at[i]);
}

START_TEST(x86_operands)
{
	static const struct expected expected[] = {
		{"-4@$-5", CONSTANT(-5, 4, true)},
		{"8@$0x7fffffffffffffff", CONSTANT(INT64_MAX, 8, false)},
		{"8@$18446744073709551615", CONSTANT(-1, 8, false)},
		{"8@%rax", REGISTER(80, 8, false)},
		{"-4@%edi", REGISTER(112, 4, true)},
		{"2@%si", REGISTER(104, 2, false)},
		{"-1@%cl", REGISTER(88, 1, true)},
		{"1@%bpl", REGISTER(32, 1, false)},
		{"4@%r8d", REGISTER(72, 4, false)},
		{"1@%r15b", REGISTER(0, 1, false)},
		{"2@%r10w", REGISTER(56, 2, false)},
		{"1@%ah", {.base = 80, .index = -1, .shift = 8, .size = 1}},
		{"%rdx", REGISTER(96, 8, false)},
		{"8@(%rsp)", MEMORY(152, 0, 8, false)},
		{"-8@-24(%rbp)", MEMORY(32, -24, 8, true)},
		{"4@0x10(%r12)", MEMORY(24, 16, 4, false)},
		{"4@8(%rax,%rbx,4)",
		 {.displacement = 8,
		  .base = 80,
		  .index = 40,
		  .scale = 2,
		  .size = 4,
		  .in_memory = true}},
		{"4@(,%rcx,8)",
		 {.base = -1, .index = 88, .scale = 3, .size = 4, .in_memory = true}},
		{"4@(%rax,%rcx)", {.base = 80, .index = 88, .size = 4, .in_memory = true}},
		{"-4@counter(%rip)", MEMORY(128, 0x3000, 4, true)},
		{"-4@counter+8(%rip)", MEMORY(128, 0x3008, 4, true)},
		{"-4@8+counter(%rip)", MEMORY(128, 0x3008, 4, true)},
		{"-4@-4+counter(%rip)", MEMORY(128, 0x2ffc, 4, true)},
		{"4@counter", MEMORY(128, 0x3000, 4, false)},
		{"8@$counter", REGISTER(128, 8, false)}, /* displaced, below */
		{"4f@16(%rsp)", MEMORY(152, 16, 4, false)},
		{"8f@%xmm0", BAD},
		{"8@%st", BAD},
		{"4@nowhere(%rip)", BAD},
		{"4@counter(%rax)", BAD},
		{"4@16(%rip)", BAD},
		{"3@%rax", BAD},
		{"4@", BAD},
		{"4@$", BAD},
		{"@%rax", BAD},
		{"4@%", BAD},
		{"4@(%rax", BAD},
		{"4@(%rax,%rbx,3)", BAD},
		{"4@8(%rax)x", BAD},
		{"4@%raxx", BAD},
		{"99999999999999999999@%rax", BAD},
	};
	struct expected copy[COUNT(expected)];

	memcpy(copy, expected, sizeof(copy));
	for (size_t i = 0; i < COUNT(copy); i++)
		if (!strcmp(copy[i].text, "8@$counter"))
			copy[i].argument.displacement = 0x3000;
	check_all(EM_X86_64, copy, COUNT(copy));
}
END_TEST

START_TEST(arm64_operands)
{
	static const struct expected expected[] = {
		{"-4@5", CONSTANT(5, 4, true)},
		{"8@-5", CONSTANT(-5, 8, false)},
		{"4@#7", CONSTANT(7, 4, false)},
		{"8@x0", REGISTER(0, 8, false)},
		{"-4@w19", REGISTER(152, 4, true)},
		{"8@sp", REGISTER(248, 8, false)},
		{"8@x31", REGISTER(248, 8, false)},
		{"4@wzr", CONSTANT(0, 4, false)},
		{"8@[x29]", MEMORY(232, 0, 8, false)},
		{"-4@[sp, 60]", MEMORY(248, 60, 4, true)},
		{"-4@[x2,-8]", MEMORY(16, -8, 4, true)},
		{"4@[x2, #16]", MEMORY(16, 16, 4, false)},
		{"1@[x0, x1]", {.base = 0, .index = 8, .size = 1, .in_memory = true}},
		{"8@[x0, x1, lsl 3]",
		 {.base = 0, .index = 8, .scale = 3, .size = 8, .in_memory = true}},
		{"8@[x0,x1,lsl #2]",
		 {.base = 0, .index = 8, .scale = 2, .size = 8, .in_memory = true}},
		{"8f@d0", BAD},
		{"4@s0", BAD},
		{"8@x32", BAD},
		{"8@[x0, w1, sxtw 3]", BAD},
		{"8@[x0", BAD},
		{"8@[]", BAD},
		{"8@[x0,", BAD},
	};

	check_all(EM_AARCH64, expected, COUNT(expected) - 3); /* one alone does not end */
	for (size_t i = COUNT(expected) - 3; i < COUNT(expected); i++)
		check_all(EM_AARCH64, &expected[i], 1);
}
END_TEST

START_TEST(many_few_and_foreign)
{
	struct usdt_arguments arguments;

	ck_assert_int_eq(usdt_parse(&arguments, EM_X86_64, "", SITE, find, NULL), 0);
	ck_assert_uint_eq(arguments.count, 0);
	ck_assert_int_eq(usdt_parse(&arguments, EM_X86_64, "  ", SITE, find, NULL), 0);
	ck_assert_uint_eq(arguments.count, 0);
	ck_assert_int_eq(usdt_parse(&arguments, EM_X86_64,
				    "%rax %rax %rax %rax %rax %rax %rax %rax %rax %rax %rax %rax "
				    "%rax %rax",
				    SITE, find, NULL),
			 0);
	ck_assert_uint_eq(arguments.count, IMAGE_USDT_ARGS);
	ck_assert_int_eq(usdt_parse(&arguments, EM_S390, "%rax", SITE, find, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(usdt_parse(&arguments, EM_386, "-4@%eax", SITE, NULL, NULL), 0);
	ck_assert_int_eq(arguments.at[0].base, 80);
	ck_assert_int_eq(usdt_parse(&arguments, EM_X86_64, "4@counter", SITE, NULL, NULL), 0);
	ck_assert(arguments.at[0].unreadable);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usdt");

	add_test(suite, x86_operands, 10);
	add_test(suite, arm64_operands, 10);
	add_test(suite, many_few_and_foreign, 10);
	return run_suite(suite);
}
