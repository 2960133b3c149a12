/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program takes for granted of the kernel's types: which members of which structs it
 * reaches, what it copies whole, which enumerators it has in its code. They become records
 * IMAGE_USES, by which a loader on another kernel tells whether the code fits there.
 */
#ifndef HOTPROBE_CC_USES_H
#define HOTPROBE_CC_USES_H

#include <clang-c/Index.h>
#include <stddef.h>
#include <stdint.h>

#include "../image.h"
#include "headers.h"
#include "source.h"

struct uses_set {
	CXCursor *cursors;
	uint32_t *slots; /* index + 1 into cursors; a power of two of them */
	size_t count, slot_count;
};

struct uses {
	struct image_writer *w;
	const struct source *source;
	struct uses_set seen; /* members and functions of the kernel's that are dealt with */
	bool in_header;	      /* in a function of a header, which the user's code calls ... */
	CXCursor caller;      /* ... there */
	bool inner;	      /* below parentheses, in a path of members */
};

/* Adds what a declaration of the user's uses, and the functions of headers that it calls. */
void uses_of(struct uses *uses, CXCursor declaration);
/* All of the type, if it is one of the kernel's: at the cursor it is handed on as it is, as an
   event is. */
void uses_whole(struct uses *uses, CXCursor cursor, CXType type);

/* What the source asked for by other means than C (configuration, release, questions), and the
   kernel's own names for the members that are used. */
void uses_asked(struct image_writer *w, const struct headers_facts *facts);
/* Comparisons with LINUX_VERSION_CODE in the source and the user's files that it includes. */
void uses_version(struct image_writer *w, const struct headers_text *source,
		  const struct headers_text *files, size_t count, uint32_t version_code);

#endif
