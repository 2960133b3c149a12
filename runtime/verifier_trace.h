/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the verifier along its log to the instruction that it refused: where the value in each
 * register came from, and what the verifier last said of it.
 */
#ifndef HOTPROBE_VERIFIER_TRACE_H
#define HOTPROBE_VERIFIER_TRACE_H

#include "bytecode.h"
#include "verifier_log.h"

enum {
	TRACE_REGISTERS = 11,
	TRACE_SLOTS = 64, /* 512 bytes of stack, 8 bytes each, the lowest first */
	TRACE_SAID = 8,
};

enum trace_kind {
	TRACE_UNKNOWN,
	TRACE_CONTEXT,	/* the context's address plus number */
	TRACE_FRAME,	/* the frame pointer plus number */
	TRACE_TABLE,	/* the table whose descriptor is number */
	TRACE_CONSTANT, /* number */
	TRACE_CALL,	/* the result of the helper that name is */
	TRACE_LOAD,	/* what was in memory */
};

struct trace_value {
	enum trace_kind kind;
	uint32_t insn;	   /* that it came from */
	bool changed;	   /* something was added to it, or the like, since */
	bool from_context; /* of TRACE_LOAD */
	int64_t number;
	int table;		  /* of TRACE_CALL: descriptor of the table it was about, or -1 */
	struct log_text name;	  /* of TRACE_CALL: "bpf_map_lookup_elem" */
	struct log_text state;	  /* what the verifier says of it, NULL if that is not known */
	struct log_text unscaled; /* the same before it was multiplied last, NULL if it was not */
};

struct trace {
	struct trace_value registers[TRACE_REGISTERS];
	/* What was added to the pointer in each, as it was before it was multiplied by a size. */
	struct trace_value added[TRACE_REGISTERS];
	struct trace_value slots[TRACE_SLOTS];
	bool reached; /* an instruction: insn is the last one, not yet done */
	uint32_t insn;
	bool branched; /* a conditional jump led there: branch is the last one */
	uint32_t branch;
	struct log_text code; /* of it, as the verifier prints it */
	/* What it said behind that, the last lines of it, in their order. */
	struct log_text said[TRACE_SAID];
	size_t said_count;
};

void verifier_trace_follow(struct trace *trace, const struct bytecode *code, const char *log);

/* What a call in the log calls: "bpf_map_lookup_elem" of "(85) call bpf_map_lookup_elem#1"; NULL if
   it is no call. */
struct log_text verifier_trace_called(struct log_text code);

#endif
