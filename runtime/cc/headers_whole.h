/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a whole kernel, for programs that are not known yet. */
#ifndef HOTPROBE_CC_HEADERS_WHOLE_H
#define HOTPROBE_CC_HEADERS_WHOLE_H

#include <stddef.h>

#include "headers_macros.h"
#include "tree.h"

extern const char *const header_names[];
extern const size_t header_name_count;

/* Marks every idiom and alias as used, so that macros_expand() and cut_types() bring in all. */
void whole_add_words(struct macros *macros, const struct headers_btf *btf);
/* Adds the headers of the user-space API with their constants, and an empty file for every other
   header that kernels have. */
void whole_add_files(const struct macros *macros, struct tree *tree);

#endif
