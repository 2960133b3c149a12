/* SPDX-License-Identifier: Apache-2.0 */
/* Register tables: arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h. */
#include "arch.h"

#include <linux/version.h>
#include <string.h>

/* The fourth argument is in r10 for a syscall and in cx for a function: BCC's syscall__ functions
   read r10, PT_REGS_PARM4 reads cx; both mean the same here. */
static const struct arch_register x86_registers[] = {
	{"r15", 0, -1, 0, 0},	    {"r14", 8, -1, 0, 0},  {"r13", 16, -1, 0, 0},
	{"r12", 24, -1, 0, 0},	    {"bp", 32, -1, 0, 0},  {"bx", 40, -1, 0, 0},
	{"r11", 48, -1, 0, 0},	    {"r10", 56, 3, 0, 0},  {"r9", 64, 5, 0, 0},
	{"r8", 72, 4, 0, 0},	    {"ax", 80, -1, 1, 0},  {"cx", 88, 3, 0, 0},
	{"dx", 96, 2, 0, 0},	    {"si", 104, 1, 0, 0},  {"di", 112, 0, 0, 0},
	{"orig_ax", 120, -1, 0, 1}, {"ip", 128, -1, 0, 0}, {"cs", 136, -1, 0, 0},
	{"flags", 144, -1, 0, 0},   {"sp", 152, -1, 0, 0}, {"ss", 160, -1, 0, 0},
	{NULL, 0, -1, 0, 0},
};

/* di, si, dx, cx, r8, r9 */
static const int16_t x86_function_args[] = {112, 104, 96, 88, 72, 64, -1};

/* endbr64, endbr32, and what kernels write over an endbr that nothing needs: asm/ibt.h */
static const uint32_t x86_entry_marks[] = {0xfa1e0ff3, 0xfb1e0ff3, 0x001f0f66, 0xd6401f0f, 0};

const struct arch arch_x86 = {
	.name = "x86",
	.machine = "x86_64",
	.debian = "amd64",
	.telltale = "orig_ax",
	.wrapper_from = KERNEL_VERSION(4, 17, 0),
	.syscall_prefix = "__x64_sys_",
	.ld_cache_flags = 0x0303,
	.registers = x86_registers,
	.function_args = x86_function_args,
	.ip = 128,
	.ip_ahead = 1,	     /* that of the breakpoint, also where ftrace stands in for it */
	.ip_ahead_multi = 5, /* behind the call */
	.entry_marks = x86_entry_marks,
	.call_place = 0x00441f0f, /* nopl 0(%rax,%rax,1), 5 bytes */
	.call = 0xe8,
};

/* The first argument of a syscall is in orig_x0 too, which is what BCC's syscall__ reads. */
static const struct arch_register arm64_registers[] = {
	{"regs[0]", 0, 0, 1, 0},     {"regs[1]", 8, 1, 0, 0},	  {"regs[2]", 16, 2, 0, 0},
	{"regs[3]", 24, 3, 0, 0},    {"regs[4]", 32, 4, 0, 0},	  {"regs[5]", 40, 5, 0, 0},
	{"regs[6]", 48, -1, 0, 0},   {"regs[7]", 56, -1, 0, 0},	  {"regs[8]", 64, -1, 0, 1},
	{"regs[9]", 72, -1, 0, 0},   {"regs[10]", 80, -1, 0, 0},  {"regs[11]", 88, -1, 0, 0},
	{"regs[12]", 96, -1, 0, 0},  {"regs[13]", 104, -1, 0, 0}, {"regs[14]", 112, -1, 0, 0},
	{"regs[15]", 120, -1, 0, 0}, {"regs[16]", 128, -1, 0, 0}, {"regs[17]", 136, -1, 0, 0},
	{"regs[18]", 144, -1, 0, 0}, {"regs[19]", 152, -1, 0, 0}, {"regs[20]", 160, -1, 0, 0},
	{"regs[21]", 168, -1, 0, 0}, {"regs[22]", 176, -1, 0, 0}, {"regs[23]", 184, -1, 0, 0},
	{"regs[24]", 192, -1, 0, 0}, {"regs[25]", 200, -1, 0, 0}, {"regs[26]", 208, -1, 0, 0},
	{"regs[27]", 216, -1, 0, 0}, {"regs[28]", 224, -1, 0, 0}, {"regs[29]", 232, -1, 0, 0},
	{"regs[30]", 240, -1, 0, 0}, {"sp", 248, -1, 0, 0},	  {"pc", 256, -1, 0, 0},
	{"pstate", 264, -1, 0, 0},   {"orig_x0", 272, 0, 0, 0},	  {"syscallno", 280, -1, 0, 1},
	{NULL, 0, -1, 0, 0},
};

static const int16_t arm64_function_args[] = {0, 8, 16, 24, 32, 40, 48, 56, -1};
static const uint32_t arm64_entry_marks[] = {0};

const struct arch arch_arm64 = {
	.name = "arm64",
	.machine = "aarch64",
	.debian = "arm64",
	.telltale = "orig_x0",
	.wrapper_from = KERNEL_VERSION(4, 19, 0),
	.syscall_prefix = "__arm64_sys_",
	.ld_cache_flags = 0x0a03,
	.registers = arm64_registers,
	.function_args = arm64_function_args,
	.ip = -1,
	.entry_marks = arm64_entry_marks,
};

const struct arch *arch_at(size_t index)
{
	static const struct arch *const all[] = {&arch_x86, &arch_arm64};

	return index < sizeof(all) / sizeof(*all) ? all[index] : NULL;
}

const struct arch *arch_of_machine(const char *machine)
{
	const struct arch *arch = NULL;

	for (size_t i = 0; (arch = arch_at(i)); i++)
		if (!strcmp(arch->machine, machine))
			break;
	return arch;
}

int arch_register_offset(const struct arch *arch, const char *name)
{
	for (const struct arch_register *r = arch->registers; r->name; r++)
		if (!strcmp(r->name, name))
			return (int)r->offset;
	return -1;
}

int arch_bytes_before_call(const struct arch *arch, uint32_t first)
{
	for (const uint32_t *mark = arch->entry_marks; *mark; mark++)
		if (*mark == first)
			return (int)sizeof(*mark);
	return 0;
}

int arch_is_call_place(const struct arch *arch, uint32_t word)
{
	if (!arch->call_place)
		return -1;
	return word == arch->call_place || (uint8_t)word == arch->call;
}
