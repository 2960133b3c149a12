/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the BTF that LLVM wrote for an object file one that a kernel takes. */
#include <bpf/btf.h>
#include <string.h>

#include "btf_fix.h"

/* A variable becomes an integer of one byte without a name. */
static void fix_variable(struct btf_type *type)
{
	__u32 *encoding = (__u32 *)(type + 1);

	type->name_off = 0;
	type->info = (__u32)BTF_KIND_INT << 24;
	type->size = 1;
	*encoding = 8;
}

/* A section becomes a struct, its variables members that all lie at its start. */
static void fix_section(struct btf_type *type)
{
	char *records = (char *)(type + 1);
	struct btf_var_secinfo variable;
	struct btf_member member = {0};
	__u32 i, count = btf_vlen(type);

	_Static_assert(sizeof(variable) == sizeof(member), "the same length");
	for (i = 0; i < count; i++) {
		memcpy(&variable, records + i * sizeof(variable), sizeof(variable));
		member.type = variable.type;
		memcpy(records + i * sizeof(member), &member, sizeof(member));
	}
	type->name_off = 0;
	type->info = (__u32)BTF_KIND_STRUCT << 24 | count;
	/* libbcc makes variables integers of four bytes. */
	type->size = 4;
}

void btf_fix(struct btf *btf)
{
	__u32 id, count = btf__type_cnt(btf);
	struct btf_type *type;

	for (id = 1; id < count; id++) {
		/* The bytes are the object's own copy. */
		type = (struct btf_type *)btf__type_by_id(btf, id);
		if (btf_is_var(type))
			fix_variable(type);
		else if (btf_is_datasec(type))
			fix_section(type);
	}
}
