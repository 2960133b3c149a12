/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled programs, kept for the next run.
 *
 * The key is the SHA-256 of all that the compiler is given (the request) and of what it runs on.
 * A file is believed only if it is a plain file of the user's own that nobody else can write, its
 * checksum holds, and the tools that made it have not changed since. In any other case, and
 * whatever goes wrong, there is no entry: the program is compiled again.
 */
#ifndef HOTPROBE_CACHE_H
#define HOTPROBE_CACHE_H

#include "internal.h"
#include "request.h"

enum {
	CACHE_KEY_SIZE = 65, /* hexadecimal digits and a NUL */
};

/* compiler: the path of the compiler process. */
void cache_key(const struct hotprobe *hp, const struct request *request, const char *compiler,
	       char key[CACHE_KEY_SIZE]);
/* Returns 0 and the image, malloc'ed, or -ENOENT. */
int cache_get(const struct hotprobe *hp, const char *key, void **image, size_t *size);
/* Keeps an image under key, and makes room for it. What fails is noted in the log. */
void cache_put(const struct hotprobe *hp, const char *key, const void *image, size_t size);

#endif
