/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BPF_HISTOGRAM as rows: one histogram for each value of what its key holds besides the slot, in
 * the order of those values, or (dump->top) so many of them, that with the most first.
 *
 * The slot is the key itself, or of a struct the member called slot or bucket, else its last
 * integer. What bpf_log2() and bpf_log2l() make of a number is a power of two's slot: slot N counts
 * those from 2^(N-1) to 2^N - 1.
 */
#ifndef HOTPROBE_CLI_HISTOGRAM_H
#define HOTPROBE_CLI_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump.h"
#include "text.h"

struct histogram_row {
	uint64_t low, high; /* equal in a linear one */
	uint64_t count;
};

struct histogram {
	const struct dump_entry *section; /* any entry of it; its key tells which it is */
	struct histogram_row *rows;	  /* from the first to the last with a count */
	size_t count;
	uint64_t sum; /* of the counts */
	bool log2;
};

struct histograms {
	struct histogram *list;
	size_t count;
	size_t total;  /* more than count if only those with the largest sums are wanted */
	bool sections; /* the key holds more than the slot */
};

/* Returns 0; -EINVAL if the key has no slot or the value is no number (then print it as any other
   table); -ENOMEM. Free it in any case. */
int histograms_make(struct histograms *histograms, const struct dump *dump);
void histograms_free(struct histograms *histograms);

/* Where the slot is in the key of an entry, NULL if it has none. */
const void *histogram_slot(const struct dump *dump, const struct dump_entry *entry);
/* Appends one as bars, name above the numbers, on a screen of that many columns (0: none),
   with colours or not. */
void histogram_text(struct text *text, const struct histogram *histogram, const char *name,
		    unsigned screen, bool colours);

#endif
