/* SPDX-License-Identifier: Apache-2.0 */
/* tests/programs/every_kind.h for C of this side, and what it must read as. */
#ifndef HOTPROBE_TESTS_EVERY_KIND_H
#define HOTPROBE_TESTS_EVERY_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "hotprobe.h"

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;

#include "programs/every_kind.h"

/* Fails the running test unless data reads, by type, as what FILL_EVERY() writes. */
void check_every_kind(const struct hotprobe_type *type, const void *data, size_t size);

#endif
