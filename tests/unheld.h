/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BPF objects of the kernel (programs, maps, links) that no descriptor of any process stands for.
 * What a process that ended left behind is among them; what others use at the time is not.
 */
#ifndef HOTPROBE_TESTS_UNHELD_H
#define HOTPROBE_TESTS_UNHELD_H

#include <stddef.h>
#include <stdint.h>

struct unheld {
	size_t count;
	uint64_t *ids; /* the kind in the upper half */
};

void unheld_find(struct unheld *unheld);
void unheld_free(struct unheld *unheld);
/* Waits up to that many seconds until nothing is unheld that was not before. The kernel frees some
   a while after their last use. NULL, or what there is (a static string). */
const char *unheld_since(const struct unheld *before, int seconds);

#endif
