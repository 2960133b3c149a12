/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of other programs. */
#ifndef HOTPROBE_CC_EXTERN_H
#define HOTPROBE_CC_EXTERN_H

#include "parse.h"
#include "source.h"

/*
 * libbcc takes a BPF_TABLE("extern", ...) only for a table that it has compiled in the same
 * process, in the kernel already. Here the map comes when the program is loaded. So the word
 * becomes "hash" in the copy of the source and its headers that libbcc gets, whose operations suit
 * any map with keys, or "stacktrace", by the type of its values; the kind that the parse has found
 * stays. vfs_restore() gives the headers back their text.
 */
struct source extern_declared(const struct source *source, const struct parsed *parsed);
/* For libbcc, with that copy. */
extern const char extern_flag[];

#endif
