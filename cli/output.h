/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output: events in the format that was chosen, collected and written in large pieces.
 *
 * A format is one file that defines one struct output_format. It appends whole lines to
 * out->buffer; this module writes them, notices errors and, before the first of what is written at
 * once, follows the terminal's width.
 */
#ifndef HOTPROBE_CLI_OUTPUT_H
#define HOTPROBE_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "colour.h"
#include "hotprobe.h"
#include "text.h"

enum {
	OUTPUT_FLUSH_SIZE = 64 * 1024, /* bytes that are written at once */
};

struct dump;
struct line_format;
struct output;

/* A member of an event that is no struct or union itself: as it is in one event, and where it is in
   each. */
struct output_leaf {
	struct hotprobe_value value;
	size_t offset;
};

/* A table that sends events. */
struct output_table {
	struct output *out;
	const char *name;
	const struct hotprobe_type *type; /* of its events, NULL if the source does not tell */
	bool stacks;			  /* its events have stack ids */
	void *layout;			  /* the format's own, freed by its forget() */
	struct output_leaf *leaves;	  /* NULL until output_leaves() */
	size_t leaf_count;
};

struct output_format {
	const char *name;
	/* All tables are known and the first event can come. Optional. */
	void (*start)(struct output *out);
	void (*event)(struct output_table *table, int cpu, const void *data, size_t size);
	/* Optional: without it nothing about lost events goes to standard output. */
	void (*lost)(struct output_table *table, uint64_t lost);
	/* What a function wrote that is no event: lines, or any bytes. size is more than 0. */
	void (*written)(struct output *out, const char *function, const char *bytes, size_t size);
	/* A message of bpf_trace_printk(). */
	void (*printk)(struct output *out, const struct hotprobe_printk *message);
	/* What follows is of this time of day. */
	void (*time)(struct output *out, time_t seconds);
	/* What a table holds, at least one entry. */
	void (*table)(struct output *out, const struct dump *dump);
	void (*forget)(struct output_table *table);
};

extern const struct output_format output_columns;
extern const struct output_format output_csv;
extern const struct output_format output_folded; /* see folded.h */
extern const struct output_format output_json;
extern const struct output_format output_lines; /* out->line_format */

struct output {
	const struct output_format *format;
	struct hotprobe *hp; /* for symbols; may be NULL */
	const struct line_format *line_format;
	bool raw; /* numbers are shown as they are: see convert.h */
	int fd;
	int error;		  /* 0, or the negative errno of what went wrong first */
	bool terminal;		  /* fd is one */
	bool colours;		  /* it gets some */
	unsigned width;		  /* its columns, 0 if it is no terminal */
	struct text buffer;	  /* what is not written yet */
	struct text cell, record; /* scratch for formats */
	struct output_table **tables;
	size_t table_count;
	struct output_table **next; /* of a program that is to take the place of this one */
	size_t next_count;
	const struct output_table *current; /* whose events were printed last */
	const void *block;		    /* csv's own */
	/* For a flame graph, the stacks of events and of tables; NULL if none is wanted. */
	struct text *event_stacks, *table_stacks;
	bool apart; /* the next table needs a line before it */
};

/* Asks for colours as fd is one of the standard streams: after the command line was read. */
void output_open(struct output *out, const struct output_format *format, int fd);
/* Adds a table; the result stays valid until output_close(). NULL without memory. */
struct output_table *output_add_table(struct output *out, const char *name,
				      const struct hotprobe_type *type);
/* The same for the program that comes next. */
struct output_table *output_add_next(struct output *out, const char *name,
				     const struct hotprobe_type *type);
/* It has taken over: its tables are those of the output, and out->hp is its handle. Names are
   printed again only for events that are laid out in another way. The former tables are gone; their
   types are looked at for the last time. */
void output_succeed(struct output *out);
/* It has not. */
void output_drop_next(struct output *out);
void output_start(struct output *out);
void output_event(struct output_table *table, int cpu, const void *data, size_t size);
void output_lost(struct output_table *table, uint64_t lost);
/* Lines that a function wrote, each with its newline (the very last may lack it). */
void output_written(struct output *out, const char *function, const char *bytes, size_t size);
void output_printk(struct output *out, const struct hotprobe_printk *message);
/* Tables of an interval follow. */
void output_time(struct output *out, time_t seconds);
void output_dump(struct output *out, const struct dump *dump);
/* Writes what was collected. Returns 0, or the first error there was (-EPIPE, -ENOSPC...). */
int output_flush(struct output *out);
/* Frees all; what was not flushed is lost. */
void output_close(struct output *out);

/* Appends the escape sequence of a colour to a text if the output has colours. */
static inline void output_colour(const struct output *out, struct text *text, enum colour colour)
{
	if (out->colours)
		colour_start(text, colour);
}

/* An event as a value. A record that is shorter than its type (programs submit the first bytes of
   a struct) is read as if zeroes followed; end tells where its own bytes end. */
struct output_record {
	struct hotprobe_value value;
	const char *end;
};

/* Returns false if the type is unknown. */
bool output_read(struct output_table *table, const void *data, size_t size,
		 struct output_record *record);
/* The leaves of the table's events, in their order, found once; NULL without memory or if the type
   is unknown. */
const struct output_leaf *output_leaves(struct output_table *table);
/* Reads one from a record: false if it lies beyond the bytes that the program sent. */
bool output_read_leaf(const struct output_leaf *leaf, const struct output_record *record,
		      struct hotprobe_value *value);
/* False if value lies beyond the bytes that the program sent. */
bool output_has(const struct output_record *record, const struct hotprobe_value *value);

/* Prints to standard output, for commands that only do this. Returns the exit status. */
int print_out(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
