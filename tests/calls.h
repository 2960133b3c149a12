/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs on getpgid(2), run by a child of the test's own that calls it with known numbers:
 * int syscall__getpgid(struct pt_regs *ctx, int pid) has each of them as pid.
 */
#ifndef HOTPROBE_TESTS_CALLS_H
#define HOTPROBE_TESTS_CALLS_H

#include "support.h"

/* A handle that traces only what it is told to, with that program. */
struct hotprobe *open_confined(const char *text);
/* Tables alone, loaded with a function that does nothing. */
struct hotprobe *load_tables_of(const char *text);

/* For peer_start(): calls getpgid() with each of the ints at arg, up to a negative one. */
void get_pgids(void *numbers);
/* Attaches, has a child of its own make these calls, and detaches. */
void run_calls(struct hotprobe *hp, const int *numbers);

/* Fails the test if there is none of that name. */
struct hotprobe_table *table_of(struct hotprobe *hp, const char *name);
/* Of a table with keys and values of up to 8 bytes. */
uint64_t value_at(struct hotprobe *hp, const char *name, uint32_t key);

#endif
