/* SPDX-License-Identifier: Apache-2.0 */
/* From image to kernel: tables, BTF, programs through the verifier. */
#ifndef HOTPROBE_LOAD_H
#define HOTPROBE_LOAD_H

#include "internal.h"

/* Sets up hp's types, tables and programs from its image: nothing is in the kernel yet. */
int load_prepare(struct hotprobe *hp);
void load_free(struct hotprobe *hp);

int load_btf(struct hotprobe *hp);
/* Of load_table.c: makes the tables, or opens those that are pinned or another's. */
int load_tables(struct hotprobe *hp);
void table_close(struct hotprobe_table *table);
/* Whether the map fits the table, as far as that is declared. Returns 0, -EINVAL with the message
   set, or another negative errno. */
int table_check_map(const struct hotprobe_table *table, int map_fd);
/* What the kernel shows as a program's or table's name: the beginning of it. */
void load_kernel_name(char name[BPF_OBJ_NAME_LEN], const char *from);

/* Does the kernel take programs from this process at all? */
bool load_is_allowed(void);
/* True if a program of that plan runs in the context of the task it concerns. */
bool load_runs_in_task(const struct plan *plan);

/*
 * The descriptor of the program loaded by that plan, now if it isn't yet; it
 * stays the program's. What the verifier refuses becomes a diagnostic. On failure a negative
 * errno, with the message set.
 */
int load_variant(struct hotprobe_program *program, const struct plan *plan);
/* The same, for a plan that there is another for: what the verifier says stays unheard. */
int load_try_variant(struct hotprobe_program *program, const struct plan *plan);
/* Unloads what was loaded by that plan, which nothing is to use. */
void load_drop_variant(struct hotprobe_program *program, const struct plan *plan);
/* Loads code in place of the program's own, as if it were that. Returns a descriptor, which is the
   caller's, or a negative errno without a message. */
int load_code(const struct hotprobe_program *program, const struct plan *plan,
	      const struct bytecode *code);
/* The same as load_variant() for a program that nothing places, by a plan that was guessed. */
int load_unplaced(struct hotprobe_program *program, const struct plan *guess);

#endif
