/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations on tables share. */
#ifndef HOTPROBE_TABLE_H
#define HOTPROBE_TABLE_H

#include "internal.h"

/* ENOTSUPP of the kernel, which some of its maps return and user space has no name for. */
enum { TABLE_ENOTSUPP = 524 };

/* What a call of libbpf's on a map, which sets errno, means: 0, -ENOENT without a message, another
   negative errno with it. */
int table_result(const struct hotprobe_table *table, int err, const char *what);
/* 0, or -EBUSY with the message set. */
int table_check_loaded(const struct hotprobe_table *table);
/* Of table_link.c. */
bool table_is_used_by(const struct hotprobe_table *table, const struct hotprobe_program *program);
/* How the programs of a BPF_PROG_ARRAY are loaded: like one that is attached and jumps through
   it. NULL if there is none. */
const struct plan *table_plan(const struct hotprobe_table *table);
/* How to load a program that is placed nowhere: like those it can be called by, if it uses one
   program array with them, else as its plan says. */
const struct plan *table_plan_for(const struct hotprobe_program *program);
/* True if the kernel said that this kind of map lacks an operation. */
static inline bool table_lacks(int err)
{
	return err == -EOPNOTSUPP || err == -EINVAL || err == -TABLE_ENOTSUPP;
}

#endif
