/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of code before it is loaded: copies, prologues, and loads moved to another context. */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "bytecode.h"
#include "insns.h"

/* ---- Copies and prologues ----------------------------------------------------------------------
 */

static void copy_program(struct bytecode *code)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, 1), MOV_IMM(BPF_REG_0, 2), EXIT(), MOV_IMM(BPF_REG_0, 3), EXIT(),
	};
	const struct bpf_func_info funcs[] = {{.insn_off = 0, .type_id = 5},
					      {.insn_off = 3, .type_id = 6}};
	const struct bpf_line_info lines[] = {{.insn_off = 0, .line_col = 10},
					      {.insn_off = 1, .line_col = 11},
					      {.insn_off = 3, .line_col = 12}};

	ck_assert_int_eq(
		bytecode_copy(code, insns, COUNT(insns), funcs, COUNT(funcs), lines, COUNT(lines)),
		0);
}

START_TEST(a_copy_is_whole_and_its_own)
{
	struct bytecode code;

	copy_program(&code);
	ck_assert_uint_eq(code.count, 5);
	ck_assert_int_eq(code.insns[3].imm, 3);
	ck_assert_uint_eq(code.func_info[1].type_id, 6);
	ck_assert_uint_eq(code.line_info[2].line_col, 12);
	bytecode_free(&code);
	ck_assert_ptr_null(code.insns);
}
END_TEST

START_TEST(code_without_infos_can_be_copied)
{
	const struct bpf_insn insns[] = {EXIT()};
	struct bytecode code;

	ck_assert_int_eq(bytecode_copy(&code, insns, 1, NULL, 0, NULL, 0), 0);
	ck_assert_ptr_null(bytecode_line(&code, 0));
	bytecode_free(&code);
}
END_TEST

START_TEST(a_prologue_moves_code_and_infos_but_the_first)
{
	const struct bpf_insn prologue[] = {MOV_IMM(BPF_REG_5, 7), MOV_IMM(BPF_REG_5, 8)};
	struct bytecode code;

	copy_program(&code);
	ck_assert_int_eq(bytecode_prepend(&code, prologue, COUNT(prologue)), 0);
	ck_assert_uint_eq(code.count, 7);
	ck_assert_uint_eq(code.prologue, 2);
	ck_assert_int_eq(code.insns[0].imm, 7);
	ck_assert_int_eq(code.insns[2].imm, 1);
	ck_assert_uint_eq(code.func_info[0].insn_off, 0);
	ck_assert_uint_eq(code.func_info[1].insn_off, 5);
	ck_assert_uint_eq(code.line_info[0].insn_off, 0);
	ck_assert_uint_eq(code.line_info[1].insn_off, 3);
	ck_assert_uint_eq(code.line_info[2].insn_off, 5);
	bytecode_free(&code);
}
END_TEST

START_TEST(an_instructions_line_is_the_last_before_it)
{
	struct bytecode code;

	copy_program(&code);
	ck_assert_uint_eq(bytecode_line(&code, 0)->line_col, 10);
	ck_assert_uint_eq(bytecode_line(&code, 1)->line_col, 11);
	ck_assert_uint_eq(bytecode_line(&code, 2)->line_col, 11);
	ck_assert_uint_eq(bytecode_line(&code, 4)->line_col, 12);
	bytecode_free(&code);
}
END_TEST

/* ---- Views -------------------------------------------------------------------------------------
 */

enum {
	RECORD_NUMBER = 8, /* of a syscall tracepoint's record */
	RECORD_ARGS = 16,
};

/* The offset in struct pt_regs of the register for that syscall argument; -1: the return value. */
static short register_of(int argument)
{
	const struct arch_register *r = arch_native.registers;

	for (; r->name; r++)
		if (argument >= 0 ? r->syscall_arg == argument : r->is_return)
			return (short)r->offset;
	ck_abort_msg("no register for argument %d", argument);
	return 0;
}

/* A register that no system call's record has. */
static const struct arch_register *register_without_place(void)
{
	const struct arch_register *r = arch_native.registers;

	while (r->name && (r->syscall_arg >= 0 || r->is_return || r->is_syscall_number))
		r++;
	return r;
}

#define CODE(...)                                                                                  \
	(const struct bpf_insn[]){__VA_ARGS__},                                                    \
		sizeof((const struct bpf_insn[]){__VA_ARGS__}) / sizeof(struct bpf_insn)

static int set_view(struct bytecode *code, enum view view, struct view_problem *problem,
		    const struct bpf_insn *insns, size_t count)
{
	ck_assert_int_eq(bytecode_copy(code, insns, (uint32_t)count, NULL, 0, NULL, 0), 0);
	return bytecode_set_view(code, view, NULL, problem);
}

/* The load at index must end up reading offset; everything else must stay. */
static void check_moved(const struct bpf_insn *insns, size_t count, enum view view, size_t index,
			short offset)
{
	struct view_problem problem;
	struct bytecode code;
	int err = set_view(&code, view, &problem, insns, count);

	ck_assert_msg(!err, "instruction %u: %s", problem.insn, strerror(-err));
	for (size_t i = 0; i < count; i++) {
		struct bpf_insn wanted = insns[i];

		if (i == index)
			wanted.off = offset;
		ck_assert_msg(!memcmp(&code.insns[i], &wanted, sizeof(wanted)),
			      "instruction %zu: offset %d", i, code.insns[i].off);
	}
	bytecode_free(&code);
}

static void check_refused(const struct bpf_insn *insns, size_t count, enum view view, size_t index,
			  const char *reg)
{
	struct view_problem problem;
	struct bytecode code;

	ck_assert_int_eq(set_view(&code, view, &problem, insns, count), -EOPNOTSUPP);
	ck_assert_uint_eq(problem.insn, index);
	if (reg)
		ck_assert_str_eq(problem.reg, reg);
	else
		ck_assert_ptr_null(problem.reg);
	bytecode_free(&code);
}

START_TEST(every_argument_is_found_in_the_record_of_an_entry)
{
	for (int arg = 0; arg < ARCH_SYSCALL_ARGS; arg++)
		check_moved(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, register_of(arg)), EXIT()),
			    VIEW_SYSCALL_ENTER, 0, (short)(RECORD_ARGS + 8 * arg));
}
END_TEST

START_TEST(the_return_value_is_found_in_the_record_of_an_exit)
{
	check_moved(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, register_of(-1)), EXIT()),
		    VIEW_SYSCALL_EXIT, 0, RECORD_ARGS);
}
END_TEST

START_TEST(part_of_a_register_is_part_of_its_place)
{
	check_moved(CODE(LOAD(BPF_W, BPF_REG_2, BPF_REG_1, register_of(1)), EXIT()),
		    VIEW_SYSCALL_ENTER, 0, RECORD_ARGS + 8);
	check_moved(CODE(LOAD(BPF_H, BPF_REG_2, BPF_REG_1, register_of(1) + 2), EXIT()),
		    VIEW_SYSCALL_ENTER, 0, RECORD_ARGS + 8 + 2);
	check_moved(CODE(LOAD(BPF_W, BPF_REG_2, BPF_REG_1, register_of(-1) + 4), EXIT()),
		    VIEW_SYSCALL_EXIT, 0, RECORD_ARGS + 4);
}
END_TEST

START_TEST(the_syscalls_number_is_read_as_its_four_bytes)
{
	const struct arch_register *r = arch_native.registers;
	struct view_problem problem;
	struct bytecode code;

	while (!r->is_syscall_number)
		r++;
	ck_assert_int_eq(
		set_view(&code, VIEW_SYSCALL_ENTER, &problem,
			 CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, (short)r->offset), EXIT())),
		0);
	ck_assert_int_eq(code.insns[0].off, RECORD_NUMBER);
	ck_assert_int_eq(BPF_SIZE(code.insns[0].code), BPF_W);
	bytecode_free(&code);
}
END_TEST

START_TEST(the_native_view_changes_nothing)
{
	check_moved(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, register_of(0)), EXIT()), VIEW_NATIVE,
		    0, register_of(0));
}
END_TEST

START_TEST(a_register_that_the_record_lacks_is_named)
{
	const struct arch_register *r = register_without_place();

	check_refused(CODE(MOV_IMM(BPF_REG_0, 0),
			   LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, (short)r->offset), EXIT()),
		      VIEW_SYSCALL_ENTER, 1, r->name);
	/* On the way out only the return value is there. */
	check_refused(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, register_of(1)), EXIT()),
		      VIEW_SYSCALL_EXIT, 0, "si");
	/* And on the way in there is none. */
	check_refused(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, register_of(-1)), EXIT()),
		      VIEW_SYSCALL_ENTER, 0, "ax");
}
END_TEST

START_TEST(the_context_is_followed_through_registers)
{
	check_moved(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), MOV_REG(BPF_REG_7, BPF_REG_6),
			 CALL(BPF_FUNC_ktime_get_ns),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_7, register_of(2)), EXIT()),
		    VIEW_SYSCALL_ENTER, 3, RECORD_ARGS + 16);
}
END_TEST

START_TEST(the_context_is_followed_through_the_stack)
{
	check_moved(CODE(STORE(BPF_DW, BPF_REG_10, -8, BPF_REG_1), CALL(BPF_FUNC_ktime_get_ns),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_10, -8),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_3, register_of(2)), EXIT()),
		    VIEW_SYSCALL_ENTER, 3, RECORD_ARGS + 16);
	/* By another name of the same slot. */
	check_moved(CODE(MOV_REG(BPF_REG_2, BPF_REG_10), ADD_IMM(BPF_REG_2, -64),
			 STORE(BPF_DW, BPF_REG_2, 16, BPF_REG_1),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_10, -48),
			 LOAD(BPF_DW, BPF_REG_4, BPF_REG_3, register_of(0)), EXIT()),
		    VIEW_SYSCALL_ENTER, 4, RECORD_ARGS);
}
END_TEST

START_TEST(what_overwrote_the_context_on_the_stack_is_left_alone)
{
	short si = register_of(1);

	check_moved(CODE(STORE(BPF_DW, BPF_REG_10, -8, BPF_REG_1), MOV_IMM(BPF_REG_2, 0),
			 STORE(BPF_DW, BPF_REG_10, -8, BPF_REG_2),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_10, -8),
			 LOAD(BPF_DW, BPF_REG_4, BPF_REG_3, si), EXIT()),
		    VIEW_SYSCALL_ENTER, 4, si);
}
END_TEST

START_TEST(a_constant_added_to_the_context_counts)
{
	short si = register_of(1);

	check_moved(CODE(MOV_REG(BPF_REG_2, BPF_REG_1), ADD_IMM(BPF_REG_2, si),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_2, 0), EXIT()),
		    VIEW_SYSCALL_ENTER, 2, (short)(RECORD_ARGS + 8 - si));
	check_moved(CODE(ADD_IMM(BPF_REG_1, 8), ADD_IMM(BPF_REG_1, -8),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_1, si), EXIT()),
		    VIEW_SYSCALL_ENTER, 2, RECORD_ARGS + 8);
}
END_TEST

START_TEST(loads_of_other_pointers_stay)
{
	short si = register_of(1);

	check_moved(CODE(LOAD(BPF_DW, BPF_REG_2, BPF_REG_10, -8),
			 LOAD(BPF_DW, BPF_REG_3, BPF_REG_2, si), EXIT()),
		    VIEW_SYSCALL_ENTER, 9, 0);
	/* A value from a table, in a register that held the context. */
	check_moved(CODE(LOAD_MAP(BPF_REG_1, 1), LOAD(BPF_DW, BPF_REG_3, BPF_REG_1, si), EXIT()),
		    VIEW_SYSCALL_ENTER, 9, 0);
}
END_TEST

START_TEST(both_ways_of_a_branch_are_followed)
{
	/* r6 = ctx on both; the load behind the join is of the context. */
	check_moved(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), CALL(BPF_FUNC_ktime_get_ns),
			 JUMP_IF_ZERO(BPF_REG_0, 1), MOV_REG(BPF_REG_6, BPF_REG_6),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, register_of(0)), EXIT()),
		    VIEW_SYSCALL_ENTER, 4, RECORD_ARGS);
	/* Only one way reads it. */
	check_moved(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), CALL(BPF_FUNC_ktime_get_ns),
			 JUMP_IF_ZERO(BPF_REG_0, 1), EXIT(),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, register_of(0)), EXIT()),
		    VIEW_SYSCALL_ENTER, 4, RECORD_ARGS);
}
END_TEST

START_TEST(loops_end)
{
	/* r7 counts; the loop reads the context each time. */
	check_moved(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), MOV_IMM(BPF_REG_7, 10),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, register_of(3)), ADD_IMM(BPF_REG_7, -1),
			 JUMP_UNLESS_ZERO(BPF_REG_7, -3), EXIT()),
		    VIEW_SYSCALL_ENTER, 2, RECORD_ARGS + 24);
}
END_TEST

/* A loop that moves the context has no fixed offset: refused, or at least ended. */
START_TEST(a_context_that_walks_in_a_loop_is_refused)
{
	struct view_problem problem;
	struct bytecode code;

	ck_assert_int_eq(
		set_view(&code, VIEW_SYSCALL_ENTER, &problem,
			 CODE(MOV_REG(BPF_REG_6, BPF_REG_1), MOV_IMM(BPF_REG_7, 10),
			      LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, 0), ADD_IMM(BPF_REG_6, 8),
			      ADD_IMM(BPF_REG_7, -1), JUMP_UNLESS_ZERO(BPF_REG_7, -4), EXIT())),
		-EOPNOTSUPP);
	ck_assert_uint_eq(problem.insn, 2);
	bytecode_free(&code);
}
END_TEST

START_TEST(a_context_on_one_way_and_another_pointer_on_the_other_is_refused)
{
	check_refused(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), CALL(BPF_FUNC_ktime_get_ns),
			   JUMP_IF_ZERO(BPF_REG_0, 1), MOV_REG(BPF_REG_6, BPF_REG_10),
			   LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, 0), EXIT()),
		      VIEW_SYSCALL_ENTER, 4, NULL);
}
END_TEST

START_TEST(arithmetic_on_the_context_is_refused_where_it_is_read)
{
	check_refused(CODE(MOV_REG(BPF_REG_6, BPF_REG_1),
			   INSN(BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_6, BPF_REG_7, 0, 0),
			   LOAD(BPF_DW, BPF_REG_2, BPF_REG_6, 0), EXIT()),
		      VIEW_SYSCALL_ENTER, 2, NULL);
}
END_TEST

START_TEST(a_write_to_the_context_is_refused)
{
	check_refused(CODE(STORE_IMM(BPF_DW, BPF_REG_1, 0, 0), EXIT()), VIEW_SYSCALL_ENTER, 0,
		      NULL);
	check_refused(CODE(STORE(BPF_DW, BPF_REG_1, 0, BPF_REG_10), EXIT()), VIEW_SYSCALL_EXIT, 0,
		      NULL);
}
END_TEST

START_TEST(a_helper_may_take_the_context_but_no_pointer_into_it)
{
	/* perf_event_output(ctx, ...) */
	check_moved(CODE(MOV_REG(BPF_REG_6, BPF_REG_1), CALL(BPF_FUNC_ktime_get_ns),
			 MOV_REG(BPF_REG_1, BPF_REG_6), MOV_IMM(BPF_REG_2, 0),
			 MOV_IMM(BPF_REG_3, 0), MOV_IMM(BPF_REG_4, 0), MOV_IMM(BPF_REG_5, 0),
			 CALL(BPF_FUNC_perf_event_output), EXIT()),
		    VIEW_SYSCALL_ENTER, 99, 0);
	/* probe_read(dst, size, &ctx->si) */
	check_refused(CODE(MOV_REG(BPF_REG_3, BPF_REG_1), ADD_IMM(BPF_REG_3, register_of(1)),
			   MOV_REG(BPF_REG_1, BPF_REG_10), ADD_IMM(BPF_REG_1, -8),
			   MOV_IMM(BPF_REG_2, 8), CALL(BPF_FUNC_probe_read_kernel), EXIT()),
		      VIEW_SYSCALL_ENTER, 5, NULL);
	/* probe_read(dst, size, ctx) */
	check_refused(CODE(MOV_REG(BPF_REG_3, BPF_REG_1), MOV_REG(BPF_REG_1, BPF_REG_10),
			   ADD_IMM(BPF_REG_1, -8), MOV_IMM(BPF_REG_2, 8),
			   CALL(BPF_FUNC_probe_read_kernel), EXIT()),
		      VIEW_SYSCALL_ENTER, 4, NULL);
}
END_TEST

START_TEST(code_that_is_not_reached_is_left_alone)
{
	const struct arch_register *r = register_without_place();

	check_moved(CODE(MOV_IMM(BPF_REG_0, 0), EXIT(),
			 LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, (short)r->offset), EXIT()),
		    VIEW_SYSCALL_ENTER, 99, 0);
}
END_TEST

/* ---- Contexts of tracing programs and multi-kprobes --------------------------------------------
 */

enum {
	FRAME = 512,
	FUNCTION_ADDRESS = 0x7fff1000,
};

/* Runs straight code without branches: what of a BPF machine that takes. */
struct machine {
	uint64_t registers[11];
	unsigned char frame[FRAME];
	const unsigned char *context;
};

static const unsigned char *memory_of(const struct machine *m, const struct bpf_insn *insn)
{
	uint64_t base = m->registers[insn->src_reg];

	return base == (uintptr_t)m->context ? m->context + insn->off
					     : m->frame + FRAME + insn->off;
}

static uint64_t alu(const struct bpf_insn *insn, uint64_t dst, uint64_t src)
{
	switch (BPF_OP(insn->code)) {
	case BPF_MOV:
		return src;
	case BPF_ADD:
		return dst + src;
	case BPF_AND:
		return dst & src;
	case BPF_LSH:
		return dst << src;
	case BPF_RSH:
		return dst >> src;
	case BPF_ARSH:
		return (uint64_t)((int64_t)dst >> src);
	case BPF_NEG:
		return -dst;
	}
	ck_abort_msg("operation %#x", insn->code);
	return 0;
}

static void step(struct machine *m, const struct bpf_insn *insn)
{
	static const size_t sizes[] = {
		[BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8};
	uint64_t *dst = &m->registers[insn->dst_reg], src = m->registers[insn->src_reg];

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		*dst = alu(insn, *dst, BPF_SRC(insn->code) == BPF_X ? src : (uint64_t)insn->imm);
		if (BPF_CLASS(insn->code) == BPF_ALU)
			*dst = (uint32_t)*dst;
		break;
	case BPF_LDX:
		*dst = 0;
		memcpy(dst, memory_of(m, insn), sizes[BPF_SIZE(insn->code) >> 3]);
		break;
	case BPF_STX:
		memcpy(m->frame + FRAME + insn->off, &src, 8);
		break;
	case BPF_JMP:
		ck_assert_int_eq(insn->imm, BPF_FUNC_get_func_ip);
		ck_assert_uint_eq(m->registers[BPF_REG_1], (uintptr_t)m->context);
		m->registers[BPF_REG_0] = FUNCTION_ADDRESS;
		for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
			m->registers[i] = 0xdead;
		break;
	default:
		ck_abort_msg("class %#x", insn->code);
	}
}

/* What register 2 holds at the end, which sets the result to want. */
static uint64_t run_code(const struct bytecode *code, const void *context, uint64_t result)
{
	struct machine m = {.context = context};

	m.registers[BPF_REG_1] = (uintptr_t)context;
	for (uint32_t i = 0; code->insns[i].code != (BPF_JMP | BPF_EXIT); i++) {
		ck_assert_uint_lt(i, code->count);
		step(&m, &code->insns[i]);
	}
	ck_assert_uint_eq(m.registers[BPF_REG_0], result);
	return m.registers[BPF_REG_2];
}

static const struct {
	uint8_t size, code;
} accesses[] = {{8, BPF_DW}, {4, BPF_W}, {2, BPF_H}, {1, BPF_B}};

static uint64_t part_of(uint64_t value, int from, int size)
{
	value >>= 8 * from;
	return size == 8 ? value : value & ((1ull << (8 * size)) - 1);
}

/* Reads each part of the register at reg_offset, through the view, and compares. */
static void check_parts(enum view view, const struct signature *s, short reg_offset,
			const void *context, uint64_t held, uint64_t result)
{
	for (size_t a = 0; a < COUNT(accesses); a++)
		for (int from = 0; from < 8; from += accesses[a].size) {
			const struct bpf_insn insns[] = {
				MOV_IMM(BPF_REG_0, 1),
				LOAD(accesses[a].code, BPF_REG_2, BPF_REG_1, reg_offset + from),
				EXIT(),
			};
			struct view_problem problem;
			struct bytecode code;

			ck_assert_int_eq(
				bytecode_copy(&code, insns, COUNT(insns), NULL, 0, NULL, 0), 0);
			ck_assert_int_eq(bytecode_set_view(&code, view, s, &problem), 0);
			ck_assert_uint_eq(run_code(&code, context, result),
					  part_of(held, from, accesses[a].size));
			bytecode_free(&code);
		}
}

/* Types of arguments, a slot that some kernels leave with garbage above them, and the register as
   callers have it. */
static const struct {
	struct signature_value type;
	uint64_t slot, held;
} arguments[] = {
	{{8, false, false}, 0x8877665544332211, 0x8877665544332211},
	{{8, true, true}, 0xffff888012345678, 0xffff888012345678},
	{{4, true, false}, 0xdeadbeefffffff9c, 0x00000000ffffff9c},
	{{4, false, false}, 0xdeadbeef80000001, 0x0000000080000001},
	{{2, true, false}, 0xdeadbeefdead8001, 0x00000000ffff8001},
	{{2, false, false}, 0xdeadbeefdead8001, 0x0000000000008001},
	{{1, true, false}, 0xdeadbeefdeadbe80, 0x00000000ffffff80},
	{{1, false, false}, 0xdeadbeefdeadbe01, 0x0000000000000001},
};

START_TEST(an_argument_of_a_trampoline_is_what_the_register_holds)
{
	const int16_t *at = arch_native.function_args;

	for (uint8_t i = 0; at[i] >= 0; i++) {
		struct signature s = {.count = (uint8_t)(i + 1), .ip_offset = SIGNATURE_NO_IP};
		uint64_t context[16] = {0};

		context[i] = arguments[_i].slot;
		s.args[i] = arguments[_i].type;
		check_parts(VIEW_FUNCTION_ENTRY, &s, at[i], context, arguments[_i].held, 0);
	}
}
END_TEST

START_TEST(a_result_of_a_trampoline_is_the_whole_register)
{
	struct signature s = {.count = 3, .result = arguments[_i].type};
	uint64_t context[4] = {1, 2, 3, arguments[_i].slot};

	check_parts(VIEW_FUNCTION_RETURN, &s, register_of(-1), context, arguments[_i].slot, 0);
}
END_TEST

START_TEST(the_instruction_pointer_of_a_trampoline_is_a_kprobes)
{
	struct signature s = {.ip_offset = 5};
	uint64_t context[1] = {0};

	if (arch_native.ip < 0)
		SKIP("not known for this architecture");
	check_parts(VIEW_FUNCTION_ENTRY, &s, arch_native.ip, context, FUNCTION_ADDRESS + 5, 0);
}
END_TEST

START_TEST(the_instruction_pointer_of_a_multi_kprobe_is_a_kprobes)
{
	unsigned char regs[256] = {0};
	uint64_t ip = 0xffffffff81234565;

	if (arch_native.ip < 0)
		SKIP("not known for this architecture");
	memcpy(regs + arch_native.ip, &ip, 8);
	ip -= (uint64_t)(arch_native.ip_ahead_multi - arch_native.ip_ahead);
	check_parts(VIEW_KPROBE_MULTI, NULL, arch_native.ip, regs, ip, 1);
	memset(regs, 0, sizeof(regs));
	memcpy(regs + arch_native.function_args[1], &ip, 8);
	check_parts(VIEW_KPROBE_MULTI, NULL, arch_native.function_args[1], regs, ip, 1);
}
END_TEST

/* Branches across code that grows still meet their targets; each exit returns 0. */
START_TEST(every_exit_of_a_trampolines_program_returns_zero)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_0, 1),
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, arch_native.function_args[0]),
		JUMP_IF_ZERO(BPF_REG_2, 1),
		EXIT(),
		MOV_IMM(BPF_REG_0, 2),
		EXIT(),
	};
	const struct signature s = {.count = 1, .args = {{4, true, false}}};
	struct view_problem problem;
	struct bytecode code;
	int exits = 0;

	ck_assert_int_eq(bytecode_copy(&code, insns, COUNT(insns), NULL, 0, NULL, 0), 0);
	ck_assert_int_eq(bytecode_set_view(&code, VIEW_FUNCTION_ENTRY, &s, &problem), 0);
	for (uint32_t i = 0; i < code.count; i++) {
		const struct bpf_insn *insn = &code.insns[i];

		if (insn->code == (BPF_JMP | BPF_JEQ | BPF_K))
			ck_assert_int_eq(code.insns[i + 1 + (uint32_t)insn->off].imm, 2);
		if (insn->code != (BPF_JMP | BPF_EXIT))
			continue;
		exits++;
		ck_assert_int_eq(insn[-1].code, BPF_ALU64 | BPF_MOV | BPF_K);
		ck_assert_int_eq(insn[-1].imm, 0);
	}
	ck_assert_int_eq(exits, 2);
	bytecode_free(&code);
}
END_TEST

#define CALL_WITH(helper, r2, r3)                                                                  \
	CODE(MOV_IMM(BPF_REG_2, r2), MOV_IMM(BPF_REG_3, r3), MOV_IMM(BPF_REG_4, r3),               \
	     MOV_IMM(BPF_REG_5, 0), CALL(helper), MOV_IMM(BPF_REG_0, 0), EXIT())

static void check_call(const struct bpf_insn *insns, size_t count, enum view view,
		       const char *refusal)
{
	const struct signature s = {0};
	struct view_problem problem;
	struct bytecode code;
	int err;

	ck_assert_int_eq(bytecode_copy(&code, insns, (uint32_t)count, NULL, 0, NULL, 0), 0);
	err = bytecode_set_view(&code, view, &s, &problem);
	ck_assert_int_eq(err, refusal ? -EOPNOTSUPP : 0);
	if (refusal)
		ck_assert_str_eq(problem.what, refusal);
	bytecode_free(&code);
}

START_TEST(helpers_that_know_a_kprobe_from_a_trampoline_are_refused)
{
	static const enum view views[] = {VIEW_FUNCTION_ENTRY, VIEW_FUNCTION_RETURN};

	for (size_t i = 0; i < COUNT(views); i++) {
		check_call(CALL_WITH(BPF_FUNC_get_stackid, 0, 0), views[i],
			   "takes the kernel's stack");
		check_call(CALL_WITH(BPF_FUNC_get_stackid, 0, BPF_F_USER_STACK), views[i], NULL);
		check_call(CALL_WITH(BPF_FUNC_get_stack, 0, 0), views[i],
			   "takes the kernel's stack");
		check_call(CALL_WITH(BPF_FUNC_get_stack, 0, BPF_F_USER_STACK), views[i], NULL);
		check_call(CALL_WITH(BPF_FUNC_override_return, 0, 0), views[i],
			   "changes what the function returns");
		check_call(CALL_WITH(BPF_FUNC_tail_call, 0, 0), views[i], "calls other programs");
		check_call(CALL_WITH(BPF_FUNC_get_attach_cookie, 0, 0), views[i],
			   "reads its cookie");
		check_call(CALL_WITH(BPF_FUNC_perf_event_output, 0, 0), views[i], NULL);
		check_call(CALL_WITH(BPF_FUNC_get_func_ip, 0, 0), views[i], NULL);
		/* A function of the program's own. */
		check_call(CODE(INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1), EXIT(),
				MOV_IMM(BPF_REG_0, 0), EXIT()),
			   views[i], "passes its context on");
	}
	if (arch_native.ip < 0)
		return;
	check_call(CALL_WITH(BPF_FUNC_get_stackid, 0, 0), VIEW_KPROBE_MULTI, NULL);
	check_call(CALL_WITH(BPF_FUNC_tail_call, 0, 0), VIEW_KPROBE_MULTI, "calls other programs");
}
END_TEST

/* A loop's counter has the register that the context came in, which the helper does not look at. */
START_TEST(a_helper_without_arguments_is_not_given_the_context)
{
	static const int32_t helpers[] = {BPF_FUNC_get_prandom_u32, BPF_FUNC_ktime_get_ns,
					  BPF_FUNC_get_current_task};

	for (size_t i = 0; i < COUNT(helpers); i++)
		check_call(CODE(CALL(helpers[i]), MOV_IMM(BPF_REG_1, 1),
				JUMP_UNLESS_ZERO(BPF_REG_0, -3), MOV_IMM(BPF_REG_0, 0), EXIT()),
			   VIEW_SYSCALL_ENTER, NULL);
	check_call(CODE(CALL(BPF_FUNC_get_current_comm), MOV_IMM(BPF_REG_1, 1),
			JUMP_UNLESS_ZERO(BPF_REG_0, -3), MOV_IMM(BPF_REG_0, 0), EXIT()),
		   VIEW_SYSCALL_ENTER, "passes its context on");
}
END_TEST

/* The slot for it is below all that the program uses, and there has to be one. */
START_TEST(a_full_stack_leaves_no_room_for_the_instruction_pointer)
{
	const struct signature s = {.ip_offset = 1};
	struct view_problem problem;
	struct bytecode code;

	if (arch_native.ip < 0)
		SKIP("not known for this architecture");
	for (short lowest = -512; lowest < 0; lowest += 8) {
		const struct bpf_insn insns[] = {
			STORE_IMM(BPF_DW, BPF_REG_10, lowest, 7),
			LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, arch_native.ip),
			EXIT(),
		};
		int err;

		ck_assert_int_eq(bytecode_copy(&code, insns, COUNT(insns), NULL, 0, NULL, 0), 0);
		err = bytecode_set_view(&code, VIEW_FUNCTION_ENTRY, &s, &problem);
		ck_assert_int_eq(err, lowest < -488 ? -EOPNOTSUPP : 0);
		if (err)
			ck_assert_str_eq(problem.what, "needs its whole stack");
		else
			ck_assert_int_eq(code.insns[3].off, lowest - 8);
		bytecode_free(&code);
	}
}
END_TEST

START_TEST(damaged_code_is_survived)
{
	static const enum view views[] = {VIEW_SYSCALL_ENTER, VIEW_SYSCALL_EXIT,
					  VIEW_FUNCTION_ENTRY, VIEW_FUNCTION_RETURN,
					  VIEW_KPROBE_MULTI};
	const struct signature signature = {.count = 2,
					    .args = {{8, false, true}, {1, true, false}}};
	unsigned seed = 1;

	/* Anything: jumps out of the program, registers and offsets at random. */
	for (int round = 0; round < 20000; round++) {
		struct bpf_insn insns[12];
		struct view_problem problem;
		struct bytecode code;
		int err;

		for (size_t i = 0; i < COUNT(insns); i++)
			insns[i] = (struct bpf_insn){
				.code = (uint8_t)rand_r(&seed),
				.dst_reg = rand_r(&seed) % 11u,
				.src_reg = rand_r(&seed) % 11u,
				.off = (short)(rand_r(&seed) % 40 - 20),
				.imm = rand_r(&seed) % 600 - 520,
			};
		ck_assert_int_eq(bytecode_copy(&code, insns, COUNT(insns), NULL, 0, NULL, 0), 0);
		err = bytecode_set_view(&code, views[round % COUNT(views)], &signature, &problem);
		ck_assert(!err || err == -EOPNOTSUPP);
		bytecode_free(&code);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bytecode");

	add_test(suite, a_copy_is_whole_and_its_own, 10);
	add_test(suite, code_without_infos_can_be_copied, 10);
	add_test(suite, a_prologue_moves_code_and_infos_but_the_first, 10);
	add_test(suite, an_instructions_line_is_the_last_before_it, 10);
	add_test(suite, every_argument_is_found_in_the_record_of_an_entry, 10);
	add_test(suite, the_return_value_is_found_in_the_record_of_an_exit, 10);
	add_test(suite, part_of_a_register_is_part_of_its_place, 10);
	add_test(suite, the_syscalls_number_is_read_as_its_four_bytes, 10);
	add_test(suite, the_native_view_changes_nothing, 10);
	add_test(suite, a_register_that_the_record_lacks_is_named, 10);
	add_test(suite, the_context_is_followed_through_registers, 10);
	add_test(suite, the_context_is_followed_through_the_stack, 10);
	add_test(suite, what_overwrote_the_context_on_the_stack_is_left_alone, 10);
	add_test(suite, a_constant_added_to_the_context_counts, 10);
	add_test(suite, loads_of_other_pointers_stay, 10);
	add_test(suite, both_ways_of_a_branch_are_followed, 10);
	add_test(suite, loops_end, 10);
	add_test(suite, a_context_that_walks_in_a_loop_is_refused, 10);
	add_test(suite, a_context_on_one_way_and_another_pointer_on_the_other_is_refused, 10);
	add_test(suite, arithmetic_on_the_context_is_refused_where_it_is_read, 10);
	add_test(suite, a_write_to_the_context_is_refused, 10);
	add_test(suite, a_helper_may_take_the_context_but_no_pointer_into_it, 10);
	add_test(suite, code_that_is_not_reached_is_left_alone, 10);
	add_loop_test(suite, an_argument_of_a_trampoline_is_what_the_register_holds, 10,
		      COUNT(arguments));
	add_loop_test(suite, a_result_of_a_trampoline_is_the_whole_register, 10, COUNT(arguments));
	add_test(suite, the_instruction_pointer_of_a_trampoline_is_a_kprobes, 10);
	add_test(suite, the_instruction_pointer_of_a_multi_kprobe_is_a_kprobes, 10);
	add_test(suite, every_exit_of_a_trampolines_program_returns_zero, 10);
	add_test(suite, helpers_that_know_a_kprobe_from_a_trampoline_are_refused, 10);
	add_test(suite, a_helper_without_arguments_is_not_given_the_context, 10);
	add_test(suite, a_full_stack_leaves_no_room_for_the_instruction_pointer, 10);
	add_test(suite, damaged_code_is_survived, 30);
	return run_suite(suite);
}
