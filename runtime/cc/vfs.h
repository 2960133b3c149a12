/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that the compiler sees. libbcc, LLVM and libclang ask libc for files; the definitions
 * of open(), stat() and the rest in interpose.c answer them from here: the header tree, the
 * user's source and the files it includes, and nothing else of the machine.
 *
 * Below the header tree's include directories every header that is asked for exists: what is
 * not in the tree is empty, because the tree's first header already has all types. A file of the
 * user's that an -I directory has under that name comes before such an empty one.
 */
#ifndef HOTPROBE_CC_VFS_H
#define HOTPROBE_CC_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define VFS_KERNEL "/virtual/kernel"

/* Text of a file by its absolute path; the memory stays the caller's and has to stay. A path that
   was added before keeps its first text. */
void vfs_add(const char *path, const char *text, size_t size);
/* What the file has when it is opened the next time, and only then. */
void vfs_add_once(const char *path, const char *text, size_t size);
/* The text of such a file, and its size; NULL if there is none. */
const char *vfs_text(const char *path, size_t *size);
/* Another text of the same size for one; the first comes back with vfs_restore(). */
void vfs_replace(const char *path, const char *text);
void vfs_restore(void);
/* A directory of the user's in which headers are looked for. */
void vfs_add_include_dir(const char *path);
/* A real directory that shows below VFS_KERNEL, in the order added, if it exists. With one there,
   headers that do not exist are not made up. */
void vfs_add_kernel_dir(const char *path);
/* The directory that relative paths are relative to. */
void vfs_set_cwd(const char *path);

/* From here on the process sees these files only. */
void vfs_close_real(void);
bool vfs_is_closed(void);

/* A path made absolute, without ".", ".." and "//"; false if it does not fit. */
bool vfs_absolute(const char *path, char out[4096]);
const char *vfs_cwd(void);

/* Whether that is one of the empty headers that no one gave. */
bool vfs_is_made_up(const char *path);

/* All return -1 and set errno where there is no such file. */
int vfs_stat(const char *path, struct stat *st);
int vfs_open(const char *path);
int vfs_chdir(const char *path);

#endif
