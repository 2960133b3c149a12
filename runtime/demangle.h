/* SPDX-License-Identifier: Apache-2.0 */
/* C++ names as people write them. libstdc++ can do it; it is loaded when the first such name comes,
   since it would double the memory of a program that has none. */
#ifndef HOTPROBE_DEMANGLE_H
#define HOTPROBE_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

struct demangler {
	bool tried;
	void *library; /* NULL if there is none: then names stay as they are */
	char *(*demangle)(const char *mangled, char *buffer, size_t *size, int *status);
	char *buffer; /* malloc'ed, grows */
	size_t size;
};

/* The name demangled, or as it is. Valid until the next call. */
const char *demangle(struct demangler *demangler, const char *name);
void demangler_free(struct demangler *demangler);

#endif
