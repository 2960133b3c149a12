/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf_submit() over a ring buffer.
 *
 * BCC's perf_submit is bpf_perf_event_output(): a buffer for each CPU, a wake-up for each record.
 * A ring buffer (BPF_MAP_TYPE_RINGBUF, Linux 5.8) keeps the order across CPUs, shares its memory
 * and wakes rarely. So the compiled code is changed: each call becomes a reservation in the ring,
 * a record of the CPU's number and the bytes, and a commit; where the ring is full, a counter that
 * user space sees is raised, since a ring buffer itself tells nobody.
 *
 * A table is only changed if every use of it can be: constant size, current CPU, no packet data.
 *
 * In a perf buffer a record is padded, and its header has the size with the padding. So that the
 * same records come out of both, the sizes that the code submits are noted.
 */
#ifndef HOTPROBE_SUBMIT_H
#define HOTPROBE_SUBMIT_H

#include "internal.h"

/* In front of each record in the ring. */
struct submit_header {
	uint64_t cpu;
};

/* Decides for each BPF_PERF_OUTPUT of hp, sets its uses_ring and sizes, and makes the counters.
   Before the tables are made. Returns 0 or a negative errno with the message set. */
int submit_plan(struct hotprobe *hp);
void submit_free(struct hotprobe *hp);

/* Changes the calls in code that submit to tables with uses_ring. Its map loads hold the tables'
   indexes before and after. Returns 0, -ENOMEM, or -ERANGE. */
int submit_rewrite(const struct hotprobe *hp, struct bytecode *code);

/* How many bytes were submitted, of a record that came out of a perf buffer of that table as size
   bytes; 0 if it cannot be told. */
size_t submit_size(const struct hotprobe_table *table, size_t size);

/* Records of that table that found the ring full so far. */
uint64_t submit_lost(const struct hotprobe_table *table);

#endif
