/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to tell about a rejection: names out of the source and the log, by which sentences
   are filled in. */
#ifndef HOTPROBE_VERIFIER_WORDS_H
#define HOTPROBE_VERIFIER_WORDS_H

#include "internal.h"
#include "verifier_trace.h"

struct place {
	const char *file;
	unsigned line, column;
};

enum word {
	WORD_POINTER, /* that is dereferenced, as the source has it: "count" */
	WORD_ADDRESS, /* of what is read through it: "&count->calls" */
	WORD_ARRAY,   /* and WORD_INDEX, of "slots->slot[i]" */
	WORD_INDEX,
	WORD_OPERAND,  /* the index, in parentheses if it is more than a name */
	WORD_CALL,     /* what is called: "bpf_probe_read_user()", "counts.lookup()" */
	WORD_ARGUMENT, /* of it, the one that is wrong */
	WORD_NAME,     /* the same if it is a name, which can be assigned to */
	WORD_VARIABLE, /* "key" of an argument "&key" */
	WORD_BUFFER,   /* the argument in front of it, what its size is about */
	WORD_CAPACITY, /* "sizeof(event.path)" */
	WORD_HELPER,   /* "bpf_probe_read_user" */
	WORD_TABLE,
	WORD_VALUE, /* what the wrong register holds: one of the above */
	WORD_TYPE,  /* of the program: "xdp" */
	WORD_PASS,  /* what it returns if it does nothing */
	WORD_LICENCE,
	WORD_RECORD, /* what was reserved */
	WORD_RETURNED,
	WORD_ALLOWED, /* to return */
	WORD_SIZE,    /* and what follows: numbers of bytes */
	WORD_VALUE_SIZE,
	WORD_OFFSET,
	WORD_OVER,   /* a size is larger than this, which is left on the stack */
	WORD_STRUCT, /* of the kernel */
	/* Empty words: there, or not. */
	WORD_IF_NULL,	  /* the pointer is NULL for sure */
	WORD_IF_USER,	  /* ...is the process's */
	WORD_IF_KERNEL,	  /* ...is the kernel's */
	WORD_IF_VARIES,	  /* a place that is calculated */
	WORD_IF_PACKET,	  /* the program handles packets */
	WORD_IF_OVER,	  /* WORD_OVER is known */
	WORD_IF_NEGATIVE, /* the register may be below zero, and is not just unknown */
	WORD_IF_METHOD,	  /* what is called is an operation of a table */
	WORD_IF_CALL,	  /* the instruction is a call */
	WORD_IF_EXIT,	  /* ...the end */
	WORD_COUNT,
};

struct words {
	char *at[WORD_COUNT]; /* NULL if it is not known; malloc'ed */
	/* What the verifier knew of the wrong register, a sentence, and where that came from; NULL
	   if there is nothing to tell. */
	char *known;
	struct place origin;
	/* Which of several paths led there was decided last at this place. */
	bool decided;
	struct place decision;
};

/* About an instruction, what the verifier said of it (one line), and where that is. */
void verifier_words_find(struct words *words, const struct hotprobe_program *program,
			 const struct bytecode *code, const struct trace *trace,
			 const char *message, const struct place *place);
void verifier_words_free(struct words *words);
/* The line of an instruction; false if line info has none. */
bool verifier_place(const struct hotprobe_program *program, const struct bytecode *code,
		    uint32_t insn, struct place *place);

#endif
