/* SPDX-License-Identifier: Apache-2.0 */
/* From image to kernel: tables, BTF, programs through the verifier. */
#ifndef HOTPROBE_LOAD_H
#define HOTPROBE_LOAD_H

#include "internal.h"

/* Sets up hp's types, tables and programs from its image: nothing is in the kernel yet. */
int load_prepare(struct hotprobe *hp);
void load_free(struct hotprobe *hp);

int load_btf(struct hotprobe *hp);
int load_tables(struct hotprobe *hp);

/* The program type that a backend takes, and how it sees its context. */
enum bpf_prog_type backend_prog_type(enum backend backend);
enum view backend_view(enum backend backend, enum probe_kind kind);

/*
 * The descriptor of the program as that type with that view, loaded now if it isn't yet; it
 * stays the program's. What the verifier refuses becomes a diagnostic. On failure a negative
 * errno, with the message set.
 */
int load_variant(struct hotprobe_program *program, enum bpf_prog_type type, enum view view);

#endif
