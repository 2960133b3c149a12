/* SPDX-License-Identifier: Apache-2.0 */
/* All that depends on the machine's architecture, one table for each. */
#ifndef HOTPROBE_ARCH_H
#define HOTPROBE_ARCH_H

#include <stdint.h>

enum {
	ARCH_SYSCALL_ARGS = 6,
};

/* A register in the kernel's struct pt_regs. */
struct arch_register {
	const char *name;	 /* as struct pt_regs and PT_REGS_ macros call it */
	uint32_t offset;	 /* in struct pt_regs, bytes */
	signed char syscall_arg; /* which argument of a syscall it holds on entry, from 0; or -1 */
	signed char is_return;	 /* it holds a function's return value */
	signed char is_syscall_number;
};

struct arch {
	const char *syscall_prefix; /* of the kernel functions behind syscalls, with the wrapper */
	uint32_t pt_regs_size;
	int32_t ld_cache_flags; /* of the libraries for it in /etc/ld.so.cache */
	const struct arch_register *registers; /* ends with a NULL name */
};

extern const struct arch arch_native;

#endif
