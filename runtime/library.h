/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the file behind the name of a library or a program. */
#ifndef HOTPROBE_LIBRARY_H
#define HOTPROBE_LIBRARY_H

/*
 * A name with a slash is a path. Else it is that of a library, found as the dynamic loader does:
 * as the loader knows it ("libc.so.6"), or short, as BCC has it ("c", "libc"); or of a program in
 * PATH. Returns 0 and *path (malloc'ed, absolute), -ENOENT, -ENOMEM, or an errno of the path.
 */
int library_find(const char *name, char **path);

#endif
