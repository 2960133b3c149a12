/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves the loads that a program makes from its context.
 *
 * Which instructions those are is found as the verifier finds it: by following, along every path,
 * what each register and stack slot holds: the context plus a constant, the frame pointer plus a
 * constant, or something else. The verifier refuses a load through anything but a pointer it
 * knows, so a load from the context that this analysis could miss would not be accepted either.
 */
#include "bytecode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"

enum {
	REGISTERS = 11,
	SLOTS = 64, /* 512 bytes of stack */
	VALUES = REGISTERS + SLOTS,
	RECORD_NUMBER = 8, /* struct syscall_tp_t of kernel/trace/trace_syscalls.c: the number, */
	RECORD_ARGS = 16,  /* then the arguments; on exit the return value is in their place */
};

enum kind {
	UNREACHED,
	DEAD, /* not to be read: never written, or clobbered by a call, on some path */
	OTHER,
	CONTEXT,
	FRAME,
	MIXED, /* the context on some paths, something else on others */
};

struct value {
	uint8_t kind;
	int32_t offset;
};

struct state {
	struct value value[VALUES];
};

struct analysis {
	struct bytecode *code;
	struct state **states; /* at the start of each instruction; NULL if it isn't reached yet */
	uint32_t *work;
	uint32_t work_count;
	bool *queued;
};

static struct value other(void)
{
	return (struct value){.kind = OTHER};
}

static struct value join_values(struct value a, struct value b)
{
	if (a.kind == UNREACHED)
		return b;
	if (b.kind == UNREACHED || (a.kind == b.kind && a.offset == b.offset))
		return a;
	if (a.kind == DEAD || b.kind == DEAD)
		return (struct value){.kind = DEAD};
	if (a.kind == CONTEXT || b.kind == CONTEXT || a.kind == MIXED || b.kind == MIXED)
		return (struct value){.kind = MIXED};
	return other();
}

/* The slot that a FRAME value plus off names, -1 if it is no whole aligned slot of the frame. */
static int slot_of(struct value base, int32_t off, bool *inside)
{
	int32_t at = base.offset + off;

	*inside = base.kind == FRAME && at >= -512 && at < 0;
	if (!*inside)
		return -1;
	return REGISTERS + (at + 512) / 8;
}

static int flow(struct analysis *a, uint32_t to, const struct state *state)
{
	bool changed = false;

	if (to >= a->code->count)
		return 0; /* the verifier refuses it */
	if (!a->states[to]) {
		a->states[to] = malloc(sizeof(*state));
		if (!a->states[to])
			return -ENOMEM;
		*a->states[to] = *state;
		changed = true;
	} else {
		for (int i = 0; i < VALUES; i++) {
			struct value *old = &a->states[to]->value[i];
			struct value joined = join_values(*old, state->value[i]);

			if (joined.kind != old->kind || joined.offset != old->offset) {
				*old = joined;
				changed = true;
			}
		}
	}
	if (changed && !a->queued[to]) {
		a->queued[to] = true;
		a->work[a->work_count++] = to;
	}
	return 0;
}

static void step_alu(struct state *s, const struct bpf_insn *insn)
{
	struct value *dst = &s->value[insn->dst_reg];
	uint8_t op = BPF_OP(insn->code);

	if (BPF_CLASS(insn->code) == BPF_ALU64 && op == BPF_MOV && BPF_SRC(insn->code) == BPF_X)
		*dst = s->value[insn->src_reg];
	else if (BPF_CLASS(insn->code) == BPF_ALU64 && op == BPF_ADD &&
		 BPF_SRC(insn->code) == BPF_K && (dst->kind == CONTEXT || dst->kind == FRAME))
		dst->offset += insn->imm;
	else if (BPF_CLASS(insn->code) == BPF_ALU64 && op != BPF_MOV && dst->kind == CONTEXT)
		*dst = (struct value){.kind = MIXED};
	else
		*dst = other();
}

static void step_load(struct state *s, const struct bpf_insn *insn)
{
	bool inside;
	int slot = slot_of(s->value[insn->src_reg], insn->off, &inside);

	if (inside && BPF_SIZE(insn->code) == BPF_DW)
		s->value[insn->dst_reg] = s->value[slot];
	else
		s->value[insn->dst_reg] = other();
}

static void step_store(struct state *s, const struct bpf_insn *insn)
{
	bool inside;
	int slot = slot_of(s->value[insn->dst_reg], insn->off, &inside);
	bool whole = BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_MEM &&
		     BPF_SIZE(insn->code) == BPF_DW;

	if (inside)
		s->value[slot] = whole ? s->value[insn->src_reg] : other();
}

static void step_call(struct state *s)
{
	s->value[BPF_REG_0] = other();
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
		s->value[i] = (struct value){.kind = DEAD};
}

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Runs one instruction on *s and hands the result to those that may follow. */
static int step(struct analysis *a, uint32_t at, struct state *s)
{
	const struct bpf_insn *insn = &a->code->insns[at];
	uint32_t next = at + 1;

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
		if (is_wide(insn)) {
			s->value[insn->dst_reg] = other();
			next++;
		} else {
			step_call(s); /* LD_ABS and LD_IND clobber like a call */
		}
		break;
	case BPF_JMP:
	case BPF_JMP32:
		if (BPF_OP(insn->code) == BPF_EXIT)
			return 0;
		if (BPF_OP(insn->code) == BPF_CALL) {
			step_call(s);
			break;
		}
		if (flow(a, at + 1 + insn->off, s))
			return -ENOMEM;
		if (BPF_OP(insn->code) == BPF_JA)
			return 0;
		break;
	}
	return flow(a, next, s);
}

static int run(struct analysis *a)
{
	struct state start = {0};

	for (int i = 0; i < VALUES; i++)
		start.value[i].kind = DEAD;
	start.value[BPF_REG_1].kind = CONTEXT;
	start.value[BPF_REG_10].kind = FRAME;
	if (flow(a, 0, &start))
		return -ENOMEM;
	while (a->work_count) {
		uint32_t at = a->work[--a->work_count];
		struct state s = *a->states[at];

		a->queued[at] = false;
		if (step(a, at, &s))
			return -ENOMEM;
	}
	return 0;
}

/* Where the view has that register, with the bytes that are valid there; -1 if nowhere. */
static int32_t place(const struct arch_register *reg, enum view view, int *bytes)
{
	*bytes = 8;
	if (reg->is_syscall_number) {
		*bytes = 4;
		return RECORD_NUMBER;
	}
	if (view == VIEW_SYSCALL_ENTER && reg->syscall_arg >= 0)
		return RECORD_ARGS + 8 * reg->syscall_arg;
	if (view == VIEW_SYSCALL_EXIT && reg->is_return)
		return RECORD_ARGS;
	return -1;
}

static const struct arch_register *find_register(int32_t offset)
{
	for (const struct arch_register *r = arch_native.registers; r->name; r++)
		if (offset >= (int32_t)r->offset && offset < (int32_t)r->offset + 8)
			return r;
	return NULL;
}

static int move_load(struct bpf_insn *insn, int32_t offset, enum view view, const char **name)
{
	const struct arch_register *reg = find_register(offset);
	int32_t to;
	int bytes;

	*name = reg ? reg->name : NULL;
	to = reg ? place(reg, view, &bytes) : -1;
	if (to < 0)
		return -EOPNOTSUPP;
	insn->off += (to + (offset - (int32_t)reg->offset)) - offset;
	if (bytes == 4 && BPF_SIZE(insn->code) == BPF_DW)
		insn->code = BPF_LDX | BPF_MEM | BPF_W;
	return 0;
}

/* A helper that is given a pointer into the context would read the wrong place. */
static bool leaks_context(const struct state *s)
{
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++) {
		const struct value *v = &s->value[i];

		if (v->kind == MIXED || (v->kind == CONTEXT && (i != BPF_REG_1 || v->offset)))
			return true;
	}
	return false;
}

static int rewrite(struct bpf_insn *insn, const struct state *s, enum view view, const char **reg)
{
	uint8_t class = BPF_CLASS(insn->code);
	struct value base;

	*reg = NULL;
	if (class == BPF_LDX) {
		base = s->value[insn->src_reg];
		if (base.kind == CONTEXT)
			return move_load(insn, base.offset + insn->off, view, reg);
		return base.kind == MIXED ? -EOPNOTSUPP : 0;
	}
	if (class == BPF_ST || class == BPF_STX) {
		base = s->value[insn->dst_reg];
		return base.kind == CONTEXT || base.kind == MIXED ? -EOPNOTSUPP : 0;
	}
	if (class == BPF_JMP && BPF_OP(insn->code) == BPF_CALL && leaks_context(s))
		return -EOPNOTSUPP;
	return 0;
}

static int rewrite_all(struct analysis *a, enum view view, struct view_problem *problem)
{
	for (uint32_t i = 0; i < a->code->count; i++) {
		int err;

		if (!a->states[i])
			continue;
		err = rewrite(&a->code->insns[i], a->states[i], view, &problem->reg);
		if (err) {
			problem->insn = i;
			return err;
		}
	}
	return 0;
}

int bytecode_set_view(struct bytecode *code, enum view view, struct view_problem *problem)
{
	struct analysis a = {.code = code};
	int err = -ENOMEM;

	*problem = (struct view_problem){0};
	if (view == VIEW_NATIVE)
		return 0;
	a.states = calloc(code->count, sizeof(*a.states));
	a.work = calloc(code->count, sizeof(*a.work));
	a.queued = calloc(code->count, sizeof(*a.queued));
	if (a.states && a.work && a.queued) {
		err = run(&a);
		if (!err)
			err = rewrite_all(&a, view, problem);
	}
	for (uint32_t i = 0; a.states && i < code->count; i++)
		free(a.states[i]);
	free(a.states);
	free(a.work);
	free(a.queued);
	return err;
}
