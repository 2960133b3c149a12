/* SPDX-License-Identifier: Apache-2.0 */
/* Writes C types, as libclang knows them, into an image. */
#ifndef HOTPROBE_CC_TYPES_H
#define HOTPROBE_CC_TYPES_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stdint.h>

#include "../image.h"

struct types {
	struct image_writer *w;
	struct types_seen {
		CXType type;
		uint32_t index;
	} * seen;
	size_t seen_count;
};

/* Adds the type, or finds it among those added; returns its index in IMAGE_TYPES. */
uint32_t types_add(struct types *types, CXType type);

#endif
