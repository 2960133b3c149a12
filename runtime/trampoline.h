/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kprobe and kretprobe functions attached by a trampoline of the kernel's (fentry, fexit), which
 * costs a fraction: no breakpoint or ftrace frame, no struct pt_regs to fill in, no return address
 * to exchange. The compiled code is fitted to a tracing program's context (enum view), and the
 * program loaded for its one function. What cannot be had so stays a kprobe.
 */
#ifndef HOTPROBE_TRAMPOLINE_H
#define HOTPROBE_TRAMPOLINE_H

#include "internal.h"

/*
 * Changes link->plan to a tracing program's for that function of the kernel, and loads it, if
 * everything speaks for it; else leaves the plan and notes why. is_certain: there is but one
 * function of that name. Returns 0, or a negative errno with message and diagnostic set if the
 * caller insisted on trampolines, or memory is out.
 */
int trampoline_plan(struct hotprobe_link *link, const char *function, bool is_return,
		    bool is_certain);

/* Attaches the program of such a plan. Returns 0; -ENODEV if the kernel refuses and the link's plan
   is a kprobe's again; another negative errno with the message set. */
int trampoline_attach(struct hotprobe_link *link, int prog_fd, const char *function,
		      bool is_return);

#endif
