/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the verifier's log, and its first line as the source's: it becomes one error and
 * maybe notes, at lines that the program has.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "insns.h"
#include "internal.h"
#include "verifier.h"

enum {
	TABLE_FD = 3,
	TEXT_OFF = 8, /* of the source's line in the strings, behind the file's name */
};

static const char file_name[] = "\0text.c";

/* With something of all that a trace follows. */
static struct bpf_insn insns[] = {
	MOV_REG(BPF_REG_6, BPF_REG_1),
	LOAD(BPF_W, BPF_REG_7, BPF_REG_1, 16),
	STORE(BPF_DW, BPF_REG_10, -8, BPF_REG_7),
	LOAD_MAP(BPF_REG_1, TABLE_FD),
	MOV_REG(BPF_REG_2, BPF_REG_10),
	ADD_IMM(BPF_REG_2, -8),
	CALL(BPF_FUNC_map_lookup_elem),
	JUMP_IF_ZERO(BPF_REG_0, 8),
	LOAD(BPF_DW, BPF_REG_7, BPF_REG_10, -8),
	LSH_IMM(BPF_REG_7, 32),
	RSH_IMM(BPF_REG_7, 32),
	LSH_IMM(BPF_REG_7, 3),
	ADD_REG(BPF_REG_0, BPF_REG_7),
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_0, 0),
	STORE_IMM(BPF_DW, BPF_REG_0, 8, 1),
	ATOMIC_ADD(BPF_DW, BPF_REG_0, 0, BPF_REG_1),
	CALL(BPF_FUNC_probe_read_kernel),
	MOV_IMM(BPF_REG_0, 0),
	EXIT(),
};

/* The program's BTF, as far as its strings. */
static struct btf_header *make_btf(const char *line, size_t *size)
{
	uint32_t length = TEXT_OFF + (uint32_t)strlen(line) + 1;
	struct btf_header *btf = malloc(sizeof(*btf) + length);

	if (!btf)
		abort();
	*size = sizeof(*btf) + length;
	*btf = (struct btf_header){.magic = BTF_MAGIC,
				   .version = BTF_VERSION,
				   .hdr_len = sizeof(*btf),
				   .str_len = length};
	memcpy(btf + 1, file_name, sizeof(file_name));
	memcpy((char *)(btf + 1) + TEXT_OFF, line, strlen(line) + 1);
	return btf;
}

static void check(const struct hotprobe *hp)
{
	size_t count = hotprobe_diagnostic_count(hp);

	REQUIRE(count >= 1 && count <= 3);
	for (size_t i = 0; i < count; i++) {
		const struct hotprobe_diagnostic *d = hotprobe_diagnostic_at(hp, i);

		REQUIRE(d->severity == (i ? HOTPROBE_NOTE : HOTPROBE_ERROR));
		REQUIRE(d->line >= 1 && d->line <= 3 && *d->text && (i || *d->hint));
		REQUIRE(!strchr(d->text, '\n') && !strchr(d->hint, '\n'));
	}
}

static void explain(const char *source, const char *log)
{
	struct bpf_line_info lines[] = {
		{.insn_off = 0, .file_name_off = 1, .line_off = 8, .line_col = 2 << 10 | 9},
		{.insn_off = 7, .file_name_off = 1, .line_off = 8, .line_col = 2 << 10 | 1},
		{.insn_off = 13, .file_name_off = 1, .line_off = 8, .line_col = 3 << 10 | 2},
		{.insn_off = 14, .file_name_off = 1, .line_off = 8, .line_col = 3 << 10 | 4},
		{.insn_off = 15, .file_name_off = 1, .line_off = 8, .line_col = 3 << 10},
		{.insn_off = 19, .file_name_off = 99999, .line_off = 8, .line_col = 4 << 10},
	};
	const uint32_t line_count = sizeof(lines) / sizeof(*lines);
	size_t size;
	struct btf_header *btf = make_btf(source, &size);
	struct image_program image = {.line = 1};
	const struct bytecode code = {.insns = insns,
				      .count = sizeof(insns) / sizeof(*insns),
				      .line_info = lines,
				      .line_info_count = line_count};
	struct hotprobe_table table = {.name = "counts", .fd = TABLE_FD};
	struct hotprobe hp = {.tables = &table, .table_count = 1};
	struct hotprobe_program program = {.hp = &hp, .image = &image, .name = "fuzz"};
	int err;

	hp.image = (struct image){.strings = "", .btf = btf, .line_info = lines};
	hp.image.count[IMAGE_BTF] = (uint32_t)size;
	hp.image.count[IMAGE_LINE_INFO] = line_count;
	err = verifier_explain(&program, &code, -EACCES, log);
	REQUIRE(err == -EACCES);
	check(&hp);
	free_diagnostics(&hp);
	free(hp.error);
	free(btf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *end = strchrnul(text, '\n'), *source;

	source = strndup(text, (size_t)(end - text));
	if (!source)
		abort();
	explain(source, end + (*end == '\n'));
	free(source);
	free(text);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const char *const texts[] = {
		"u64 *count = counts.lookup(&key);\n7: (85) call bpf_map_lookup_elem#1 ; "
		"R0_w=map_value_or_null(id=1,map=counts,ks=4,vs=8)\n"
		"14: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'map_value_or_null'\n"
		"processed 6 insns\n",
		"*count += 1;\n14: (79) r1 = *(u64 *)(r0 +0)\n"
		"R0 invalid mem access 'map_value_or_null'\n",
		"slots->slot[i & 7] += 1;\n12: (67) r7 <<= 3\n13: (0f) r0 += r7 ; R0=map_value("
		"off=8,ks=4,vs=64,smin=0,smax=umax=1016,var_off=(0x0; 0x3f8)) R7=scalar()\n"
		"14: (79) r1 = *(u64 *)(r0 +0)\ninvalid access to map value, value_size=64 "
		"off=1016 size=8\nR0 max value is outside of the allowed memory range\n",
		"bpf_probe_read_kernel(&e.name, n, (char *)p);\n"
		"from 3 to 17: R0=inv(id=0) R2_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) "
		"R10=fp0 fp-8=mmmmmmmm\n17: (85) call bpf_probe_read_kernel#113\n"
		"R2 min value is negative, either use unsigned or 'var &= const'\n",
		"counts.perf_submit(ctx, &e, f(1, \"a,\\\"b\"));\n"
		"17: (85) call bpf_perf_event_output#25\ninvalid read from stack R4 off=-8 "
		"size=16\n",
		"x\n9: (b7) r0 = 0\nback-edge from insn 7 to 3\n",
		"x\nfunc#0 @0\n18446744073709551615: (ff) x\nunknown func bpf_none#999\nsafe\n",
		"x\nverification time 10 usec\nstack depth 8\nregs=4 stack=0 before 3\n",
		"return 2;\n18: (b7) r0 = 2\n19: (95) exit\nAt program exit the register R0 has "
		"value (0x2; 0x0) should have been in (0x0; 0x1)\n",
		"e = events.ringbuf_reserve(8);\n8: (15) if r0 == 0x0 goto pc+8 17: R0=P0 R1=ctx() "
		"R10=fp0\n19: (95) exit\nUnreleased reference id=2 alloc_insn=7\n",
		NULL,
	};

	return fuzz_seed_text(texts, n, data);
}
