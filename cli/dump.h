/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contents of a table at one moment: entries in the order in which they are shown, values of
 * the CPUs added up.
 */
#ifndef HOTPROBE_CLI_DUMP_H
#define HOTPROBE_CLI_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hotprobe.h"
#include "text.h"

struct dump_entry {
	const void *key;    /* NULL in a queue or stack */
	const void *values; /* one for each CPU, as hotprobe_table_lookup() gives them */
	const void *value;  /* their sum; the value itself where there is only one */
};

struct dump {
	struct hotprobe *hp;
	const struct hotprobe_table *table;
	const char *name;
	const struct hotprobe_type *key_type, *value_type; /* NULL if the source does not tell */
	size_t key_size, value_size;			   /* of one CPU's value, bytes */
	size_t cpu_count;				   /* 1 unless it is a per-CPU table */
	struct dump_entry *entries;
	size_t count; /* of them */
	size_t total; /* in the table: more than count if only the largest were wanted */
	size_t top;   /* so many were wanted, 0: all; for a histogram this is up to its reader */
	bool stays;   /* it was read, but could not be deleted: it is an array */
	struct text bytes;
};

/* True for a table whose entries mean something as such: no buffers, programs or sockets. */
bool dump_possible(const struct hotprobe_table *table);
bool dump_is_histogram(const struct dump *dump);

/*
 * Reads the table. Entries of an array that are zero are left out; hashes are sorted by their
 * values, the largest first. top, if it is not 0: only so many, and the largest of arrays too; but
 * all of a histogram, whose sections are made of several entries.
 * clear: what is read is deleted from the table, as that of a queue or stack always is, so that
 * nothing is lost that programs count meanwhile. The entries of an array are set to zero, except
 * for those of a histogram (dump_counts()): see dump_since(). Returns 0 or a negative errno; free
 * it in any case.
 */
int dump_read(struct dump *dump, struct hotprobe *hp, struct hotprobe_table *table, size_t top,
	      bool clear);
void dump_free(struct dump *dump);

/* True for an array that is a histogram: its numbers only ever grow. */
bool dump_counts(const struct dump *dump);
/* Takes off such a dump what it was when it was read before. before has a number for each possible
   entry, at first 0, and is brought up to date. */
void dump_since(struct dump *dump, uint64_t *before);

/* Key and value as values. False if the type is not known. */
bool dump_key(const struct dump *dump, const struct dump_entry *entry,
	      struct hotprobe_value *value);
bool dump_value(const struct dump *dump, const struct dump_entry *entry,
		struct hotprobe_value *value);
/* That of one CPU. */
bool dump_cpu_value(const struct dump *dump, const struct dump_entry *entry, size_t cpu,
		    struct hotprobe_value *value);

#endif
