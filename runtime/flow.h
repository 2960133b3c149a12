/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registers and stack slots hold before each instruction of a program.
 *
 * It is found as the verifier finds it, by following every path, but of values only what edits of
 * the code have to know: pointers into the context or the frame, tables, constants. The verifier
 * refuses a load through anything but a pointer it knows, so a load from the context that this
 * could miss would not be accepted either.
 */
#ifndef HOTPROBE_FLOW_H
#define HOTPROBE_FLOW_H

#include "bytecode.h"

enum {
	FLOW_REGISTERS = 11,
	FLOW_SLOTS = 64, /* 512 bytes of stack, 8 bytes each, the lowest first */
	FLOW_VALUES = FLOW_REGISTERS + FLOW_SLOTS,
};

enum flow_kind {
	FLOW_UNREACHED,
	FLOW_DEAD, /* not to be read: never written, or clobbered by a call, on some path */
	FLOW_OTHER,
	FLOW_CONTEXT,  /* the program's context plus number */
	FLOW_FRAME,    /* the frame pointer plus number */
	FLOW_TABLE,    /* the table whose index is number */
	FLOW_CONSTANT, /* number */
	FLOW_BYTES,    /* a slot of which those bytes of number are constant that known has */
	FLOW_MIXED,    /* the context on some paths, something else on others */
};

struct flow_value {
	enum flow_kind kind;
	uint8_t known; /* a bit for each byte, the lowest first; of FLOW_BYTES */
	int64_t number;
};

struct flow_state {
	struct flow_value value[FLOW_VALUES];
};

struct flow {
	uint32_t count;
	struct flow_state **states;
};

/* Analyses code whose map loads still hold the tables' indexes. Returns 0 or -ENOMEM. */
int flow_analyse(struct flow *flow, const struct bytecode *code);
void flow_free(struct flow *flow);

/* The state before that instruction, NULL if nothing leads there. */
static inline const struct flow_state *flow_at(const struct flow *flow, uint32_t insn)
{
	return flow->states[insn];
}

/* The byte at an offset from the frame pointer, if it is the same constant on all paths; else -1.
 */
int flow_frame_byte(const struct flow_state *state, int64_t offset);

/* The lowest offset from the frame pointer, 0 or negative, that the code uses or points to. */
int32_t flow_lowest_frame_offset(const struct flow *flow, const struct bytecode *code);

#endif
