/* SPDX-License-Identifier: Apache-2.0 */
/* Moves the loads that a program makes from its context: see enum view in bytecode.h. */
#include <errno.h>
#include <stdbool.h>

#include "arch.h"
#include "bytecode.h"
#include "flow.h"
#include "insns.h"

enum {
	RECORD_NUMBER = 8, /* struct syscall_tp_t of kernel/trace/trace_syscalls.c: the number, */
	RECORD_ARGS = 16,  /* then the arguments; on exit the return value is in their place */
	EDIT_MAX = 8,
	SLOT = 8, /* bytes of an argument in a tracing program's context */
	/* Bytes of stack left for what submit.h puts into a program. */
	STACK_RESERVE = 16,
	STACK_SIZE = 512,
};

/* What an instruction becomes; count 0: what it is. */
struct edit {
	struct bpf_insn insns[EDIT_MAX];
	uint32_t count;
};

struct fitting {
	enum view view;
	const struct signature *signature;
	int32_t ip_slot; /* the stack slot for the instruction pointer, if a load needs it */
	bool needs_ip;
	struct view_problem *problem;
};

static bool is_function_view(enum view view)
{
	return view == VIEW_FUNCTION_ENTRY || view == VIEW_FUNCTION_RETURN;
}

static void emit(struct edit *e, struct bpf_insn insn)
{
	e->insns[e->count++] = insn;
}

static const struct arch_register *find_register(int32_t offset)
{
	for (const struct arch_register *r = arch_native.registers; r->name; r++)
		if (offset >= (int32_t)r->offset && offset < (int32_t)r->offset + 8)
			return r;
	return NULL;
}

static int lacks_register(const struct fitting *f, const struct arch_register *reg)
{
	f->problem->reg = reg ? reg->name : NULL;
	return -EOPNOTSUPP;
}

static int cannot(const struct fitting *f, const char *what)
{
	f->problem->what = what;
	return -EOPNOTSUPP;
}

/* ---- Records of syscalls' tracepoints ----------------------------------------------------------
 */

/* Where the record has that register, with the bytes that are valid there; -1 if nowhere. */
static int32_t place_in_record(const struct arch_register *reg, enum view view, int *bytes)
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

static int load_from_record(const struct fitting *f, const struct bpf_insn *insn, int32_t offset,
			    struct edit *e)
{
	const struct arch_register *reg = find_register(offset);
	struct bpf_insn moved = *insn;
	int32_t to, off;
	int bytes;

	to = reg ? place_in_record(reg, f->view, &bytes) : -1;
	if (to < 0)
		return lacks_register(f, reg);
	off = insn->off + to - (int32_t)reg->offset;
	if (off != (int16_t)off)
		return lacks_register(f, reg);
	moved.off = (int16_t)off;
	if (bytes == 4 && BPF_SIZE(moved.code) == BPF_DW)
		moved.code = BPF_LDX | BPF_MEM | BPF_W;
	emit(e, moved);
	return 0;
}

/* ---- Contexts of tracing programs --------------------------------------------------------------
 */

/* Cuts size bytes from the one at from on out of the 8 in a register. */
static void emit_cut(struct edit *e, uint8_t reg, int from, int size)
{
	if (from)
		emit(e, RSH_IMM(reg, 8 * from));
	if (size == 4)
		emit(e, MOV32_REG(reg, reg));
	else if (size < 4)
		emit(e, AND_IMM(reg, (1 << (8 * size)) - 1));
}

/*
 * Makes 8 bytes of a context what the register held. Of a small argument some kernels write but
 * its own bytes there; callers extend it to 4 and leave zeros above. A pointer has a type for the
 * verifier, which allows less with it than with the number that a register of struct pt_regs is:
 * two negations leave its value and take the type away.
 */
static void emit_as_register(struct edit *e, uint8_t reg, const struct signature_value *value)
{
	int above = 64 - 8 * value->size;

	if (value->is_pointer) {
		emit(e, NEG(reg));
		emit(e, NEG(reg));
	} else if (value->size < 4 && value->is_signed) {
		emit(e, LSH_IMM(reg, above));
		emit(e, ARSH_IMM(reg, above));
		emit(e, MOV32_REG(reg, reg));
	} else if (value->size < 8) {
		emit_cut(e, reg, 0, value->size);
	}
}

static int load_slot(const struct bpf_insn *insn, int32_t offset, int32_t reg_offset, int slot,
		     const struct signature_value *value, struct edit *e)
{
	int from = offset - reg_offset, size = insn_bytes(insn);
	int held = value->is_signed && value->size < 4 ? 4 : value->size; /* above is 0 */

	emit(e, LOAD(BPF_DW, insn->dst_reg, insn->src_reg, insn->off + SLOT * slot - offset));
	emit_as_register(e, insn->dst_reg, value);
	if (from || size < held)
		emit_cut(e, insn->dst_reg, from, size);
	return 0;
}

static bool is_within(int32_t offset, int32_t reg_offset)
{
	return offset >= reg_offset && offset < reg_offset + 8;
}

static bool reads_ip(int32_t offset)
{
	return arch_native.ip >= 0 && is_within(offset, arch_native.ip);
}

static int load_ip(struct fitting *f, const struct bpf_insn *insn, int32_t offset, struct edit *e)
{
	f->needs_ip = true;
	emit(e, LOAD(BPF_DW, insn->dst_reg, BPF_REG_10, f->ip_slot));
	emit_cut(e, insn->dst_reg, offset - arch_native.ip, insn_bytes(insn));
	return 0;
}

static int load_argument(struct fitting *f, const struct bpf_insn *insn, int32_t offset,
			 struct edit *e)
{
	const int16_t *at = arch_native.function_args;
	int i = 0;

	while (at[i] >= 0 && !is_within(offset, at[i]))
		i++;
	if (at[i] < 0)
		return lacks_register(f, find_register(offset));
	if (i >= f->signature->count)
		return cannot(f, "reads more arguments than the function has");
	if (!f->signature->args[i].size)
		return cannot(f, "reads an argument of a type that takes a kprobe");
	return load_slot(insn, offset, at[i], i, &f->signature->args[i], e);
}

/* The return value is stored as the whole register, whatever its type. */
static int load_result(const struct fitting *f, const struct bpf_insn *insn, int32_t offset,
		       struct edit *e)
{
	const struct arch_register *reg = find_register(offset);
	struct signature_value value = f->signature->result;

	if (!reg || !reg->is_return)
		return lacks_register(f, reg);
	if (!value.size)
		return cannot(f, "reads the return value of a function that has none to read");
	value.size = 8;
	return load_slot(insn, offset, (int32_t)reg->offset, f->signature->count, &value, e);
}

static int load_from_function(struct fitting *f, const struct bpf_insn *insn, int32_t offset,
			      struct edit *e)
{
	if (BPF_MODE(insn->code) != BPF_MEM)
		return cannot(f, "reads its context with a sign");
	if (f->view == VIEW_FUNCTION_RETURN)
		return load_result(f, insn, offset, e);
	if (reads_ip(offset) && f->signature->ip_offset != SIGNATURE_NO_IP)
		return load_ip(f, insn, offset, e);
	return load_argument(f, insn, offset, e);
}

/* ---- Multi-kprobes -----------------------------------------------------------------------------
 */

static int load_from_multi(const struct fitting *f, const struct bpf_insn *insn, int32_t offset,
			   struct edit *e)
{
	int32_t ip = arch_native.ip;

	if (ip < 0)
		return cannot(f, "reads its context, where this architecture has an instruction "
				 "pointer of its own");
	if (offset + insn_bytes(insn) <= ip || offset >= ip + 8)
		return 0;
	emit(e, LOAD(BPF_DW, insn->dst_reg, insn->src_reg, insn->off + ip - offset));
	emit(e, ADD_IMM(insn->dst_reg, arch_native.ip_ahead - arch_native.ip_ahead_multi));
	emit_cut(e, insn->dst_reg, offset - ip, insn_bytes(insn));
	return 0;
}

/* ---- Calls -------------------------------------------------------------------------------------
 */

static bool is_context(const struct flow_value *v)
{
	return v->kind == FLOW_CONTEXT || v->kind == FLOW_MIXED;
}

/* What is in registers then is not given to the helper. */
static bool takes_nothing(const struct bpf_insn *insn)
{
	if (insn->src_reg)
		return false;
	switch (insn->imm) {
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_boot_ns:
	case BPF_FUNC_ktime_get_coarse_ns:
	case BPF_FUNC_jiffies64:
	case BPF_FUNC_get_prandom_u32:
	case BPF_FUNC_get_smp_processor_id:
	case BPF_FUNC_get_numa_node_id:
	case BPF_FUNC_get_current_pid_tgid:
	case BPF_FUNC_get_current_uid_gid:
	case BPF_FUNC_get_current_cgroup_id:
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf:
		return true;
	}
	return false;
}

/* A helper that is given a pointer into the context would read the wrong place. */
static bool leaks_context(const struct flow_state *s)
{
	const struct flow_value *first = &s->value[BPF_REG_1];

	if (is_context(first) && (first->kind == FLOW_MIXED || first->number))
		return true;
	for (int i = BPF_REG_2; i <= BPF_REG_5; i++)
		if (is_context(&s->value[i]))
			return true;
	return false;
}

/* From a tracing program the kernel's stack begins inside the program; that of user space is the
   same. */
static bool is_user_stack(struct flow_value flags)
{
	return flags.kind == FLOW_CONSTANT && flags.number & BPF_F_USER_STACK;
}

/* A helper whose result depends on the kind of context that it is given. */
static int check_helper(const struct fitting *f, int32_t helper, const struct flow_state *s)
{
	if (helper == BPF_FUNC_tail_call)
		return cannot(f, "calls other programs");
	if (!is_function_view(f->view))
		return 0;
	switch (helper) {
	case BPF_FUNC_get_stackid:
		if (!is_user_stack(s->value[BPF_REG_3]))
			return cannot(f, "takes the kernel's stack");
		return 0;
	case BPF_FUNC_get_stack:
		if (!is_user_stack(s->value[BPF_REG_4]))
			return cannot(f, "takes the kernel's stack");
		return 0;
	case BPF_FUNC_override_return:
		return cannot(f, "changes what the function returns");
	case BPF_FUNC_get_attach_cookie:
		return cannot(f, "reads its cookie");
	}
	return 0;
}

static int check_call(const struct fitting *f, const struct bpf_insn *insn,
		      const struct flow_state *s)
{
	if (takes_nothing(insn))
		return 0;
	if (leaks_context(s))
		return cannot(f, "passes its context on");
	if (f->view == VIEW_SYSCALL_ENTER || f->view == VIEW_SYSCALL_EXIT)
		return 0;
	if (insn->src_reg)
		return is_context(&s->value[BPF_REG_1]) ? cannot(f, "passes its context on") : 0;
	return check_helper(f, insn->imm, s);
}

/* ---- All of it ---------------------------------------------------------------------------------
 */

static int edit_load(struct fitting *f, const struct bpf_insn *insn, int32_t offset, struct edit *e)
{
	switch (f->view) {
	case VIEW_FUNCTION_ENTRY:
	case VIEW_FUNCTION_RETURN:
		return load_from_function(f, insn, offset, e);
	case VIEW_KPROBE_MULTI:
		return load_from_multi(f, insn, offset, e);
	default:
		return load_from_record(f, insn, offset, e);
	}
}

static int edit_jump(const struct fitting *f, const struct bpf_insn *insn,
		     const struct flow_state *s, struct edit *e)
{
	if (insn->code == (BPF_JMP | BPF_CALL))
		return check_call(f, insn, s);
	/* A kprobe's result means nothing to its program's users, a tracing program's must be 0. */
	if (insn->code == (BPF_JMP | BPF_EXIT) && is_function_view(f->view)) {
		emit(e, MOV_IMM(BPF_REG_0, 0));
		emit(e, *insn);
	}
	return 0;
}

static int edit_of(struct fitting *f, const struct bpf_insn *insn, const struct flow_state *s,
		   struct edit *e)
{
	const struct flow_value *base;
	int64_t offset;

	e->count = 0;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		base = &s->value[insn->src_reg];
		if (base->kind == FLOW_MIXED)
			return cannot(f, "reads its context at a place that varies");
		if (base->kind != FLOW_CONTEXT)
			return 0;
		offset = base->number + insn->off;
		return offset == (int32_t)offset ? edit_load(f, insn, (int32_t)offset, e)
						 : lacks_register(f, NULL);
	case BPF_ST:
	case BPF_STX:
		base = &s->value[insn->dst_reg];
		return is_context(base) ? cannot(f, "writes to its context") : 0;
	case BPF_JMP:
		return edit_jump(f, insn, s, e);
	}
	return 0;
}

/* Whether all of it can be done, before anything is. */
static int check(struct fitting *f, const struct bytecode *code, const struct flow *flow)
{
	struct edit edit;
	int err = 0;

	f->ip_slot = (flow_lowest_frame_offset(flow, code) & ~7) - SLOT;
	for (uint32_t i = 0; i < code->count && !err; i++) {
		f->problem->insn = i;
		if (flow_at(flow, i))
			err = edit_of(f, &code->insns[i], flow_at(flow, i), &edit);
	}
	if (!err && f->needs_ip && f->ip_slot < STACK_RESERVE - STACK_SIZE)
		err = cannot(f, "needs its whole stack");
	return err;
}

static int put_ip_in_front(const struct fitting *f, struct bytecode *code)
{
	const struct bpf_insn prologue[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		CALL(BPF_FUNC_get_func_ip),
		ADD_IMM(BPF_REG_0, f->signature->ip_offset),
		STORE(BPF_DW, BPF_REG_10, f->ip_slot, BPF_REG_0),
		MOV_REG(BPF_REG_1, BPF_REG_6),
	};

	return bytecode_prepend(code, prologue, sizeof(prologue) / sizeof(*prologue));
}

int bytecode_set_view(struct bytecode *code, enum view view, const struct signature *signature,
		      struct view_problem *problem)
{
	struct fitting f = {.view = view, .signature = signature, .problem = problem};
	struct edit edit;
	struct flow flow;
	int err;

	*problem = (struct view_problem){0};
	if (view == VIEW_NATIVE)
		return 0;
	if (flow_analyse(&flow, code))
		return -ENOMEM;
	err = check(&f, code, &flow);
	/* From the end, so that the analysis holds for what is still to come. */
	for (uint32_t i = flow.count; i-- > 0 && !err;) {
		if (!flow_at(&flow, i))
			continue;
		err = edit_of(&f, &code->insns[i], flow_at(&flow, i), &edit);
		if (!err && edit.count)
			err = bytecode_replace(code, i, edit.insns, edit.count);
	}
	flow_free(&flow);
	if (!err && f.needs_ip)
		err = put_ip_in_front(&f, code);
	return err;
}
