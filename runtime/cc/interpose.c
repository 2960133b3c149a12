/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc's file functions, as libbcc, LLVM, libclang and libstdc++ call them. The executable exports
 * these definitions, so the dynamic linker binds the libraries' calls to them. Until the real
 * files are closed (vfs_close_real) they pass on what they are asked, after that the vfs answers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vfs.h"

#define EXPORT __attribute__((visibility("default")))

/* Headers that declare these with attributes of their own, or not at all. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
char *__realpath_chk(const char *path, char *resolved, size_t size);

static int open_file(const char *path, int flags, mode_t mode)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT)) {
		errno = EROFS;
		return -1;
	}
	return vfs_open(path);
}

static int stat_file(const char *path, struct stat *st, int flags)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_newfstatat, AT_FDCWD, path, st, flags);
	return vfs_stat(path, st);
}

static mode_t mode_argument(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_argument(flags, args);
	va_end(args);
	return open_file(path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_argument(flags, args);
	va_end(args);
	return open_file(path, flags, mode);
}

EXPORT int __open_2(const char *path, int flags)
{
	return open_file(path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return open_file(path, flags, 0);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_argument(flags, args);
	va_end(args);
	if (!vfs_is_closed())
		return (int)syscall(SYS_openat, dir, path, flags, mode);
	if (dir != AT_FDCWD && path[0] != '/') {
		errno = ENOENT;
		return -1;
	}
	return open_file(path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_argument(flags, args);
	va_end(args);
	return openat(dir, path, flags, mode);
}

static int stream_flags(const char *mode)
{
	int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;

	if (mode[0] == 'w')
		flags |= O_CREAT | O_TRUNC;
	else if (mode[0] == 'a')
		flags |= O_CREAT | O_APPEND;
	return strchr(mode, 'e') ? flags | O_CLOEXEC : flags;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	int fd = open_file(path, stream_flags(mode), 0666);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, mode);
	if (!file)
		close(fd);
	return file;
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

EXPORT int stat(const char *path, struct stat *st)
{
	return stat_file(path, st, 0);
}

EXPORT int lstat(const char *path, struct stat *st)
{
	return stat_file(path, st, AT_SYMLINK_NOFOLLOW);
}

/* The same structure on 64-bit machines. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "struct stat has 64-bit fields");

EXPORT int stat64(const char *path, struct stat64 *st)
{
	return stat_file(path, (struct stat *)st, 0);
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
	return stat_file(path, (struct stat *)st, AT_SYMLINK_NOFOLLOW);
}

EXPORT int access(const char *path, int mode)
{
	struct stat st;

	if (!vfs_is_closed())
		return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
	if (vfs_stat(path, &st))
		return -1;
	if (mode & W_OK) {
		errno = EROFS;
		return -1;
	}
	return 0;
}

EXPORT int chdir(const char *path)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_chdir, path);
	return vfs_chdir(path);
}

EXPORT char *getcwd(char *buf, size_t size)
{
	const char *cwd = vfs_cwd();

	if (!vfs_is_closed() && buf)
		return syscall(SYS_getcwd, buf, size) < 0 ? NULL : buf;
	if (!buf)
		return strdup(cwd);
	if (strlen(cwd) >= size) {
		errno = ERANGE;
		return NULL;
	}
	return strcpy(buf, cwd);
}

EXPORT DIR *opendir(const char *path)
{
	int fd = open_file(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

EXPORT ssize_t readlink(const char *path, char *buf, size_t size)
{
	struct stat st;

	if (!vfs_is_closed())
		return syscall(SYS_readlinkat, AT_FDCWD, path, buf, size);
	if (!vfs_stat(path, &st))
		errno = EINVAL; /* no link */
	return -1;
}

EXPORT char *realpath(const char *path, char *resolved)
{
	char absolute[4096];
	struct stat st;
	char *real;

	if (!vfs_is_closed()) {
		real = canonicalize_file_name(path);
		if (!real || !resolved)
			return real;
		strcpy(resolved, real);
		free(real);
		return resolved;
	}
	if (vfs_stat(path, &st) || !vfs_absolute(path, absolute))
		return NULL;
	return resolved ? strcpy(resolved, absolute) : strdup(absolute);
}

EXPORT char *__realpath_chk(const char *path, char *resolved, size_t size)
{
	(void)size;
	return realpath(path, resolved);
}

/* What no compile needs. */

EXPORT int system(const char *command)
{
	(void)command;
	errno = EPERM;
	return -1;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
	errno = EROFS;
	return -1;
}

EXPORT int unlink(const char *path)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	errno = EROFS;
	return -1;
}

EXPORT int rename(const char *from, const char *to)
{
	if (!vfs_is_closed())
		return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	errno = EROFS;
	return -1;
}
