/* SPDX-License-Identifier: Apache-2.0 */
/* Register tables: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h. */
#include "arch.h"

#include <stddef.h>

#if defined(__x86_64__)

/* The fourth argument is in r10 for a syscall and in cx for a function: BCC's syscall__ functions
   read r10, PT_REGS_PARM4 reads cx; both mean the same here. */
static const struct arch_register registers[] = {
	{"r15", 0, -1, 0, 0},	    {"r14", 8, -1, 0, 0},  {"r13", 16, -1, 0, 0},
	{"r12", 24, -1, 0, 0},	    {"bp", 32, -1, 0, 0},  {"bx", 40, -1, 0, 0},
	{"r11", 48, -1, 0, 0},	    {"r10", 56, 3, 0, 0},  {"r9", 64, 5, 0, 0},
	{"r8", 72, 4, 0, 0},	    {"ax", 80, -1, 1, 0},  {"cx", 88, 3, 0, 0},
	{"dx", 96, 2, 0, 0},	    {"si", 104, 1, 0, 0},  {"di", 112, 0, 0, 0},
	{"orig_ax", 120, -1, 0, 1}, {"ip", 128, -1, 0, 0}, {"cs", 136, -1, 0, 0},
	{"flags", 144, -1, 0, 0},   {"sp", 152, -1, 0, 0}, {"ss", 160, -1, 0, 0},
	{NULL, 0, -1, 0, 0},
};

const struct arch arch_native = {
	.syscall_prefix = "__x64_sys_",
	.pt_regs_size = 168,
	.ld_cache_flags = 0x0303,
	.registers = registers,
};

#elif defined(__aarch64__)

/* The first argument of a syscall is in orig_x0 too, which is what BCC's syscall__ reads. */
static const struct arch_register registers[] = {
	{"regs[0]", 0, 0, 1, 0},      {"regs[1]", 8, 1, 0, 0},	   {"regs[2]", 16, 2, 0, 0},
	{"regs[3]", 24, 3, 0, 0},     {"regs[4]", 32, 4, 0, 0},	   {"regs[5]", 40, 5, 0, 0},
	{"regs[6]", 48, -1, 0, 0},    {"regs[7]", 56, -1, 0, 0},   {"regs[8]", 64, -1, 0, 1},
	{"regs[29]", 232, -1, 0, 0},  {"regs[30]", 240, -1, 0, 0}, {"sp", 248, -1, 0, 0},
	{"pc", 256, -1, 0, 0},	      {"pstate", 264, -1, 0, 0},   {"orig_x0", 272, 0, 0, 0},
	{"syscallno", 280, -1, 0, 1}, {NULL, 0, -1, 0, 0},
};

const struct arch arch_native = {
	.syscall_prefix = "__arm64_sys_",
	.pt_regs_size = 336,
	.ld_cache_flags = 0x0a03,
	.registers = registers,
};

#else
#error "add this architecture's struct pt_regs here"
#endif
