/* SPDX-License-Identifier: Apache-2.0 */
#include "flow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "insns.h"

enum {
	FRAME_SIZE = 512,
};

struct analysis {
	const struct bytecode *code;
	struct flow *flow;
	uint32_t *work; /* instructions whose state has changed */
	uint32_t work_count;
	bool *queued;
};

static struct flow_value other(void)
{
	return (struct flow_value){.kind = FLOW_OTHER};
}

static struct flow_value constant(int64_t number)
{
	return (struct flow_value){.kind = FLOW_CONSTANT, .number = number};
}

static bool same(struct flow_value a, struct flow_value b)
{
	return a.kind == b.kind && a.known == b.known && a.number == b.number;
}

static uint8_t byte_of(uint64_t number, int index)
{
	return (uint8_t)(number >> (8 * index));
}

/* The bytes of a value that are constant. */
static uint8_t known_bytes(struct flow_value v)
{
	return v.kind == FLOW_CONSTANT ? 0xff : v.kind == FLOW_BYTES ? v.known : 0;
}

static struct flow_value bytes(uint8_t known, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		if (!(known & 1 << i))
			number &= ~(0xffull << (8 * i));
	if (!known)
		return other();
	if (known == 0xff)
		return constant((int64_t)number);
	return (struct flow_value){.kind = FLOW_BYTES, .known = known, .number = (int64_t)number};
}

static struct flow_value join_bytes(struct flow_value a, struct flow_value b)
{
	uint8_t known = known_bytes(a) & known_bytes(b);

	for (int i = 0; i < 8; i++)
		if (byte_of((uint64_t)a.number, i) != byte_of((uint64_t)b.number, i))
			known &= (uint8_t) ~(1 << i);
	return bytes(known, (uint64_t)a.number);
}

static struct flow_value join(struct flow_value a, struct flow_value b)
{
	if (a.kind == FLOW_UNREACHED)
		return b;
	if (b.kind == FLOW_UNREACHED || same(a, b))
		return a;
	if (a.kind == FLOW_DEAD || b.kind == FLOW_DEAD)
		return (struct flow_value){.kind = FLOW_DEAD};
	if (a.kind == FLOW_CONTEXT || b.kind == FLOW_CONTEXT || a.kind == FLOW_MIXED ||
	    b.kind == FLOW_MIXED)
		return (struct flow_value){.kind = FLOW_MIXED};
	return join_bytes(a, b);
}

/* The slot that base plus off lies in, -1 if that is not in the frame. */
static int slot_of(struct flow_value base, int32_t off)
{
	int64_t at = base.number + off;

	if (base.kind != FLOW_FRAME || at < -FRAME_SIZE || at >= 0)
		return -1;
	return FLOW_REGISTERS + (int)(at + FRAME_SIZE) / 8;
}

static int flow_to(struct analysis *a, uint32_t to, const struct flow_state *state)
{
	struct flow_state **at;
	bool changed = false;

	if (to >= a->code->count)
		return 0; /* the verifier refuses it */
	at = &a->flow->states[to];
	if (!*at) {
		*at = malloc(sizeof(**at));
		if (!*at)
			return -ENOMEM;
		**at = *state;
		changed = true;
	} else {
		for (int i = 0; i < FLOW_VALUES; i++) {
			struct flow_value joined = join((*at)->value[i], state->value[i]);

			changed |= !same(joined, (*at)->value[i]);
			(*at)->value[i] = joined;
		}
	}
	if (changed && !a->queued[to]) {
		a->queued[to] = true;
		a->work[a->work_count++] = to;
	}
	return 0;
}

static void step_mov(struct flow_value *dst, const struct bpf_insn *insn,
		     const struct flow_state *s)
{
	bool is_64 = BPF_CLASS(insn->code) == BPF_ALU64;
	struct flow_value src = s->value[insn->src_reg];

	if (BPF_SRC(insn->code) == BPF_K)
		*dst = constant(is_64 ? (int64_t)insn->imm : (int64_t)(uint32_t)insn->imm);
	else if (is_64 && !insn->off) /* an offset makes it a sign extension */
		*dst = src;
	else if (src.kind == FLOW_CONSTANT && !insn->off)
		*dst = constant((uint32_t)src.number);
	else
		*dst = other();
}

static void step_alu(struct flow_state *s, const struct bpf_insn *insn)
{
	struct flow_value *dst = &s->value[insn->dst_reg];
	bool is_64 = BPF_CLASS(insn->code) == BPF_ALU64;

	if (BPF_OP(insn->code) == BPF_MOV)
		step_mov(dst, insn, s);
	else if (is_64 && BPF_OP(insn->code) == BPF_ADD && BPF_SRC(insn->code) == BPF_K &&
		 (dst->kind == FLOW_CONTEXT || dst->kind == FLOW_FRAME))
		dst->number += insn->imm;
	else if (is_64 && dst->kind == FLOW_CONTEXT)
		*dst = (struct flow_value){.kind = FLOW_MIXED};
	else
		*dst = other();
}

/* What the program has not written itself, a helper has. */
static void step_load(struct flow_state *s, const struct bpf_insn *insn)
{
	int slot = slot_of(s->value[insn->src_reg], insn->off);

	if (slot >= 0 && BPF_SIZE(insn->code) == BPF_DW && s->value[slot].kind != FLOW_DEAD)
		s->value[insn->dst_reg] = s->value[slot];
	else
		s->value[insn->dst_reg] = other();
}

static struct flow_value stored_value(const struct flow_state *s, const struct bpf_insn *insn)
{
	if (BPF_CLASS(insn->code) == BPF_ST)
		return constant(insn->imm);
	return BPF_MODE(insn->code) == BPF_MEM ? s->value[insn->src_reg] : other();
}

static void store_byte(struct flow_value *slot, int index, struct flow_value value, int from)
{
	uint8_t known = known_bytes(*slot), bit = (uint8_t)(1 << index);
	uint64_t number = known ? (uint64_t)slot->number : 0;

	number &= ~(0xffull << (8 * index));
	number |= (uint64_t)byte_of((uint64_t)value.number, from) << (8 * index);
	*slot = bytes(value.kind == FLOW_CONSTANT ? known | bit : known & (uint8_t)~bit, number);
}

static void step_store(struct flow_state *s, const struct bpf_insn *insn)
{
	struct flow_value base = s->value[insn->dst_reg], value = stored_value(s, insn);
	int size = insn_bytes(insn), slot = slot_of(base, insn->off);

	if (slot >= 0 && size == 8 && !((base.number + insn->off) & 7))
		s->value[slot] = value;
	else
		for (int i = 0; i < size; i++)
			if ((slot = slot_of(base, insn->off + i)) >= 0)
				store_byte(&s->value[slot], (int)(base.number + insn->off + i) & 7,
					   value, i);
	/* An atomic operation may fetch, compare-and-exchange into R0. */
	if (BPF_CLASS(insn->code) != BPF_STX || BPF_MODE(insn->code) != BPF_ATOMIC)
		return;
	if (insn->imm == BPF_CMPXCHG)
		s->value[BPF_REG_0] = other();
	else if (insn->imm & BPF_FETCH)
		s->value[insn->src_reg] = other();
}

/* Helpers that only read what their arguments point to. */
static bool only_reads(int32_t helper)
{
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_map_push_elem:
	case BPF_FUNC_perf_event_output:
	case BPF_FUNC_ringbuf_output:
	case BPF_FUNC_trace_printk:
	case BPF_FUNC_tail_call:
		return true;
	}
	return false;
}

/* Constants in these bytes of the frame are none any more. A pointer is not forgotten: had a
   helper written over it, the verifier would not let it be used. */
static void forget_constants(struct flow_state *s, int64_t from, int64_t size)
{
	int64_t end = size < -from ? from + size : 0;

	for (int64_t at = from < -FRAME_SIZE ? -FRAME_SIZE : from; at < end; at++) {
		int slot = slot_of((struct flow_value){.kind = FLOW_FRAME, .number = at}, 0);

		if (slot >= 0 && known_bytes(s->value[slot]))
			store_byte(&s->value[slot], (int)at & 7, other(), 0);
	}
}

/* A pointer is followed by the size of what it points to, if that is not fixed. */
static void forget_written(struct flow_state *s)
{
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++) {
		struct flow_value at = s->value[i];
		bool sized = i < BPF_REG_5 && s->value[i + 1].kind == FLOW_CONSTANT;

		if (at.kind == FLOW_FRAME)
			forget_constants(s, at.number, sized ? s->value[i + 1].number : FRAME_SIZE);
	}
}

static void clobber(struct flow_state *s)
{
	s->value[BPF_REG_0] = other();
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
		s->value[i] = (struct flow_value){.kind = FLOW_DEAD};
}

static void step_call(struct flow_state *s, const struct bpf_insn *insn)
{
	if (insn->src_reg || !only_reads(insn->imm))
		forget_written(s);
	clobber(s);
}

static void step_wide(struct flow_state *s, const struct bpf_insn *insn)
{
	uint64_t number = (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm;

	if (insn->src_reg == BPF_PSEUDO_MAP_FD)
		s->value[insn->dst_reg] =
			(struct flow_value){.kind = FLOW_TABLE, .number = insn->imm};
	else if (!insn->src_reg)
		s->value[insn->dst_reg] = constant((int64_t)number);
	else
		s->value[insn->dst_reg] = other();
}

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* A jump's other way; *falls says whether the next instruction may follow, too. */
static int step_jump(struct analysis *a, uint32_t at, struct flow_state *s, bool *falls)
{
	const struct bpf_insn *insn = &a->code->insns[at];
	uint8_t op = BPF_OP(insn->code);
	bool is_far = insn->code == (BPF_JMP32 | BPF_JA);

	*falls = op != BPF_EXIT && op != BPF_JA;
	if (op == BPF_EXIT)
		return 0;
	if (op == BPF_CALL) {
		step_call(s, insn);
		return 0;
	}
	return flow_to(a, at + 1 + (is_far ? insn->imm : insn->off), s);
}

/* Runs one instruction on *s and hands the result to those that may follow. */
static int step(struct analysis *a, uint32_t at, struct flow_state *s)
{
	const struct bpf_insn *insn = &a->code->insns[at];
	uint32_t next = at + 1;
	bool falls = true;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(s, insn);
		break;
	case BPF_LDX:
		step_load(s, insn);
		break;
	case BPF_ST:
	case BPF_STX:
		step_store(s, insn);
		break;
	case BPF_LD:
		if (is_wide(insn) && next < a->code->count)
			step_wide(s, insn);
		else
			clobber(s); /* LD_ABS and LD_IND clobber like a call */
		next += is_wide(insn);
		break;
	default:
		if (step_jump(a, at, s, &falls))
			return -ENOMEM;
	}
	return falls ? flow_to(a, next, s) : 0;
}

static int run(struct analysis *a)
{
	struct flow_state start;

	for (int i = 0; i < FLOW_VALUES; i++)
		start.value[i] = (struct flow_value){.kind = FLOW_DEAD};
	start.value[BPF_REG_1].kind = FLOW_CONTEXT;
	start.value[BPF_REG_10].kind = FLOW_FRAME;
	if (flow_to(a, 0, &start))
		return -ENOMEM;
	while (a->work_count) {
		uint32_t at = a->work[--a->work_count];
		struct flow_state s = *a->flow->states[at];

		a->queued[at] = false;
		if (step(a, at, &s))
			return -ENOMEM;
	}
	return 0;
}

int flow_analyse(struct flow *flow, const struct bytecode *code)
{
	struct analysis a = {.code = code, .flow = flow};
	int err = -ENOMEM;

	flow->count = code->count;
	flow->states = calloc(code->count, sizeof(*flow->states));
	a.work = calloc(code->count, sizeof(*a.work));
	a.queued = calloc(code->count, sizeof(*a.queued));
	if (flow->states && a.work && a.queued)
		err = run(&a);
	free(a.work);
	free(a.queued);
	if (err)
		flow_free(flow);
	return err;
}

void flow_free(struct flow *flow)
{
	for (uint32_t i = 0; flow->states && i < flow->count; i++)
		free(flow->states[i]);
	free(flow->states);
	flow->states = NULL;
}

int flow_frame_byte(const struct flow_state *state, int64_t offset)
{
	struct flow_value base = {.kind = FLOW_FRAME, .number = offset};
	int slot = slot_of(base, 0), index = (int)offset & 7;

	if (slot < 0 || !(known_bytes(state->value[slot]) & 1 << index))
		return -1;
	return byte_of((uint64_t)state->value[slot].number, index);
}

static int32_t lower(int32_t lowest, struct flow_value v, int32_t off)
{
	int64_t at = v.number + off;

	return v.kind == FLOW_FRAME && at < lowest && at >= -FRAME_SIZE ? (int32_t)at : lowest;
}

int32_t flow_lowest_frame_offset(const struct flow *flow, const struct bytecode *code)
{
	int32_t lowest = 0;

	for (uint32_t i = 0; i < flow->count; i++) {
		const struct bpf_insn *insn = &code->insns[i];
		const struct flow_state *s = flow->states[i];
		uint8_t class = BPF_CLASS(insn->code);

		if (!s)
			continue;
		for (int r = 0; r < FLOW_REGISTERS; r++)
			lowest = lower(lowest, s->value[r], 0);
		if (class == BPF_LDX)
			lowest = lower(lowest, s->value[insn->src_reg], insn->off);
		else if (class == BPF_ST || class == BPF_STX)
			lowest = lower(lowest, s->value[insn->dst_reg], insn->off);
	}
	return lowest;
}
