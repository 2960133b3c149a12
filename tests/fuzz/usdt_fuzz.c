/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the operands of a USDT probe, on each machine: what is read of them lies in struct
 * pt_regs, and code can be made of it.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "insns.h"
#include "usdt.h"

enum {
	REGISTERS_END = 34 * 8, /* of the largest struct pt_regs, arm64's */
};

/* Some symbols are there. */
static int find_symbol(void *ctx, const char *name, uint64_t *address)
{
	(void)ctx;
	REQUIRE(*name);
	*address = 0x401000 + (uint64_t)*name * 0x100000000;
	return strlen(name) % 2 ? 0 : -ENOENT;
}

static void check_register(int16_t offset)
{
	REQUIRE(offset >= -1 && offset < REGISTERS_END);
	REQUIRE(offset == -1 || offset % 8 == 0);
}

static void check_argument(const struct usdt_argument *a)
{
	if (a->unreadable)
		return;
	REQUIRE(a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8);
	check_register(a->base);
	check_register(a->index);
	REQUIRE(a->scale < 8);
	REQUIRE(a->shift == 0 || a->shift == 8);
}

/* A program that reads them all. */
static void fill(struct usdt_arguments *arguments)
{
	struct image_program image = {.line = 1};
	struct hotprobe hp = {.image.strings = ""};
	struct hotprobe_program program = {.hp = &hp, .image = &image, .name = "fuzz"};
	const struct plan plan = {.usdt = arguments};
	struct bpf_insn insns[IMAGE_USDT_ARGS + 1] = {0};
	struct bytecode code;
	uint32_t count = 0;

	for (uint32_t i = 0; i < arguments->count; i++)
		if (!arguments->at[i].unreadable)
			insns[count++] = CALL((int)(IMAGE_USDT_CALL + 1 + i));
	insns[count] = EXIT();
	if (bytecode_copy(&code, insns, count + 1, NULL, 0, NULL, 0))
		abort();
	REQUIRE(!usdt_fill(&program, &plan, &code));
	REQUIRE(code.count >= 1 + 3 * count);
	REQUIRE(code.insns[code.count - 1].code == (BPF_JMP | BPF_EXIT));
	bytecode_free(&code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int machines[] = {EM_X86_64, EM_386, EM_AARCH64};
	struct usdt_arguments arguments;
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	REQUIRE(!usdt_parse(&arguments, machines[data[0] % 3], text, 0x401000,
			    data[0] & 4 ? NULL : find_symbol, NULL));
	REQUIRE(arguments.count <= IMAGE_USDT_ARGS);
	for (uint32_t i = 0; i < arguments.count; i++)
		check_argument(&arguments.at[i]);
	fill(&arguments);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"04@-20(%rbp) -8@%rax 1@%ah 8@$5 4@counter(%rip) 8f@%xmm0",
		"08@8(%rax,%rbx,8) -4@-4+counter(%rip) 2@%r8w 8@$-9223372036854775808 @%rdi",
		"01@(,%rcx,4) 8@counter+8 4@0x10(%esp) 8@%rip",
		"14@%eax -4@8(%ebp) 4@$17",
		"2-4@[sp, 12] 8@x0 4@w1 -8@#5 8@[x2, x3, lsl #3] 1@xzr",
		"28@[x29] 4@[x1, #-16] 8@[sp, x3, sxtx 2] 2@wsp",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
