/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of kernel functions have a child do: unlinkat(2) a file, a known number of times. */
#ifndef HOTPROBE_TESTS_UNLINKS_H
#define HOTPROBE_TESTS_UNLINKS_H

#include "support.h"

struct unlinks {
	char path[256];
	int there, absent; /* so many files that are there, and then that are not */
	int refused;	   /* of those that were there; set by the child */
	int error;	   /* why */
};

/* In memory that a child shares. The file is in a new directory in parent, by default where
   make_dir() makes one. */
struct unlinks *new_unlinks(const char *parent, int there, int absent);
void free_unlinks(struct unlinks *unlinks);
/* For peer_start(). */
void unlink_files(void *unlinks);
/* A peer whom the handle traces. */
struct peer trace_peer(struct hotprobe *hp, void (*work)(void *arg), void *arg);

#endif
