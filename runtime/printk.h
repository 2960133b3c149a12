/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bpf_trace_printk() of a program's own.
 *
 * The kernel writes all messages of the machine into one trace_pipe. So calls are replaced: the
 * kernel formats the message as before, with bpf_snprintf() (Linux 5.13), but into a record of a
 * ring buffer of this handle. bpf_snprintf() wants the format in constant memory; libbcc's code
 * builds it on the stack, from where it is known, byte by byte, in nearly all programs. A call
 * that cannot be replaced stays as it is, and a warning says so.
 */
#ifndef HOTPROBE_PRINTK_H
#define HOTPROBE_PRINTK_H

#include "internal.h"

/* Before programs are loaded: looks for calls in all of them, and makes what they need. Sets
   hp->printk, to NULL if there are none to replace. */
int printk_plan(struct hotprobe *hp);
/* Replaces the calls in code that will be loaded by that plan; its map loads hold descriptors. */
int printk_rewrite(const struct hotprobe *hp, const struct plan *plan, struct bytecode *code);
void printk_free(struct printk *printk);

/* Readable when there are messages. */
int printk_fd(const struct printk *printk);
/* Delivers what is there; returns the number of messages. */
int printk_consume(struct printk *printk);
/* Messages that did not fit into the ring buffer so far. */
uint64_t printk_lost(const struct printk *printk);

#endif
