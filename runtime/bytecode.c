/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a program's code, and instructions put in front of it. */
#include "bytecode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void *copy(const void *from, uint32_t count, size_t size)
{
	void *to = calloc(count ? count : 1, size);

	if (to && count)
		memcpy(to, from, count * size);
	return to;
}

int bytecode_copy(struct bytecode *to, const struct bpf_insn *insns, uint32_t count,
		  const struct bpf_func_info *func_info, uint32_t func_info_count,
		  const struct bpf_line_info *line_info, uint32_t line_info_count)
{
	*to = (struct bytecode){
		.insns = copy(insns, count, sizeof(*insns)),
		.count = count,
		.func_info = copy(func_info, func_info_count, sizeof(*func_info)),
		.func_info_count = func_info_count,
		.line_info = copy(line_info, line_info_count, sizeof(*line_info)),
		.line_info_count = line_info_count,
	};
	if (to->insns && to->func_info && to->line_info)
		return 0;
	bytecode_free(to);
	return -ENOMEM;
}

void bytecode_free(struct bytecode *code)
{
	free(code->insns);
	free(code->func_info);
	free(code->line_info);
	*code = (struct bytecode){0};
}

int bytecode_prepend(struct bytecode *code, const struct bpf_insn *insns, uint32_t count)
{
	struct bpf_insn *grown = reallocarray(code->insns, code->count + count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	memmove(grown + count, grown, code->count * sizeof(*grown));
	memcpy(grown, insns, count * sizeof(*grown));
	code->insns = grown;
	code->count += count;
	code->prologue += count;
	/* The kernel wants the first records at instruction 0: they cover what is in front, too. */
	for (uint32_t i = 1; i < code->func_info_count; i++)
		code->func_info[i].insn_off += count;
	for (uint32_t i = 1; i < code->line_info_count; i++)
		code->line_info[i].insn_off += count;
	return 0;
}

static bool is_far_jump(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP32 | BPF_JA);
}

static bool is_near_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT &&
	       !is_far_jump(insn);
}

/* Mends the jump at index from, which goes distance beyond its successor, for more instructions
   that come behind index at. */
static int64_t mended(int64_t from, int64_t distance, int64_t at, int64_t more)
{
	int64_t to = from + 1 + distance;

	if (from <= at && to > at)
		return distance + more;
	if (from > at && to <= at)
		return distance - more;
	return distance;
}

static int mend_jump(struct bpf_insn *insn, uint32_t from, uint32_t at, uint32_t more)
{
	int64_t distance;

	if (is_far_jump(insn)) {
		distance = mended(from, insn->imm, at, more);
		if (distance != (int32_t)distance)
			return -ERANGE;
		insn->imm = (int32_t)distance;
	} else if (is_near_jump(insn)) {
		distance = mended(from, insn->off, at, more);
		if (distance != (int16_t)distance)
			return -ERANGE;
		insn->off = (int16_t)distance;
	}
	return 0;
}

int bytecode_replace(struct bytecode *code, uint32_t at, const struct bpf_insn *insns,
		     uint32_t count)
{
	uint32_t more = count - 1;
	struct bpf_insn *grown;

	for (uint32_t i = 0; i < code->count; i++) {
		int err = mend_jump(&code->insns[i], i, at, more);

		if (err)
			return err;
		if (code->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++; /* its second half is no instruction */
	}
	grown = reallocarray(code->insns, code->count + more, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memmove(grown + at + count, grown + at + 1, (code->count - at - 1) * sizeof(*grown));
	memcpy(grown + at, insns, count * sizeof(*grown));
	code->insns = grown;
	code->count += more;
	for (uint32_t i = 0; i < code->func_info_count; i++)
		if (code->func_info[i].insn_off > at)
			code->func_info[i].insn_off += more;
	for (uint32_t i = 0; i < code->line_info_count; i++)
		if (code->line_info[i].insn_off > at)
			code->line_info[i].insn_off += more;
	return 0;
}

const struct bpf_line_info *bytecode_line(const struct bytecode *code, uint32_t insn)
{
	const struct bpf_line_info *found = NULL;

	for (uint32_t i = 0; i < code->line_info_count; i++) {
		if (code->line_info[i].insn_off > insn)
			break;
		found = &code->line_info[i];
	}
	return found;
}
