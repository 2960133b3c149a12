/* SPDX-License-Identifier: Apache-2.0 */
/* Events of ten numbers and a text, kept as they come. */
#ifndef HOTPROBE_TESTS_SEEN_H
#define HOTPROBE_TESTS_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "hotprobe.h"

enum {
	SEEN_MAX = 4096,
};

struct event {
	int64_t n[10];
	char text[16];
};

/* The same for a program, which submits them to "events". */
#define EVENT                                                                                      \
	"struct event { s64 n[10]; char text[16]; };\n"                                            \
	"BPF_PERF_OUTPUT(events);\n"

struct seen {
	size_t count;
	struct event event[SEEN_MAX];
};

/* To be freed with free(). */
struct seen *new_seen(void);
/* Opens, loads, with all events to seen. */
void prepare(struct hotprobe *hp, const char *text, struct seen *seen);
/* Takes what there is; returns how many events that were. */
int consume_all(struct hotprobe *hp);

#endif
