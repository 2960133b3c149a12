/* SPDX-License-Identifier: Apache-2.0 */
/* BPF iterators: functions whose output is read rather than sent. */
#ifndef HOTPROBE_CLI_ITERATORS_H
#define HOTPROBE_CLI_ITERATORS_H

#include "hotprobe.h"
#include "output.h"

/* How many of the probes are iterators. */
size_t iterators_count(const struct hotprobe *hp);

/* Reads each attached iterator to its end and prints what it writes. Errors are reported; returns
   0 or the first of them, a negative errno. */
int iterators_print(struct hotprobe *hp, struct output *out);

#endif
