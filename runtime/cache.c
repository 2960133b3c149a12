/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "kernel.h"

#define CACHE_MAGIC "hotprobe cache 1"
#define DEFAULT_MAX (256ULL << 20)

enum {
	ENTRY_MAX = 64 << 20, /* no image is larger: a damaged size must not take the memory */
	SOURCE_NAME_MAX = 256,
	LEFT_OVER_SECONDS = 3600,
};

/* In front of the image in a file. */
struct entry_header {
	char magic[16];
	uint8_t sha256[SHA256_DIGEST_LENGTH]; /* of the image */
	uint64_t size;			      /* of the image, bytes */
	char source[SOURCE_NAME_MAX];	      /* its name, cut if it is longer, NUL-terminated */
};

/* ---- The key
 * --------------------------------------------------------------------------------------- */

static void hash_string(SHA2_CTX *sha, const char *string)
{
	SHA256Update(sha, (const uint8_t *)string, strlen(string) + 1);
}

/* The kernel's build id, among other notes: it tells apart kernels of one release. */
static void hash_kernel(SHA2_CTX *sha)
{
	uint8_t notes[1024];
	struct utsname un;
	ssize_t n;
	int fd;

	uname(&un);
	hash_string(sha, un.release);
	hash_string(sha, un.version);
	hash_string(sha, un.machine);
	fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, notes, sizeof(notes));
	if (n > 0)
		SHA256Update(sha, notes, n);
	if (fd >= 0)
		close(fd);
}

/* Loaded modules: their types may be in what was compiled. */
static void hash_modules(SHA2_CTX *sha)
{
	DIR *dir = opendir("/sys/kernel/btf");
	struct dirent *entry;
	uint8_t sum[SHA256_DIGEST_LENGTH] = {0};

	/* In any order: their hashes are added up. */
	while (dir && (entry = readdir(dir))) {
		uint8_t one[SHA256_DIGEST_LENGTH];
		SHA2_CTX name;

		SHA256Init(&name);
		hash_string(&name, entry->d_name);
		SHA256Final(one, &name);
		for (size_t i = 0; i < sizeof(sum); i++)
			sum[i] += one[i];
	}
	if (dir)
		closedir(dir);
	SHA256Update(sha, sum, sizeof(sum));
}

static void hash_file_identity(SHA2_CTX *sha, const char *path)
{
	struct stat st;
	uint64_t identity[4] = {0};

	if (path && !stat(path, &st)) {
		identity[0] = st.st_dev;
		identity[1] = st.st_ino;
		identity[2] = st.st_size;
		identity[3] = st.st_mtim.tv_sec * 1000000000ULL + st.st_mtim.tv_nsec;
	}
	SHA256Update(sha, (const uint8_t *)identity, sizeof(identity));
}

/* Real headers: what changes with their kernel or its configuration, and what `hotprobe headers`
   writes. */
static void hash_headers(SHA2_CTX *sha, const char *dir)
{
	static const char *const files[] = {"", "/include/linux/kconfig.h",
					    "/include/generated/autoconf.h",
					    "/include/generated/utsrelease.h"};
	char path[4096];

	for (size_t i = 0; dir && i < sizeof(files) / sizeof(*files); i++)
		if (snprintf(path, sizeof(path), "%s%s", dir, files[i]) < (int)sizeof(path))
			hash_file_identity(sha, path);
}

void cache_key(const struct hotprobe *hp, const struct request *request, const char *compiler,
	       char key[CACHE_KEY_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	SHA256Init(&sha);
	hash_string(&sha, HOTPROBE_VERSION);
	hash_kernel(&sha);
	hash_modules(&sha);
	hash_file_identity(&sha, compiler);
	hash_file_identity(&sha, hp->opts.btf_path);
	hash_headers(&sha, hp->opts.kernel_headers);
	SHA256Update(&sha, (const uint8_t *)request->data, request->size);
	SHA256Final(digest, &sha);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(key + 2 * i, 3, "%02x", digest[i]);
}

/* ---- The directory
 * --------------------------------------------------------------------------------- */

static const char *home(void)
{
	const char *dir = secure_getenv("HOME");
	const struct passwd *pw;

	if (dir && *dir == '/')
		return dir;
	pw = getpwuid(geteuid());
	return pw ? pw->pw_dir : NULL;
}

int hotprobe_cache_dir(const struct hotprobe_opts *opts, char *buf, size_t size)
{
	const char *given = NULL, *xdg = secure_getenv("XDG_CACHE_HOME"), *dir;
	int n;

	if (opts && opts->sz >= offsetof(struct hotprobe_opts, cache_dir) + sizeof(given))
		given = opts->cache_dir;
	if (given)
		n = snprintf(buf, size, "%s", given);
	else if (geteuid() == 0)
		n = snprintf(buf, size, "/var/cache/hotprobe");
	else if (xdg && *xdg == '/')
		n = snprintf(buf, size, "%s/hotprobe", xdg);
	else if ((dir = home()))
		n = snprintf(buf, size, "%s/.cache/hotprobe", dir);
	else
		return -ENOENT;
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : n;
}

static bool is_private(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* Makes the last directory of path, and the one it is in if that is missing too (~/.cache). */
static void make_dir(const char *path)
{
	char parent[4096];
	char *slash;

	if (!mkdir(path, 0700) || errno != ENOENT)
		return;
	if (snprintf(parent, sizeof(parent), "%s", path) >= (int)sizeof(parent))
		return;
	slash = strrchr(parent, '/');
	if (!slash || slash == parent)
		return;
	*slash = '\0';
	if (!mkdir(parent, 0700))
		mkdir(path, 0700);
}

/* The directory, if it can be trusted; else a negative errno. */
static int open_dir(const struct hotprobe_opts *opts, bool create)
{
	char path[4096];
	struct stat st;
	int fd, n;

	n = hotprobe_cache_dir(opts, path, sizeof(path));
	if (n < 0)
		return n;
	if (create)
		make_dir(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && is_private(&st))
		return fd;
	close(fd);
	return -EPERM;
}

/* ---- Entries
 * --------------------------------------------------------------------------------------- */

static void digest_of(const void *image, size_t size, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, image, size);
	SHA256Final(digest, &sha);
}

/* Reads the header of the entry and says whether the file may be believed so far. */
static int open_entry(int dir, const char *name, struct entry_header *header)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && is_private(&st) &&
	    !file_read(fd, header, sizeof(*header)) &&
	    !memcmp(header->magic, CACHE_MAGIC, sizeof(header->magic)) &&
	    header->size <= ENTRY_MAX && (uint64_t)st.st_size == sizeof(*header) + header->size) {
		header->source[SOURCE_NAME_MAX - 1] = '\0';
		return fd;
	}
	close(fd);
	return -1;
}

static bool tools_unchanged(const struct image *img)
{
	for (uint32_t i = 0; i < img->count[IMAGE_TOOLS]; i++) {
		const struct image_tool *tool = &img->tools[i];
		struct stat st;

		if (stat(image_str(img, tool->path), &st) || (uint64_t)st.st_size != tool->size ||
		    st.st_mtim.tv_sec * 1000000000ULL + st.st_mtim.tv_nsec != tool->mtime_ns)
			return false;
	}
	return img->count[IMAGE_TOOLS] > 0;
}

static bool is_good(const struct entry_header *header, const void *image)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	const char *why;
	struct image img;

	digest_of(image, header->size, digest);
	return !memcmp(digest, header->sha256, sizeof(digest)) &&
	       !image_parse(&img, image, header->size, &why) && tools_unchanged(&img);
}

int cache_get(const struct hotprobe *hp, const char *key, void **image, size_t *size)
{
	struct entry_header header;
	int dir, fd, err = -ENOENT;

	if (hp->opts.no_cache)
		return err;
	dir = open_dir(&hp->opts, false);
	if (dir < 0)
		return err;
	fd = open_entry(dir, key, &header);
	*image = fd < 0 ? NULL : malloc(header.size + 1);
	if (*image && !file_read(fd, *image, header.size) && is_good(&header, *image)) {
		*size = header.size;
		futimens(fd, NULL); /* it was used now */
		note(hp, HOTPROBE_NOTE, "taken from the cache: %.16s", key);
		err = 0;
	} else {
		free(*image);
	}
	if (fd >= 0)
		close(fd);
	close(dir);
	return err;
}

/* ---- Room
 * ------------------------------------------------------------------------------------------ */

struct listed {
	char name[CACHE_KEY_SIZE];
	int64_t used;
	uint64_t size;
};

static int by_use(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return (x->used > y->used) - (x->used < y->used);
}

/* Files of ours have a key as their name; while they are written, with a dot before it and the
   process behind. */
static bool is_ours(const char *name)
{
	bool unfinished = *name == '.';
	const char *end;

	name += unfinished;
	end = name + strspn(name, "0123456789abcdef");
	return end - name == CACHE_KEY_SIZE - 1 && (!*end || (unfinished && *end == '.'));
}

/* What a process that was killed has left, where files have names while they are written. */
static bool is_left_over(const char *name, const struct stat *st)
{
	return *name == '.' && st->st_mtim.tv_sec < time(NULL) - LEFT_OVER_SECONDS;
}

static void make_room(const struct hotprobe *hp, int dir)
{
	uint64_t max = hp->opts.cache_max ? hp->opts.cache_max : DEFAULT_MAX, total = 0;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	ARRAY(struct listed) all = {0};
	struct dirent *entry;
	struct stat st;

	while (stream && (entry = readdir(stream))) {
		struct listed l = {0};

		if (!is_ours(entry->d_name) ||
		    fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (is_left_over(entry->d_name, &st))
			unlinkat(dir, entry->d_name, 0);
		if (*entry->d_name == '.')
			continue;
		memcpy(l.name, entry->d_name, CACHE_KEY_SIZE - 1);
		l.used = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
		l.size = st.st_size;
		total += l.size;
		if (array_push(&all, l))
			break;
	}
	if (total > max)
		qsort(all.at, all.count, sizeof(*all.at), by_use);
	for (size_t i = 0; i < all.count && total > max; i++) {
		unlinkat(dir, all.at[i].name, 0);
		total -= all.at[i].size;
	}
	array_free(&all);
	if (stream)
		closedir(stream);
	else if (copy >= 0)
		close(copy);
}

static int write_content(int fd, const struct entry_header *header, const void *image)
{
	int err = file_write(fd, header, sizeof(*header));

	return err ? err : file_write(fd, image, header->size);
}

/* A file without a name while it is written: one that is not finished leaves nothing. Where the
   file system has no such files, one with a name of this process's own. */
static int open_unfinished(int dir, const char *name, bool *has_name)
{
	int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);

	*has_name = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
	if (*has_name)
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int give_name(int dir, int fd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* Written beside and renamed, so that a reader sees a whole entry or none. */
static int write_entry(int dir, const char *key, const struct entry_header *header,
		       const void *image)
{
	char name[CACHE_KEY_SIZE + 32];
	bool has_name;
	int fd, err;

	snprintf(name, sizeof(name), ".%s.%d.%lx", key, (int)getpid(), (unsigned long)header);
	fd = open_unfinished(dir, name, &has_name);
	if (fd < 0)
		return fd;
	err = write_content(fd, header, image);
	if (!err && !has_name) {
		err = give_name(dir, fd, name);
		has_name = !err;
	}
	if (!err && renameat(dir, name, dir, key))
		err = -errno;
	if (err && has_name)
		unlinkat(dir, name, 0);
	close(fd);
	return err;
}

void cache_put(const struct hotprobe *hp, const char *key, const void *image, size_t size)
{
	struct entry_header header = {.magic = CACHE_MAGIC, .size = size};
	int dir, err;

	if (hp->opts.no_cache || size > ENTRY_MAX)
		return;
	dir = open_dir(&hp->opts, true);
	err = dir < 0 ? dir : 0;
	if (!err) {
		digest_of(image, size, header.sha256);
		snprintf(header.source, sizeof(header.source), "%s", hp->source.files.at[0].path);
		err = write_entry(dir, key, &header, image);
		make_room(hp, dir);
		close(dir);
	}
	if (err)
		note(hp, HOTPROBE_NOTE, "not kept in the cache: %s", strerror(-err));
}

/* ---- For those who want to see it
 * ------------------------------------------------------------------ */

static int walk(const struct hotprobe_opts *opts, hotprobe_cache_fn fn, void *ctx, bool remove)
{
	int dir = open_dir(opts, false), count = 0;
	struct dirent *entry;
	DIR *stream;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	stream = fdopendir(dir);
	if (!stream) {
		close(dir);
		return -ENOMEM;
	}
	while ((entry = readdir(stream))) {
		struct entry_header header;
		struct stat st;
		int fd;

		if (!is_ours(entry->d_name))
			continue;
		if (remove) {
			count += !unlinkat(dir, entry->d_name, 0);
			continue;
		}
		fd = *entry->d_name == '.' ? -1 : open_entry(dir, entry->d_name, &header);
		if (fd < 0)
			continue;
		if (!fstat(fd, &st)) {
			struct hotprobe_cache_entry e = {
				.key = entry->d_name,
				.source = header.source,
				.size = st.st_size,
				.used = st.st_mtim.tv_sec,
			};

			fn(ctx, &e);
			count++;
		}
		close(fd);
	}
	closedir(stream);
	return count;
}

int hotprobe_cache_each(const struct hotprobe_opts *opts, hotprobe_cache_fn fn, void *ctx)
{
	return walk(opts, fn, ctx, false);
}

int hotprobe_cache_clear(const struct hotprobe_opts *opts)
{
	return walk(opts, NULL, NULL, true);
}
