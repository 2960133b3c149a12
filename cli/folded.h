/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks as lines that flame graphs are drawn from: "comm;outermost;...;innermost COUNT". User
 * frames come before those of the kernel, which end with _[k].
 */
#ifndef HOTPROBE_CLI_FOLDED_H
#define HOTPROBE_CLI_FOLDED_H

#include "dump.h"
#include "text.h"

/* An event with stack ids counts once. Returns false if it has none. */
bool folded_event(struct text *lines, struct hotprobe *hp, const struct hotprobe_value *event);
/* A line for each entry whose key or value has stack ids, with the first number of the value that
   is no id as the count. Returns how many. */
size_t folded_dump(struct text *lines, const struct dump *dump);

#endif
