/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_trace.h"

#include <string.h>

#include "insns.h"

enum {
	FRAME_SIZE = 512,
};

struct log_text verifier_trace_called(struct log_text code)
{
	static const char word[] = "call ";
	const char *at = code.length ? memmem(code.at, code.length, word, 5) : NULL, *end, *stop;

	if (!at)
		return (struct log_text){NULL, 0};
	end = code.at + code.length;
	for (stop = at += 5; stop < end && *stop != '#' && *stop != ' '; stop++)
		;
	return (struct log_text){stop > at ? at : NULL, (size_t)(stop - at)};
}

/* The slot of 8 bytes there, NULL if that is not one in the frame. */
static struct trace_value *slot_at(struct trace *trace, const struct trace_value *base, int off)
{
	int64_t at = base->number + off;

	if (base->kind != TRACE_FRAME || at < -FRAME_SIZE || at >= 0)
		return NULL;
	return &trace->slots[(at + FRAME_SIZE) / 8];
}

/* As a number of 32 bits is made one of 64. */
static bool only_widens(const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);

	return BPF_SRC(insn->code) == BPF_K && insn->imm == 32 &&
	       (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH);
}

/* As an index is multiplied by the size of an element. */
static bool is_scale(const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);

	return BPF_SRC(insn->code) == BPF_K && (op == BPF_LSH || op == BPF_MUL) &&
	       !only_widens(insn);
}

static void step_mov(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	struct trace_value *dst = &trace->registers[insn->dst_reg];

	trace->added[insn->dst_reg] = trace->added[insn->src_reg];
	if (BPF_SRC(insn->code) == BPF_K) {
		*dst = (struct trace_value){
			.kind = TRACE_CONSTANT, .insn = at, .number = insn->imm};
		return;
	}
	*dst = trace->registers[insn->src_reg];
	if (BPF_CLASS(insn->code) != BPF_ALU64 || insn->off)
		dst->state = dst->unscaled = (struct log_text){NULL, 0};
}

static bool is_base(const struct trace_value *value)
{
	return value->kind == TRACE_FRAME || value->kind == TRACE_CONTEXT;
}

static void step_add(struct trace *trace, const struct bpf_insn *insn)
{
	struct trace_value *dst = &trace->registers[insn->dst_reg];
	struct trace_value *src = &trace->registers[insn->src_reg], added = *src;

	if (BPF_SRC(insn->code) == BPF_K) {
		if (is_base(dst))
			dst->number += insn->imm;
		else
			dst->changed = true;
		return;
	}
	/* A pointer may be added to a number, too. */
	if (is_base(src)) {
		added = *dst;
		*dst = *src;
	}
	dst->kind = dst->kind == TRACE_CONSTANT ? TRACE_UNKNOWN : dst->kind;
	dst->changed = true;
	if (added.unscaled.at)
		added.state = added.unscaled;
	added.unscaled = (struct log_text){NULL, 0};
	trace->added[insn->dst_reg] = added;
}

static void step_alu(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	struct trace_value *dst = &trace->registers[insn->dst_reg];
	uint8_t op = BPF_OP(insn->code);
	struct log_text was = dst->state, none = {NULL, 0};

	if (op == BPF_MOV) {
		step_mov(trace, insn, at);
		return;
	}
	if (op == BPF_ADD && BPF_CLASS(insn->code) == BPF_ALU64) {
		step_add(trace, insn);
	} else if (!only_widens(insn)) {
		dst->kind = dst->kind == TRACE_CONSTANT || is_base(dst) ? TRACE_UNKNOWN : dst->kind;
		/* What was multiplied before is now changed for good. */
		dst->changed |= !is_scale(insn) || dst->unscaled.at;
	}
	dst->state = none;
	dst->unscaled = is_scale(insn) ? was : none;
}

static void step_load(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	const struct trace_value *base = &trace->registers[insn->src_reg];
	struct trace_value *slot = slot_at(trace, base, insn->off);
	struct trace_value *dst = &trace->registers[insn->dst_reg];

	if (slot && BPF_SIZE(insn->code) == BPF_DW && slot->kind != TRACE_UNKNOWN)
		*dst = *slot;
	else
		*dst = (struct trace_value){.kind = TRACE_LOAD,
					    .insn = at,
					    .number = insn->off,
					    .from_context = base->kind == TRACE_CONTEXT};
}

static void step_store(struct trace *trace, const struct bpf_insn *insn)
{
	struct trace_value *slot = slot_at(trace, &trace->registers[insn->dst_reg], insn->off);

	if (BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC)
		trace->registers[insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg].kind =
			TRACE_UNKNOWN;
	if (!slot)
		return;
	if (BPF_CLASS(insn->code) == BPF_STX && insn_bytes(insn) == 8)
		*slot = trace->registers[insn->src_reg];
	else
		*slot = (struct trace_value){0};
}

static void step_call(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	int table = -1;

	/* What another function of the program does is not followed. */
	if (insn->src_reg == BPF_PSEUDO_CALL) {
		memset(trace->registers, 0, sizeof(trace->registers));
		memset(trace->added, 0, sizeof(trace->added));
		memset(trace->slots, 0, sizeof(trace->slots));
		return;
	}
	for (int i = BPF_REG_1; i <= BPF_REG_5 && table < 0; i++)
		if (trace->registers[i].kind == TRACE_TABLE)
			table = (int)trace->registers[i].number;
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
		trace->registers[i] = (struct trace_value){0};
	trace->registers[BPF_REG_0] =
		(struct trace_value){.kind = TRACE_CALL,
				     .insn = at,
				     .number = insn->imm,
				     .table = table,
				     .name = verifier_trace_called(trace->code)};
}

/* What is compared is known better afterwards: if the log says how, it says so behind the jump. */
static void step_jump(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		step_call(trace, insn, at);
		return;
	case BPF_EXIT:
	case BPF_JA:
		return;
	}
	trace->branched = true;
	trace->branch = at;
	trace->registers[insn->dst_reg].state = (struct log_text){NULL, 0};
	if (BPF_SRC(insn->code) == BPF_X)
		trace->registers[insn->src_reg].state = (struct log_text){NULL, 0};
}

static void step_wide(struct trace *trace, const struct bpf_insn *insn, uint32_t at)
{
	trace->registers[insn->dst_reg] = (struct trace_value){
		.kind = insn->src_reg == BPF_PSEUDO_MAP_FD ? TRACE_TABLE
			: insn->src_reg			   ? TRACE_UNKNOWN
							   : TRACE_CONSTANT,
		.insn = at,
		.number = insn->src_reg ? insn->imm
					: (int64_t)((uint64_t)(uint32_t)insn[1].imm << 32 |
						    (uint32_t)insn->imm),
	};
}

/* What the last instruction did, once another follows it. */
static void step(struct trace *trace, const struct bytecode *code)
{
	uint32_t at = trace->insn;
	const struct bpf_insn *insn = at < code->count ? &code->insns[at] : NULL;

	if (!insn || insn->dst_reg >= TRACE_REGISTERS || insn->src_reg >= TRACE_REGISTERS)
		return;
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(trace, insn, at);
		return;
	case BPF_LDX:
		step_load(trace, insn, at);
		return;
	case BPF_ST:
	case BPF_STX:
		step_store(trace, insn);
		return;
	case BPF_LD:
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && at + 1 < code->count)
			step_wide(trace, insn, at);
		else
			trace->registers[BPF_REG_0] = (struct trace_value){0};
		return;
	default:
		step_jump(trace, insn, at);
	}
}

static void learn(struct trace *trace, struct log_text state)
{
	struct log_register reg;

	while (verifier_log_register(&state, &reg))
		if (reg.number < TRACE_REGISTERS)
			trace->registers[reg.number].state = reg.text;
}

static void said(struct trace *trace, struct log_text text)
{
	if (trace->said_count == TRACE_SAID)
		memmove(trace->said, trace->said + 1, --trace->said_count * sizeof(*trace->said));
	trace->said[trace->said_count++] = text;
}

/* One walk along a log. */
struct walk {
	struct trace *trace;
	const struct bytecode *code;
	bool pending;		/* the last instruction is still to be done */
	struct log_text behind; /* what is known then */
};

static void finish(struct walk *walk)
{
	if (!walk->pending)
		return;
	step(walk->trace, walk->code);
	learn(walk->trace, walk->behind);
	walk->pending = false;
}

static void begin(struct walk *walk, const struct log_line *line)
{
	walk->trace->reached = true;
	walk->trace->insn = line->insn;
	walk->trace->code = line->code;
	walk->trace->said_count = 0;
	if (line->says.length)
		said(walk->trace, line->says);
	walk->behind = line->state;
	walk->pending = true;
}

void verifier_trace_follow(struct trace *trace, const struct bytecode *code, const char *log)
{
	struct walk walk = {.trace = trace, .code = code};
	struct log_line line;

	*trace = (struct trace){0};
	trace->registers[BPF_REG_1].kind = TRACE_CONTEXT;
	trace->registers[BPF_REG_10].kind = TRACE_FRAME;
	while (verifier_log_next(&log, &line)) {
		switch (line.kind) {
		case LOG_INSN:
			finish(&walk);
			begin(&walk, &line);
			break;
		case LOG_STATE:
			if (line.state.length) {
				finish(&walk);
				learn(trace, line.state);
			}
			break;
		case LOG_SAYS:
			said(trace, line.text);
			break;
		case LOG_NOTHING:
			break;
		}
	}
}
