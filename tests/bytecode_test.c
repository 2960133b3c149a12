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
	return bytecode_set_view(code, view, problem);
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

START_TEST(damaged_code_is_survived)
{
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
		err = set_view(&code, round % 2 ? VIEW_SYSCALL_ENTER : VIEW_SYSCALL_EXIT, &problem,
			       insns, COUNT(insns));
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
	add_test(suite, damaged_code_is_survived, 30);
	return run_suite(suite);
}
