/* SPDX-License-Identifier: Apache-2.0 */
/* Types of BTF as short texts, to compare those of one kernel with another's. */
#ifndef HOTPROBE_BTF_TEXT_H
#define HOTPROBE_BTF_TEXT_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Skips typedefs, qualifiers and tags. */
uint32_t btf_text_resolve(const struct btf *btf, uint32_t id);

struct btf_text_member {
	uint32_t type;
	uint32_t bit_offset; /* from the start of the struct */
	uint32_t bit_size;   /* 0 if it is no bit-field */
};

/* Finds "a.b[].c" from a struct or union on, through anonymous ones as C does; "~a.b" through all
   that it holds. */
bool btf_text_find(const struct btf *btf, uint32_t id, const char *path,
		   struct btf_text_member *member);

/* Write "struct sock *", "u16[4]"; "u16 at byte 14"; "family: u16 at byte 0; ..."; and of a
   function's prototype the types of so many parameters after those to skip, UINT32_MAX: of all,
   and what it returns. */
void btf_text_type(FILE *out, const struct btf *btf, uint32_t id);
void btf_text_place(FILE *out, const struct btf *btf, const struct btf_text_member *member);
void btf_text_layout(FILE *out, const struct btf *btf, uint32_t id);
void btf_text_prototype(FILE *out, const struct btf *btf, uint32_t id, uint32_t skip,
			uint32_t count);

#endif
