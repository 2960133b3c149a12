/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes. */
#ifndef HOTPROBE_FILE_H
#define HOTPROBE_FILE_H

#include <stddef.h>

/* Writes all of it, also over interruptions. Returns 0 or a negative errno. */
int file_write(int fd, const void *data, size_t size);
/* Reads exactly size bytes. Returns 0, -ENODATA if the file ends before, or a negative errno. */
int file_read(int fd, void *data, size_t size);

#endif
