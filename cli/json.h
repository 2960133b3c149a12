/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of JSON, appended to out->buffer; json.c says how values look. */
#ifndef HOTPROBE_CLI_JSON_H
#define HOTPROBE_CLI_JSON_H

#include "dump.h"
#include "output.h"

/* clang-format off */
#define JSON_HELP \
	"JSON, an object a line:\n" \
	"  {\"event\":TABLE,\"cpu\":N,\"data\":{MEMBER:VALUE,...}}\n" \
	"              an event; with stack ids also \"stacks\":{MEMBER:[FRAME,...]}, the innermost\n" \
	"              first: {\"address\":\"0x...\",\"function\":NAME,\"offset\":N,\"module\":FILE}\n" \
	"  {\"lost\":N,\"event\":TABLE}\n" \
	"              so many came faster than they were taken\n" \
	"  {\"table\":TABLE,\"entries\":[{\"key\":KEY,\"value\":VALUE},...]}\n" \
	"              a table; VALUE of a per-CPU table is the sum, \"cpus\":[VALUE,...] has each;\n" \
	"              \"more\":N were left out by --top\n" \
	"  {\"table\":TABLE,\"histograms\":[{\"key\":KEY,\"rows\":[ROW,...]},...]}\n" \
	"              one for each KEY, which is what the key holds besides the slot; a ROW is\n" \
	"              {\"low\":0,\"high\":1,\"count\":3}\n" \
	"  {\"time\":\"2026-02-03T04:05:06Z\"}\n" \
	"              with --interval: the tables that follow are of this moment\n" \
	"  {\"printk\":TEXT,\"cpu\":N,\"tid\":N,\"comm\":NAME,\"time_ns\":N}\n" \
	"              a message of bpf_trace_printk()\n" \
	"  {\"function\":NAME,\"text\":LINE}\n" \
	"              a line that an iterator wrote\n" \
	"Integers are numbers, exact up to 64 bits; larger ones and pointers are strings; enums are\n" \
	"strings if the value has a name; members that a short record lacks are null.\n"
/* clang-format on */

/* A string of any bytes; a finite FLOAT; a member's name and its colon; any value. */
void json_text(struct output *out, const char *bytes, size_t size);
void json_float(struct output *out, const struct hotprobe_value *value);
void json_key(struct output *out, const char *name);
void json_value(struct output *out, const struct hotprobe_value *value);
/* A struct without that member, which begins at without. */
void json_value_without(struct output *out, const struct hotprobe_value *value,
			const void *without);

/* The member "stacks", after others, if any of the values (NULL: none) has stack ids. */
void json_stacks(struct output *out, const struct hotprobe_value *key,
		 const struct hotprobe_value *value);

/* A line for a table. */
void json_table(struct output *out, const struct dump *dump);

#endif
