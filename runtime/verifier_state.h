/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier says of a register ("scalar(smin=0,smax=umax=255)"), put into words. */
#ifndef HOTPROBE_VERIFIER_STATE_H
#define HOTPROBE_VERIFIER_STATE_H

#include "verifier_log.h"

/* Both forms are read: that of 5.x, "inv(id=0,umax_value=255,...)", and that of 6.x. */
struct verifier_state {
	char type[48]; /* "scalar", "map_value_or_null", "fp"; of 5.x's "inv": "scalar" */
	bool may_be_null;
	bool constant;	/* a number, and low == high */
	bool bounded;	/* there is a range: */
	bool is_signed; /* low and high are negative numbers, too */
	uint64_t low, high;
	int64_t offset;	       /* of a pointer: what is added to it for sure... */
	bool varies;	       /* ... and there is something more, from low to high if bounded */
	int64_t size;	       /* bytes of what a pointer points to, -1 if that is not known */
	int64_t in_reach;      /* of a packet: bytes that are known to be there */
	struct log_text table; /* its name, as the kernel has it: cut to 15 bytes */
};

/* Returns false if the text is no such state. */
bool verifier_state_read(struct verifier_state *state, struct log_text text);

/* "a pointer into a value of table counts, or NULL", "a number between 0 and 255"; table is its
   name, NULL if that is not known. Malloc'ed; NULL if there are no words for it, or no memory. */
char *verifier_state_words(const struct verifier_state *state, const char *table);

/* "0 to 255" of a number or of what is added to a pointer; malloc'ed, NULL if there is no bound. */
char *verifier_state_range(const struct verifier_state *state);

#endif
