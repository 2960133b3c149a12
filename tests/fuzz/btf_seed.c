/* SPDX-License-Identifier: Apache-2.0 */
/* Some types, as libbpf writes them; its names and the worker's own for BTF exclude each other. */
#include "btf_seed.h"

#include <bpf/btf.h>
#include <stdlib.h>

#include "fuzz.h"

void *btf_seed(size_t *size)
{
	struct btf *btf = btf__new_empty();
	int u32, chars, array, inner, pointer, list;
	const void *raw;
	uint32_t bytes;
	void *data;

	u32 = btf__add_int(btf, "unsigned int", 4, 0);
	chars = btf__add_int(btf, "char", 1, BTF_INT_CHAR);
	btf__add_typedef(btf, "u32", u32);
	array = btf__add_array(btf, u32, chars, 16);
	inner = btf__add_union(btf, NULL, 8);
	btf__add_field(btf, "skc_hash", u32, 0, 0);
	pointer = btf__add_ptr(btf, inner + 2);
	list = btf__add_struct(btf, "task_struct", 48);
	btf__add_field(btf, "pid", u32, 0, 0);
	btf__add_field(btf, "flags", u32, 32, 5);
	btf__add_field(btf, "comm", array, 64, 0);
	btf__add_field(btf, "", inner, 192, 0);
	btf__add_field(btf, "parent", pointer, 256, 0);
	btf__add_enum(btf, "state", 4);
	btf__add_enum_value(btf, "RUNNING", 0);
	btf__add_enum_value(btf, "STOPPED", 7);
	btf__add_struct(btf, "sock", 12);
	btf__add_field(btf, "common", inner, 0, 0);
	btf__add_const(btf, list);
	btf__add_func_proto(btf, u32);
	btf__add_func_param(btf, "a", pointer);
	btf__add_enum64(btf, "wide", 8, true);
	btf__add_enum64_value(btf, "HUGE", 1ull << 40);
	btf__add_fwd(btf, "file", BTF_FWD_STRUCT);
	btf__add_float(btf, "double", 8);
	raw = btf__raw_data(btf, &bytes);
	data = fuzz_copy(raw, bytes);
	*size = bytes;
	btf__free(btf);
	return data;
}
