/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the worker, which ends after one compile and gives nothing back. A fuzzer of its parts
 * replaces calloc(), realloc() and free() by these (FUZZ_WRAP in fuzz.mk).
 */
#ifndef HOTPROBE_FUZZ_WORKER_MEMORY_H
#define HOTPROBE_FUZZ_WORKER_MEMORY_H

/* What is allocated between these two is freed by the second. */
void worker_memory_begin(void);
void worker_memory_end(void);

#endif
