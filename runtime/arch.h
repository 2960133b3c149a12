/* SPDX-License-Identifier: Apache-2.0 */
/* All that depends on the machine's architecture, one table for each. */
#ifndef HOTPROBE_ARCH_H
#define HOTPROBE_ARCH_H

#include <stddef.h>
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
	const char *name;      /* of its directory in the kernel's source, and in ARCH: "arm64" */
	const char *machine;   /* as uname -m and compilers have it: "aarch64" */
	const char *debian;    /* as Debian has it: "amd64" */
	const char *telltale;  /* a member that no other architecture's struct pt_regs has */
	uint32_t wrapper_from; /* LINUX_VERSION_CODE since which syscalls get a pt_regs of their own
				*/
	const char *syscall_prefix; /* of the kernel functions behind syscalls, with that wrapper */
	int32_t ld_cache_flags;	    /* of the libraries for it in /etc/ld.so.cache */
	const struct arch_register *registers; /* ends with a NULL name */
	/* Where struct pt_regs has the arguments of a function, bytes; ends with a -1. */
	const int16_t *function_args;
	/* Where it has the instruction pointer; at a function's entry a kprobe's program finds
	   there the address of ftrace's call plus ip_ahead, a multi-kprobe's program
	   ip_ahead_multi. -1: not known. */
	int16_t ip;
	int8_t ip_ahead, ip_ahead_multi;
	/* Instructions of 4 bytes that a function may have in front of ftrace's call; ends with a
	   0. */
	const uint32_t *entry_marks;
	/* What is in the place of ftrace's call while there is none, its first 4 bytes, 0: not
	   known; and the first byte of a call. */
	uint32_t call_place;
	uint8_t call;
};

extern const struct arch arch_x86, arch_arm64;

/* The one of this process. */
#if defined(__x86_64__)
#define arch_native arch_x86
#elif defined(__aarch64__)
#define arch_native arch_arm64
#else
#error "add this architecture's table to arch.c"
#endif

/* All of them, from 0; NULL behind the last. */
const struct arch *arch_at(size_t index);
/* By struct arch.machine; NULL if it isn't known. */
const struct arch *arch_of_machine(const char *machine);
/* Offset of a register in struct pt_regs, bytes; -1 if it has none of that name. */
int arch_register_offset(const struct arch *arch, const char *name);
/* How many bytes a function that begins with these 4 has in front of ftrace's call. */
int arch_bytes_before_call(const struct arch *arch, uint32_t first);
/* Is that, of a running kernel, the beginning of a place for ftrace's call? 1, 0, or -1 if it is
   not known for this architecture. */
int arch_is_call_place(const struct arch *arch, uint32_t word);

#endif
