/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement: trace a set of processes and what they fork, filtered in the kernel.
 *
 * A hash table holds the process ids (tgid) that are traced. Every program gets a prologue that
 * looks up the current process there and returns 0 if it is absent, so no line of the user's
 * runs for others. Two small programs keep the table: a child is added before it first runs
 * (sched_process_fork precedes wake_up_new_task), and a process is removed when its last thread
 * exits (signal->live is 0 at sched_process_exit), while its id cannot have been reused yet.
 */
#ifndef HOTPROBE_CONFINE_H
#define HOTPROBE_CONFINE_H

#include "internal.h"

struct confinement;

/* Makes the tables and attaches the two programs. Returns 0 or a negative errno with the message
   set: -EOPNOTSUPP outside the initial PID namespace, whose ids the kernel's differ from. */
int confine_new(struct hotprobe *hp, struct confinement **confinement);
/* For another handle whose programs are to trace the same processes. Each frees it. */
struct confinement *confine_share(struct confinement *confinement);
void confine_free(struct confinement *confinement);

/* Puts the filter in front of code. Returns 0 or -ENOMEM. */
int confine_program(const struct confinement *confinement, struct bytecode *code);

/* Adds one process, not its descendants. Returns 0 or a negative errno. */
int confine_add(const struct confinement *confinement, pid_t pid);
/* Adds a running process and the descendants it has by now. */
int confine_add_tree(const struct confinement *confinement, pid_t pid);
/* Forks whose child could not be added, because the table was full. */
uint64_t confine_missed(const struct confinement *confinement);

#endif
