/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One link for all functions that match a pattern (BPF_TRACE_KPROBE_MULTI, Linux 5.18 with
 * CONFIG_FPROBE): made and undone at once, where kprobes take their time one by one. Its program
 * sees the struct pt_regs that ftrace made, not a breakpoint: VIEW_KPROBE_MULTI mends that.
 */
#ifndef HOTPROBE_KPROBE_MULTI_H
#define HOTPROBE_KPROBE_MULTI_H

#include "internal.h"
#include "kernel_functions.h"

/* Changes link->plan to that of such a program, and loads it, if that can be; else leaves it and
   notes why. Returns 0, or a negative errno with the message set if memory is out. */
int kprobe_multi_plan(struct hotprobe_link *link);

/*
 * Attaches the program of such a plan to all functions that the kernel takes in one link, and moves
 * those from functions to attached; the others stay for kprobes. index has them all. Returns 0, or
 * a negative errno with the message set.
 */
int kprobe_multi_attach(struct hotprobe_link *link, int prog_fd, bool is_return,
			const struct function_index *index, struct names *functions,
			struct names *attached);

#endif
