/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions for programs written by hand, in the manner of the kernel's linux/filter.h. */
#ifndef HOTPROBE_INSNS_H
#define HOTPROBE_INSNS_H

#include <linux/bpf.h>

/* Bytes that a load or store moves. */
static inline int insn_bytes(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	}
	return 8;
}

#define INSN(code_, dst, src, off_, imm_)                                                          \
	((struct bpf_insn){.code = (code_),                                                        \
			   .dst_reg = (dst),                                                       \
			   .src_reg = (src),                                                       \
			   .off = (off_),                                                          \
			   .imm = (imm_)})

#define MOV_REG(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOV_IMM(dst, imm) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define ADD_IMM(dst, imm) INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define ADD_REG(dst, src) INSN(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0)
#define LSH_IMM(dst, imm) INSN(BPF_ALU64 | BPF_LSH | BPF_K, dst, 0, 0, imm)
#define RSH_IMM(dst, imm) INSN(BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, imm)
#define ARSH_IMM(dst, imm) INSN(BPF_ALU64 | BPF_ARSH | BPF_K, dst, 0, 0, imm)
#define AND_IMM(dst, imm) INSN(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, imm)
#define NEG(dst) INSN(BPF_ALU64 | BPF_NEG, dst, 0, 0, 0)
#define MOV32_REG(dst, src) INSN(BPF_ALU | BPF_MOV | BPF_X, dst, src, 0, 0)
#define LOAD(size, dst, src, off) INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STORE(size, dst, off, src) INSN(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define STORE_IMM(size, dst, off, imm) INSN(BPF_ST | BPF_MEM | (size), dst, 0, off, imm)
#define ATOMIC_ADD(size, dst, off, src) INSN(BPF_STX | BPF_ATOMIC | (size), dst, src, off, BPF_ADD)
#define JUMP_IF_ZERO(reg, off) INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, off, 0)
#define JUMP_UNLESS_ZERO(reg, off) INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, off, 0)
#define JUMP_UNLESS_IMM(reg, imm, off) INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, off, imm)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions. */
#define LOAD_IMM64(dst, imm)                                                                       \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (int32_t)(imm)),                                \
		INSN(0, 0, 0, 0, (int32_t)((uint64_t)(imm) >> 32))
#define LOAD_MAP(dst, fd)                                                                          \
	INSN(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)

#endif
