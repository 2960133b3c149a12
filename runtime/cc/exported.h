/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers that libbcc carries in its own memory (/virtual/include/bcc/helpers.h and others).
 * The parse uses these same texts, so it sees the very program that libbcc will compile.
 */
#ifndef HOTPROBE_CC_EXPORTED_H
#define HOTPROBE_CC_EXPORTED_H

#include <stddef.h>

#define EXPORTED_DIR "/virtual/include/bcc/"

struct exported_file {
	const char *path;  /* "/virtual/include/bcc/helpers.h" */
	const char **text; /* where libbcc has its pointer to the text: it can be changed until a
			      module is made */
};

enum { EXPORTED_MAX = 16 };

/* Fills in files, of which there are at most EXPORTED_MAX; returns how many. 0 if this libbcc
   keeps them in a way that is not known here. */
size_t exported_files(struct exported_file files[EXPORTED_MAX]);
/* The text of one of them, NULL if there is none of that path. */
const char *exported_text(const char *path);

#endif
