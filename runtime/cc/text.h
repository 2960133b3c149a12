/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that grow. The compiler process lives for one compile, so memory that cannot be had
 * ends it (with CC_EXIT_MEMORY) and nothing of this size is given back one by one.
 */
#ifndef HOTPROBE_CC_TEXT_H
#define HOTPROBE_CC_TEXT_H

#include <stddef.h>

enum {
	CC_EXIT_USAGE = 2,
	CC_EXIT_REQUEST = 3, /* the request is damaged */
	CC_EXIT_MEMORY = 4,
	CC_EXIT_WRITE = 5, /* the image could not be written */
	CC_EXIT_LOCKDOWN = 6,
};

void *cc_alloc(size_t size); /* zeroed */
void *cc_realloc(void *data, size_t size);
char *cc_strdup(const char *string);
char *cc_strndup(const char *string, size_t size);

/* Room for one more record in an array of count; doubles it where the count is a power of two. */
void *cc_grow(void *array, size_t count, size_t size);

struct text {
	char *data; /* NUL-terminated once something was added */
	size_t size, capacity;
};

void text_add(struct text *t, const char *data, size_t size);
void text_puts(struct text *t, const char *string);
__attribute__((format(printf, 2, 3))) void text_printf(struct text *t, const char *format, ...);

/* A string in memory of its own, formatted. */
__attribute__((format(printf, 1, 2))) char *cc_printf(const char *format, ...);

#endif
