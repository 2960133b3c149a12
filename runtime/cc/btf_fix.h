/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the BTF that LLVM wrote for an object file one that a kernel takes. */
#ifndef HOTPROBE_CC_BTF_FIX_H
#define HOTPROBE_CC_BTF_FIX_H

struct btf;

/*
 * Variables and sections concern the linker; the kernel refuses them unfinished. libbcc takes
 * them out, but only up to the first type of a kind that it does not know, such as a float. The
 * rest is turned into types of the same length here, so that no type's number changes.
 */
void btf_fix(struct btf *btf);

#endif
