/* SPDX-License-Identifier: Apache-2.0 */
/* Stack ids in events, keys and values: the functions behind them. */
#ifndef HOTPROBE_CLI_STACKS_H
#define HOTPROBE_CLI_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotprobe.h"
#include "text.h"

/* Has the program a BPF_STACK_TRACE or BPF_STACK_TRACE_BUILDID? */
bool stack_table_exists(const struct hotprobe *hp);

/* True for an integer whose name says stack, in a program that has a BPF_STACK_TRACE. */
bool stack_is_id(struct hotprobe *hp, const struct hotprobe_value *member);

/* The process whose user stacks an event or a key (NULL: none) speaks of: its member pid or tgid,
   else the traced command. 0 if that is not known. */
pid_t stack_process(struct hotprobe *hp, const struct hotprobe_value *whole);

struct stack_frame {
	uint64_t address;     /* of a BPF_STACK_TRACE_BUILDID the offset in the file */
	const char *build_id; /* of that file, else "" */
	bool kernel;
	const struct hotprobe_symbol *symbol; /* NULL if there is none */
};
typedef void (*stack_frame_fn)(void *ctx, const struct stack_frame *frame);

/* Why there is no stack of that id, NULL if there may be one or none is to be expected. */
const char *stack_missed(const struct hotprobe_value *id);

/* Calls fn for each frame, the innermost first, or the outermost first. Returns their number; 0 if
   the id is that of no stack. */
size_t stack_each(struct hotprobe *hp, const struct hotprobe_value *id, pid_t pid, bool outermost,
		  stack_frame_fn fn, void *ctx);

/* Appends a frame's name, safe for a terminal: function, or module, or address. */
void stack_frame_name(struct text *text, const struct stack_frame *frame);

/* Appends the stack of an id on one line, "f;g;main", the innermost first. */
void stack_text(struct text *text, struct hotprobe *hp, const struct hotprobe_value *id, pid_t pid);

/* Appends the stacks of all ids in a value, a line each frame, indented. */
void stack_lines(struct text *text, struct hotprobe *hp, const struct hotprobe_value *value,
		 pid_t pid);

#endif
