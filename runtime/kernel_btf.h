/* SPDX-License-Identifier: Apache-2.0 */
/* The running kernel's own BTF: functions that programs are loaded for. */
#ifndef HOTPROBE_KERNEL_BTF_H
#define HOTPROBE_KERNEL_BTF_H

#include "internal.h"

struct btf_function {
	uint32_t id;
	uint32_t object; /* id of the module's BTF object that has it, 0 for vmlinux */
	/* Without ip_offset. If plain is false, it holds nothing: an argument takes more than one
	   register or none, so that those behind it are not where one would look for them. */
	struct signature signature;
	bool plain;
};

/* Finds the function prefix + name. Returns 0; -ENOENT; -EOPNOTSUPP if the kernel has no BTF;
   -EPERM if only modules could have it and they may not be looked at; -ENOMEM. */
int kernel_btf_find(struct hotprobe *hp, const char *prefix, const char *name,
		    struct btf_function *found);
/* All of vmlinux's. It stays the handle's, until it is forgotten. Errors as above. */
int kernel_btf_vmlinux(struct hotprobe *hp, struct btf **btf);
/* The next kernel_btf_find() reads it again. */
void kernel_btf_forget(struct hotprobe *hp);

#endif
