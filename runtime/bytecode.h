/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of compiled code before it is loaded. */
#ifndef HOTPROBE_BYTECODE_H
#define HOTPROBE_BYTECODE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instructions with their line and function info, all owned and changeable. */
struct bytecode {
	struct bpf_insn *insns;
	uint32_t count;
	struct bpf_func_info *func_info;
	uint32_t func_info_count;
	struct bpf_line_info *line_info;
	uint32_t line_info_count;
	uint32_t prologue; /* instructions that were put in front */
};

int bytecode_copy(struct bytecode *to, const struct bpf_insn *insns, uint32_t count,
		  const struct bpf_func_info *func_info, uint32_t func_info_count,
		  const struct bpf_line_info *line_info, uint32_t line_info_count);
void bytecode_free(struct bytecode *code);

/* Puts count instructions in front. They end by falling into the program, with its context in
   R1 as at the start. Returns 0 or -ENOMEM. */
int bytecode_prepend(struct bytecode *code, const struct bpf_insn *insns, uint32_t count);

/* Puts count instructions in the place of the one at index at; jumps to it go to the first of them,
   jumps across it are mended, and its line is that of them all. Returns 0, -ENOMEM, or -ERANGE if
   a jump no longer reaches its target. */
int bytecode_replace(struct bytecode *code, uint32_t at, const struct bpf_insn *insns,
		     uint32_t count);

/* The line info of an instruction: the last at or before it, NULL if there is none. */
const struct bpf_line_info *bytecode_line(const struct bytecode *code, uint32_t insn);

/*
 * How code that reads struct pt_regs from its context sees the context it gets. The code is
 * compiled once, against the kernel's own struct pt_regs; for another context its loads are
 * moved to where that context has the same value.
 */
enum view {
	VIEW_NATIVE,	     /* as compiled */
	VIEW_SYSCALL_ENTER,  /* record of syscalls:sys_enter_*: the arguments */
	VIEW_SYSCALL_EXIT,   /* record of syscalls:sys_exit_*: the return value */
	VIEW_FUNCTION_ENTRY, /* of a tracing program: the arguments of the function, 8 bytes each */
	VIEW_FUNCTION_RETURN, /* the same with the return value behind them */
	VIEW_KPROBE_MULTI, /* struct pt_regs as ftrace fills it in: another instruction pointer */
};

enum {
	SIGNATURE_ARGS = 8,
	SIGNATURE_NO_IP = -1,
};

/* A value in a register, as its type has it. */
struct signature_value {
	uint8_t size; /* bytes; 0: none, or of a type that programs may not read */
	bool is_signed;
	bool is_pointer;
};

/* A kernel function's arguments and return value, for VIEW_FUNCTION_*. */
struct signature {
	uint8_t count; /* of arguments, also those without a place in args */
	struct signature_value args[SIGNATURE_ARGS];
	struct signature_value result;
	/* How far behind the function's first byte a kprobe on it has PT_REGS_IP. */
	int8_t ip_offset;
};

/* Why a view could not be had: the instruction, and the register's name if it is one that the
   view lacks; else what the code does with its context ("passes its context on"), or NULL. */
struct view_problem {
	uint32_t insn;
	const char *reg;
	const char *what;
};

/* Fits code to a view; signature may be NULL unless it is a function's. Returns 0; -ENOMEM;
   -EOPNOTSUPP and *problem if it cannot be, and then code is as it was; -ERANGE if a jump gets too
   long. */
int bytecode_set_view(struct bytecode *code, enum view view, const struct signature *signature,
		      struct view_problem *problem);

#endif
