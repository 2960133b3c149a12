/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out: malloc() and its like, as this program and every library that it is linked
 * with call them, fail when they are told to. Not in a sanitized build, which has its own.
 */
#ifndef HOTPROBE_TESTS_FAULTS_ALLOC_H
#define HOTPROBE_TESTS_FAULTS_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

bool alloc_can_fail(void);
/* From now on the nth call (from 1) of this thread fails, and with all_after every later one; 0:
   none does. */
void alloc_fail(uint64_t nth, bool all_after);
/* Ends that. Returns how many calls there were. */
uint64_t alloc_stop(void);
/* Blocks of memory that are in use. */
int64_t alloc_blocks(void);

#endif
