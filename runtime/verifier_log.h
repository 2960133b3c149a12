/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the verifier's log of a program that was refused (log level 1): the instructions on the way
 * to the one that failed, what was known of registers behind them, and what was wrong.
 *
 * The source lines in it are passed over, since kernels differ in where they put them; so is the
 * order of the last lines. Strings are parts of the log.
 */
#ifndef HOTPROBE_VERIFIER_LOG_H
#define HOTPROBE_VERIFIER_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_text {
	const char *at; /* not terminated; NULL if there is none */
	size_t length;
};

enum log_kind {
	LOG_INSN,    /* "12: (79) r1 = *(u64 *)(r1 +0) ; R1_w=scalar()" */
	LOG_STATE,   /* "12: R1=ctx() R10=fp0", "from 7 to 12: ..." */
	LOG_SAYS,    /* a complaint */
	LOG_NOTHING, /* what it counted, source lines, how it came to know a number */
};

struct log_line {
	enum log_kind kind;
	struct log_text text;
	uint32_t insn;	       /* of LOG_INSN */
	struct log_text code;  /* of LOG_INSN: behind its number */
	struct log_text state; /* "R0=... R1=...", length 0 if there is none */
	struct log_text says;  /* of LOG_INSN: a complaint on the same line, the same */
};

/* Reads the line at *log and moves on. Returns false at the end. */
bool verifier_log_next(const char **log, struct log_line *line);

/* "R1_w=scalar(umax=5)": number 1, text "scalar(umax=5)". */
struct log_register {
	int number;
	struct log_text text;
};

/* Takes the next register off a state; stack slots are passed over. Returns false at its end. */
bool verifier_log_register(struct log_text *state, struct log_register *reg);

#endif
