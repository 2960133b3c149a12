/* SPDX-License-Identifier: Apache-2.0 */
/* Moves the loads that a program makes from its context: see enum view in bytecode.h. */
#include <errno.h>
#include <stdbool.h>

#include "arch.h"
#include "bytecode.h"
#include "flow.h"

enum {
	RECORD_NUMBER = 8, /* struct syscall_tp_t of kernel/trace/trace_syscalls.c: the number, */
	RECORD_ARGS = 16,  /* then the arguments; on exit the return value is in their place */
};

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
static bool leaks_context(const struct flow_state *s)
{
	for (int i = BPF_REG_1; i <= BPF_REG_5; i++) {
		const struct flow_value *v = &s->value[i];

		if (v->kind == FLOW_MIXED ||
		    (v->kind == FLOW_CONTEXT && (i != BPF_REG_1 || v->number)))
			return true;
	}
	return false;
}

static int rewrite(struct bpf_insn *insn, const struct flow_state *s, enum view view,
		   const char **reg)
{
	uint8_t class = BPF_CLASS(insn->code);
	struct flow_value base;

	*reg = NULL;
	if (class == BPF_LDX) {
		base = s->value[insn->src_reg];
		if (base.kind == FLOW_CONTEXT)
			return move_load(insn, (int32_t)base.number + insn->off, view, reg);
		return base.kind == FLOW_MIXED ? -EOPNOTSUPP : 0;
	}
	if (class == BPF_ST || class == BPF_STX) {
		base = s->value[insn->dst_reg];
		return base.kind == FLOW_CONTEXT || base.kind == FLOW_MIXED ? -EOPNOTSUPP : 0;
	}
	if (class == BPF_JMP && BPF_OP(insn->code) == BPF_CALL && leaks_context(s))
		return -EOPNOTSUPP;
	return 0;
}

int bytecode_set_view(struct bytecode *code, enum view view, struct view_problem *problem)
{
	struct flow flow;
	int err = 0;

	*problem = (struct view_problem){0};
	if (view == VIEW_NATIVE)
		return 0;
	if (flow_analyse(&flow, code))
		return -ENOMEM;
	for (uint32_t i = 0; i < code->count && !err; i++) {
		if (!flow_at(&flow, i))
			continue;
		err = rewrite(&code->insns[i], flow_at(&flow, i), view, &problem->reg);
		problem->insn = i;
	}
	flow_free(&flow);
	return err;
}
