/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOTPROBE_FUZZ_BTF_SEED_H
#define HOTPROBE_FUZZ_BTF_SEED_H

#include <stddef.h>

/* BTF with types of most kinds; malloc'ed. */
void *btf_seed(size_t *size);

#endif
