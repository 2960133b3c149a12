/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of USDT probes: where each is when a site is reached, and the instructions that read
 * it. The compiler leaves a call for each (IMAGE_USDT_CALL); a program is loaded once for each
 * set of places, since sites of one probe may have them elsewhere.
 */
#ifndef HOTPROBE_USDT_H
#define HOTPROBE_USDT_H

#include "internal.h"

/*
 * value = [base] + ([index] << scale) + displacement, >> shift; from there it is read if it is in
 * memory.
 */
struct usdt_argument {
	int64_t displacement;
	int16_t base, index; /* offsets in struct pt_regs, -1 if there is none */
	uint8_t scale, shift;
	uint8_t size; /* bytes */
	bool is_signed;
	bool in_memory;
	bool unreadable; /* in a register that programs cannot see, or written in an unknown way */
};

struct usdt_arguments {
	uint32_t count;
	struct usdt_argument at[IMAGE_USDT_ARGS];
};

/* The address of a symbol in the file. Returns 0 or a negative errno. */
typedef int (*usdt_symbol_fn)(void *ctx, const char *name, uint64_t *address);

/* Reads a site's text ("4@-20(%rbp) -8@%rax"), as the assembler of that machine (EM_X86_64,
   EM_386, EM_AARCH64) writes it. site is the probe's address in the file. Returns 0, or
   -EOPNOTSUPP for another machine. */
int usdt_parse(struct usdt_arguments *arguments, int machine, const char *text, uint64_t site,
	       usdt_symbol_fn symbol, void *ctx);

/* One copy for all that are equal, which the handle keeps; NULL if memory is out. */
const struct usdt_arguments *usdt_keep(struct hotprobe *hp, const struct usdt_arguments *arguments);
void usdt_free(struct hotprobe *hp);

/* For a program that is attached nowhere: whatever it reads is 0. */
extern const struct usdt_arguments usdt_nowhere;
/* Does the program read arguments? */
bool usdt_is_read(const struct hotprobe_program *program);

/* Puts instructions in the place of the calls. Returns 0, or a negative errno with message and
   diagnostic set. */
int usdt_fill(struct hotprobe_program *program, const struct plan *plan, struct bytecode *code);

#endif
