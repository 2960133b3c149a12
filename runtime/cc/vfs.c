/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the compiler sees, held in memory; see vfs.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"
#include "vfs.h"

enum { PATH_SIZE = 4096 };

struct vfs_file {
	const char *path;
	const char *text;
	size_t size;
	int fd;		   /* memfd with the text, -1 until it is asked for */
	const char *first; /* what was in place of the text, NULL if nothing */
};

/* The libc functions that this stands behind have no other place to keep their state. */
static struct {
	struct vfs_file *files;
	size_t file_count;
	const char **include_dirs;
	size_t include_dir_count;
	int *kernel_dirs; /* descriptors */
	size_t kernel_dir_count;
	char cwd[PATH_SIZE];
	struct vfs_file empty;
	struct vfs_file once; /* path NULL: none */
	bool closed;
} vfs = {.cwd = "/", .empty = {.path = "", .text = "", .fd = -1}};

/* Longest first, so that a path is cut at the right one. */
static const char *const include_parts[] = {
	"include/generated/uapi/",
	"include/generated/",
	"include/uapi/",
	"include/",
};

/* The compiler's own, in libbcc's memory: an empty file must not hide them. */
static const char *const never_empty[] = {
	"bcc/bpf.h",	 "bcc/bpf_workaround.h", "bcc/proto.h",
	"bcc/helpers.h", "bcc/footer.h",	 "stdarg.h",
};

void vfs_add(const char *path, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < vfs.file_count; i++)
		if (!strcmp(vfs.files[i].path, path))
			return;
	vfs.files = cc_grow(vfs.files, vfs.file_count, sizeof(*vfs.files));
	vfs.files[vfs.file_count++] =
		(struct vfs_file){.path = cc_strdup(path), .text = text, .size = size, .fd = -1};
}

void vfs_add_once(const char *path, const char *text, size_t size)
{
	if (vfs.once.path && vfs.once.fd >= 0)
		close(vfs.once.fd);
	vfs.once = (struct vfs_file){.path = path, .text = text, .size = size, .fd = -1};
}

void vfs_add_include_dir(const char *path)
{
	vfs.include_dirs =
		cc_grow(vfs.include_dirs, vfs.include_dir_count, sizeof(*vfs.include_dirs));
	vfs.include_dirs[vfs.include_dir_count++] = cc_strdup(path);
}

void vfs_add_kernel_dir(const char *path)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	vfs.kernel_dirs = cc_grow(vfs.kernel_dirs, vfs.kernel_dir_count, sizeof(*vfs.kernel_dirs));
	vfs.kernel_dirs[vfs.kernel_dir_count++] = fd;
}

void vfs_set_cwd(const char *path)
{
	char absolute[PATH_SIZE];

	if (vfs_absolute(path, absolute))
		memcpy(vfs.cwd, absolute, sizeof(absolute));
}

const char *vfs_cwd(void)
{
	return vfs.cwd;
}

void vfs_close_real(void)
{
	vfs.closed = true;
}

bool vfs_is_closed(void)
{
	return vfs.closed;
}

static bool append_parts(const char *path, char out[PATH_SIZE], size_t *size)
{
	const char *end;
	size_t length;

	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, '/');
		length = (size_t)(end - path);
		if (!length || (length == 1 && path[0] == '.'))
			continue;
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (*size && out[--*size] != '/')
				;
			continue;
		}
		if (*size + 1 + length >= PATH_SIZE)
			return false;
		out[(*size)++] = '/';
		memcpy(out + *size, path, length);
		*size += length;
	}
	return true;
}

bool vfs_absolute(const char *path, char out[PATH_SIZE])
{
	char result[PATH_SIZE];
	size_t size = 0;

	if (path[0] != '/' && !append_parts(vfs.cwd, result, &size))
		return false;
	if (!append_parts(path, result, &size))
		return false;
	if (!size)
		result[size++] = '/';
	memcpy(out, result, size);
	out[size] = 0;
	return true;
}

static struct vfs_file *find_file(const char *path)
{
	size_t i;

	for (i = 0; i < vfs.file_count; i++)
		if (!strcmp(vfs.files[i].path, path))
			return &vfs.files[i];
	return NULL;
}

const char *vfs_text(const char *path, size_t *size)
{
	const struct vfs_file *file = find_file(path);

	*size = file ? file->size : 0;
	return file ? file->text : NULL;
}

static void set_text(struct vfs_file *file, const char *text)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->text = text;
}

void vfs_replace(const char *path, const char *text)
{
	struct vfs_file *file = find_file(path);

	if (!file)
		return;
	if (!file->first)
		file->first = file->text;
	set_text(file, text);
}

void vfs_restore(void)
{
	size_t i;

	for (i = 0; i < vfs.file_count; i++)
		if (vfs.files[i].first)
			set_text(&vfs.files[i], vfs.files[i].first);
}

static struct vfs_file *find_joined(const char *dir, const char *middle, const char *name)
{
	char path[PATH_SIZE];
	size_t dir_size = strlen(dir), middle_size = strlen(middle), name_size = strlen(name);

	if (dir_size + 1 + middle_size + name_size >= sizeof(path))
		return NULL;
	memcpy(path, dir, dir_size);
	path[dir_size] = '/';
	memcpy(path + dir_size + 1, middle, middle_size);
	memcpy(path + dir_size + 1 + middle_size, name, name_size + 1);
	return find_file(path);
}

/* "/virtual/kernel/a/b" is "a/b", "" for the directory itself; NULL elsewhere. */
static const char *below_kernel(const char *path)
{
	size_t size = strlen(VFS_KERNEL);

	if (strncmp(path, VFS_KERNEL, size) || (path[size] && path[size] != '/'))
		return NULL;
	return path[size] ? path + size + 1 : path + size;
}

/* The name by which a header was asked for: the path without its include directory. NULL if it
   is in none. */
static const char *header_name(const char *kernel_path)
{
	const char *rest = kernel_path;
	size_t i, size;

	if (!strncmp(rest, "arch/", 5)) {
		rest = strchr(rest + 5, '/');
		if (!rest)
			return NULL;
		rest++;
	}
	for (i = 0; i < sizeof(include_parts) / sizeof(*include_parts); i++) {
		size = strlen(include_parts[i]);
		if (!strncmp(rest, include_parts[i], size))
			return rest + size;
	}
	return NULL;
}

/* Whether some other directory has a header of that name. */
static bool exists_elsewhere(const char *name)
{
	const char *kernel;
	size_t i;

	for (i = 0; i < sizeof(never_empty) / sizeof(*never_empty); i++)
		if (!strcmp(name, never_empty[i]))
			return true;
	for (i = 0; i < vfs.include_dir_count; i++)
		if (find_joined(vfs.include_dirs[i], "", name))
			return true;
	for (i = 0; i < vfs.file_count; i++) {
		kernel = below_kernel(vfs.files[i].path);
		kernel = kernel ? header_name(kernel) : NULL;
		if (kernel && !strcmp(kernel, name))
			return true;
	}
	return false;
}

/* Others, such as the header.h.pch that clang looks for beside header.h, do not exist. */
static bool is_header(const char *name)
{
	size_t size = strlen(name);

	return size > 2 && !strcmp(name + size - 2, ".h");
}

static bool has_suffix(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, '.') != NULL;
}

static struct vfs_file *lookup(const char *path)
{
	struct vfs_file *file = find_file(path);
	const char *kernel, *name;

	if (file || vfs.kernel_dir_count)
		return file;
	kernel = below_kernel(path);
	name = kernel ? header_name(kernel) : NULL;
	if (!name || !is_header(name) || exists_elsewhere(name))
		return NULL;
	return &vfs.empty;
}

bool vfs_is_made_up(const char *path)
{
	char absolute[PATH_SIZE];

	return vfs_absolute(path, absolute) && lookup(absolute) == &vfs.empty;
}

/* Headers lie at any depth below an include directory, so whatever has no suffix is one. */
static bool is_directory(const char *path)
{
	const char *kernel = below_kernel(path);
	size_t i, size = strlen(path);

	if (kernel && !vfs.kernel_dir_count)
		return !has_suffix(kernel);
	if (!strcmp(path, "/") || kernel == path + size)
		return true;
	for (i = 0; i < vfs.include_dir_count; i++)
		if (!strcmp(path, vfs.include_dirs[i]))
			return true;
	for (i = 0; i < vfs.file_count; i++)
		if (!strncmp(vfs.files[i].path, path, size) && vfs.files[i].path[size] == '/')
			return true;
	return false;
}

static int file_fd(struct vfs_file *file)
{
	size_t at = 0;
	ssize_t written;

	if (file->fd >= 0)
		return file->fd;
	file->fd = memfd_create("header", MFD_CLOEXEC);
	while (file->fd >= 0 && at < file->size) {
		written = pwrite(file->fd, file->text + at, file->size - at, (off_t)at);
		if (written <= 0) {
			close(file->fd);
			file->fd = -1;
			errno = EIO;
			break;
		}
		at += (size_t)written;
	}
	return file->fd;
}

/* The real file behind a path below VFS_KERNEL: a descriptor, or -1. */
static int open_kernel_dir(const char *path)
{
	const char *kernel = below_kernel(path);
	int fd = -1;
	size_t i;

	for (i = 0; kernel && i < vfs.kernel_dir_count && fd < 0; i++)
		fd = (int)syscall(SYS_openat, vfs.kernel_dirs[i], *kernel ? kernel : ".",
				  O_RDONLY | O_CLOEXEC, 0);
	return fd;
}

int vfs_stat(const char *path, struct stat *st)
{
	char absolute[PATH_SIZE];
	struct vfs_file *file;
	int fd, result;

	if (!vfs_absolute(path, absolute)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	file = lookup(absolute);
	if (file) {
		fd = file_fd(file);
		return fd < 0 ? -1 : fstat(fd, st);
	}
	fd = open_kernel_dir(absolute);
	if (fd >= 0) {
		result = fstat(fd, st);
		close(fd);
		return result;
	}
	if (is_directory(absolute)) {
		memset(st, 0, sizeof(*st));
		st->st_mode = S_IFDIR | 0555;
		st->st_nlink = 1;
		/* Directories are told apart by their inode. */
		for (path = absolute; *path; path++)
			st->st_ino = st->st_ino * 31 + (unsigned char)*path;
		return 0;
	}
	errno = ENOENT;
	return -1;
}

int vfs_open(const char *path)
{
	char absolute[PATH_SIZE];
	struct vfs_file *file;
	int fd;

	if (!vfs_absolute(path, absolute)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	file = lookup(absolute);
	if (vfs.once.path && !strcmp(vfs.once.path, absolute)) {
		fd = file_fd(&vfs.once);
		vfs.once.path = NULL;
		return fd;
	}
	if (!file) {
		fd = open_kernel_dir(absolute);
		if (fd < 0)
			errno = ENOENT;
		return fd;
	}
	fd = file_fd(file);
	if (fd < 0)
		return -1;
	/* Readers use the offset one after the other, never at the same time. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

int vfs_chdir(const char *path)
{
	char absolute[PATH_SIZE];
	struct stat st;

	if (vfs_stat(path, &st) || !vfs_absolute(path, absolute))
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	vfs_set_cwd(absolute);
	return 0;
}
