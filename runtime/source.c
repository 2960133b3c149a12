/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the user's files behind #include, and the tracepoints that a source names, so that the
 * compiler process can be given all it needs and no file system.
 *
 * Every #include counts, also one in a comment or behind an #if: a file too many does no harm.
 */
#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"

static int read_all(int fd, char **text, size_t *size)
{
	size_t capacity = 64 << 10, used = 0;
	char *data = malloc(capacity + 1);
	ssize_t n;

	while (data) {
		n = read(fd, data + used, capacity - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			free(data);
			return n;
		}
		used += n;
		if (!n)
			break;
		if (used > SOURCE_MAX) {
			free(data);
			return -EFBIG;
		}
		if (used == capacity) {
			char *grown = realloc(data, (capacity *= 2) + 1);

			if (!grown)
				free(data);
			data = grown;
		}
	}
	if (!data)
		return -ENOMEM;
	data[used] = '\0';
	*text = data;
	*size = used;
	return 0;
}

int source_read(const char *path, char **text, size_t *size)
{
	int fd, err;

	if (!strcmp(path, "-"))
		return read_all(STDIN_FILENO, text, size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_all(fd, text, size);
	close(fd);
	return err;
}

/* The directory that a path has a file in: a descriptor or a negative errno. */
static int open_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	int err = dir ? -errno : -ENOMEM;

	free(dir);
	return fd < 0 ? err : fd;
}

int source_read_untrusted(const char *path, char **text, size_t *size, int *root_fd)
{
	const char *slash = strrchr(path, '/');
	int dir_fd = open_directory_of(path), fd, err;

	if (dir_fd < 0)
		return dir_fd;
	fd = beneath_open(dir_fd, slash ? slash + 1 : path);
	err = fd < 0 ? fd : read_all(fd, text, size);
	if (fd >= 0)
		close(fd);
	if (err)
		close(dir_fd);
	else
		*root_fd = dir_fd;
	return err;
}

/* dir/name; absolute, since dir is. */
static char *join(const char *dir, const char *name, size_t length)
{
	char *path;

	if (asprintf(&path, "%s/%.*s", dir, (int)length, name) < 0)
		return NULL;
	return path;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static bool known(const struct source *source, const char *path)
{
	for (size_t i = 0; i < source->files.count; i++)
		if (!strcmp(source->files.at[i].path, path))
			return true;
	return false;
}

/* Takes over path, of which fd is open if it is not -1. The file is scanned later, not from here:
   includes may be nested deep. */
static int add_file(struct source *source, char *path, int fd)
{
	struct source_file file = {.path = path};
	int err = -ENOMEM;

	if (!path)
		return -ENOMEM;
	if (known(source, path)) {
		free(path);
		return 0;
	}
	err = fd < 0 ? source_read(path, &file.text, &file.size)
		     : read_all(fd, &file.text, &file.size);
	if (err)
		goto fail;
	err = -EFBIG;
	if (source->total + file.size > SOURCE_MAX)
		goto fail;
	source->total += file.size;
	err = -ENOMEM;
	if (array_push(&source->files, file))
		goto fail;
	return 0;
fail:
	free(file.text);
	free(path);
	return err;
}

static unsigned line_of(const struct source_file *file, const char *at)
{
	unsigned line = 1;

	for (const char *c = file->text; c < at; c++)
		line += *c == '\n';
	return line;
}

/* at is in the text of the file that includes it. */
static int refuse(struct source *source, size_t includer, const char *at, size_t length, int err)
{
	struct source_refusal refusal = {
		.name = strndup(at, length),
		.file = includer,
		.line = line_of(&source->files.at[includer], at),
		.err = err,
	};

	if (refusal.name && !array_push(&source->refusals, refusal))
		return 0;
	free(refusal.name);
	return -ENOMEM;
}

static bool is_missing(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EINVAL || err == -ENAMETOOLONG;
}

/* Takes over candidate, a path where an include may be. Returns 1 if it settles the matter, 0 if
   there is no such file, or a negative errno. */
static int try_include(struct source *source, size_t includer, char *candidate, const char *name,
		       size_t length)
{
	size_t root_length;
	int fd, err;

	if (!candidate)
		return -ENOMEM;
	if (!source->untrusted) {
		if (is_file(candidate))
			return add_file(source, candidate, -1) ?: 1;
		free(candidate);
		return 0;
	}
	/* All candidates begin with the one directory. */
	root_length = strlen(source->include_dirs.at[0]);
	fd = beneath_open(source->root_fd, candidate + root_length + 1);
	if (fd >= 0) {
		err = add_file(source, candidate, fd);
		close(fd);
		return err ?: 1;
	}
	free(candidate);
	return is_missing(fd) ? 0 : refuse(source, includer, name, length, fd) ?: 1;
}

/* An include that none of the user's directories has is a kernel header: not our concern. */
static int add_include(struct source *source, size_t includer, const char *name, size_t length,
		       bool quoted)
{
	const char *path = source->files.at[includer].path;
	const char *slash = strrchr(path, '/');
	int found = 0;

	if (!length || length > 4096)
		return 0;
	if (name[0] == '/')
		return 0; /* the compiler sees no file outside */
	if (source->untrusted && source->root_fd < 0)
		return quoted ? refuse(source, includer, name, length, -EXDEV) : 0;
	if (quoted && includer && slash) {
		char *dir = strndup(path, slash - path);

		found = try_include(source, includer, dir ? join(dir, name, length) : NULL, name,
				    length);
		free(dir);
	}
	/* The first directory is the main file's own, for "" only. */
	for (size_t i = quoted ? 0 : 1; !found && i < source->include_dirs.count; i++)
		found = try_include(source, includer,
				    join(source->include_dirs.at[i], name, length), name, length);
	return found < 0 ? found : 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* at is behind a '#'. */
static int scan_directive(struct source *source, size_t file, const char *at, const char *end)
{
	const char *close;

	at = skip_blanks(at, end);
	if (end - at < 9 || memcmp(at, "include", 7))
		return 0;
	at = skip_blanks(at + 7, end);
	if (at == end || (*at != '"' && *at != '<'))
		return 0;
	close = memchr(at + 1, *at == '"' ? '"' : '>', end - at - 1);
	if (!close || memchr(at, '\n', close - at))
		return 0;
	return add_include(source, file, at + 1, close - at - 1, *at == '"');
}

static int scan_includes(struct source *source, size_t file)
{
	const char *at = source->files.at[file].text;
	const char *end = at + source->files.at[file].size;
	int err = 0;

	/* The file's text stays where it is while files are added. */
	while (!err && at < end && (at = memchr(at, '#', end - at))) {
		at++;
		err = scan_directive(source, file, at, end);
	}
	return err;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int add_tracepoint(struct source *source, const char *category, size_t category_len,
			  const char *event, size_t event_len)
{
	struct source_tracepoint tp = {strndup(category, category_len), strndup(event, event_len)};

	if (tp.category && tp.event && !array_push(&source->tracepoints, tp))
		return 0;
	free(tp.category);
	free(tp.event);
	return -ENOMEM;
}

static int compare_tracepoints(const void *a, const void *b)
{
	const struct source_tracepoint *x = a, *y = b;
	int order = strcmp(x->category, y->category);

	return order ? order : strcmp(x->event, y->event);
}

/* A source may name one many times. */
static void keep_one_of_each(struct source *source)
{
	struct source_tracepoint *at = source->tracepoints.at;
	size_t kept = 0;

	if (source->tracepoints.count)
		qsort(at, source->tracepoints.count, sizeof(*at), compare_tracepoints);
	for (size_t i = 0; i < source->tracepoints.count; i++) {
		if (kept && !compare_tracepoints(&at[kept - 1], &at[i])) {
			free(at[i].category);
			free(at[i].event);
		} else {
			at[kept++] = at[i];
		}
	}
	source->tracepoints.count = kept;
}

/* tracepoint__CATEGORY__EVENT, at behind the first "__". */
static int scan_tracepoint_name(struct source *source, const char *at, const char *end)
{
	const char *word_end = at, *split;

	while (word_end < end && is_word(*word_end))
		word_end++;
	split = memmem(at, word_end - at, "__", 2);
	if (!split || split == at || split + 2 == word_end)
		return 0;
	return add_tracepoint(source, at, split - at, split + 2, word_end - split - 2);
}

/* TRACEPOINT_PROBE(CATEGORY, EVENT), at behind the macro's name. */
static int scan_tracepoint_probe(struct source *source, const char *at, const char *end)
{
	const char *word[2];
	size_t length[2];

	for (int i = 0; i < 2; i++) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (at == end || *at++ != (i ? ',' : '('))
			return 0;
		while (at < end && isspace((unsigned char)*at))
			at++;
		word[i] = at;
		while (at < end && is_word(*at))
			at++;
		length[i] = at - word[i];
		if (!length[i])
			return 0;
	}
	return add_tracepoint(source, word[0], length[0], word[1], length[1]);
}

static int scan_tracepoints(struct source *source, const struct source_file *file)
{
	static const char probe[] = "TRACEPOINT_PROBE", name[] = "tracepoint__";
	const char *end = file->text + file->size, *at;
	int err = 0;

	at = file->text;
	while (!err && (at = memmem(at, end - at, probe, sizeof(probe) - 1))) {
		bool whole = at == file->text || !is_word(at[-1]);

		at += sizeof(probe) - 1;
		if (whole)
			err = scan_tracepoint_probe(source, at, end);
	}
	at = file->text;
	while (!err && (at = memmem(at, end - at, name, sizeof(name) - 1))) {
		bool whole = at == file->text || !is_word(at[-1]);

		at += sizeof(name) - 1;
		if (whole)
			err = scan_tracepoint_name(source, at, end);
	}
	return err;
}

/* All files from that one on, and those that they include. */
static int scan(struct source *source, size_t file)
{
	int err = 0;

	for (; !err && file < source->files.count; file++) {
		err = scan_tracepoints(source, &source->files.at[file]);
		if (!err)
			err = scan_includes(source, file);
	}
	return err;
}

static int add_include_dir(struct source *source, const char *dir, size_t length)
{
	char *copy = strndup(dir, length), *absolute;

	if (!copy)
		return -ENOMEM;
	absolute = realpath(copy, NULL);
	free(copy);
	if (!absolute)
		return 0; /* as a compiler does with a directory that isn't there */
	if (!array_push(&source->include_dirs, absolute))
		return 0;
	free(absolute);
	return -ENOMEM;
}

static int add_include_dirs(struct source *source, const char *name, char *const *cflags,
			    size_t cflag_count)
{
	const char *slash = strrchr(name, '/');
	int err = slash ? add_include_dir(source, name, slash - name + 1) : 0;

	/* There is a first one always: the other half of the lookup counts on it. */
	if (!err && !source->include_dirs.count)
		err = add_include_dir(source, ".", 1);
	for (size_t i = 0; !err && i < cflag_count; i++) {
		if (strncmp(cflags[i], "-I", 2))
			continue;
		if (cflags[i][2])
			err = add_include_dir(source, cflags[i] + 2, strlen(cflags[i] + 2));
		else if (i + 1 < cflag_count)
			err = add_include_dir(source, cflags[i + 1], strlen(cflags[i + 1]));
	}
	return err;
}

/* Files that flags include come after the main file, which they precede in the compile. */
static int add_flag_files(struct source *source, char *const *cflags, size_t cflag_count,
			  const char **missing)
{
	int err = 0;

	for (size_t i = 0; !err && i + 1 < cflag_count; i++) {
		size_t first = source->files.count;
		char *path;

		if (strcmp(cflags[i], "-include"))
			continue;
		path = realpath(cflags[i + 1], NULL);
		err = path ? add_file(source, path, -1) : -errno;
		if (!err)
			err = scan(source, first);
		if (err)
			*missing = cflags[i + 1];
	}
	return err;
}

/* Takes over text. */
static int begin(struct source *source, const char *name, char *text, size_t size)
{
	struct source_file main_file = {.path = strdup(name), .text = text, .size = size};

	*source = (struct source){.total = size, .root_fd = -1};
	if (!main_file.path || array_push(&source->files, main_file)) {
		free(main_file.path);
		free(text);
		return -ENOMEM;
	}
	/* Blanked, not cut off, so that lines and columns stay. */
	if (size >= 2 && !memcmp(text, "#!", 2))
		memcpy(text, "//", 2);
	return 0;
}

int source_init(struct source *source, const char *name, char *text, size_t size,
		char *const *cflags, size_t cflag_count, const char **missing)
{
	int err;

	*missing = NULL;
	err = begin(source, name, text, size);
	if (!err)
		err = add_include_dirs(source, name, cflags, cflag_count);
	if (!err)
		err = scan(source, 0);
	if (!err)
		err = add_flag_files(source, cflags, cflag_count, missing);
	keep_one_of_each(source);
	return err;
}

int source_init_untrusted(struct source *source, const char *name, char *text, size_t size,
			  int root_fd)
{
	int err = begin(source, name, text, size);

	source->untrusted = true;
	source->root_fd = root_fd;
	/* This is but what files are called: they are found by root_fd. */
	if (!err)
		err = add_include_dirs(source, root_fd < 0 ? "" : name, NULL, 0);
	if (!err)
		err = scan(source, 0);
	keep_one_of_each(source);
	return err;
}

void source_free(struct source *source)
{
	if (source->untrusted && source->root_fd >= 0)
		close(source->root_fd);
	for (size_t i = 0; i < source->refusals.count; i++)
		free(source->refusals.at[i].name);
	array_free(&source->refusals);
	for (size_t i = 0; i < source->files.count; i++) {
		free(source->files.at[i].path);
		free(source->files.at[i].text);
	}
	for (size_t i = 0; i < source->include_dirs.count; i++)
		free(source->include_dirs.at[i]);
	for (size_t i = 0; i < source->tracepoints.count; i++) {
		free(source->tracepoints.at[i].category);
		free(source->tracepoints.at[i].event);
	}
	array_free(&source->files);
	array_free(&source->include_dirs);
	array_free(&source->tracepoints);
}

char *source_get_line(const struct source *source, const char *file, unsigned line)
{
	const char *at = NULL, *end = NULL, *newline;

	for (size_t i = 0; line && i < source->files.count; i++) {
		if (strcmp(source->files.at[i].path, file))
			continue;
		at = source->files.at[i].text;
		end = at + source->files.at[i].size;
		break;
	}
	for (unsigned n = 1; at && n < line; n++) {
		at = memchr(at, '\n', end - at);
		if (at)
			at++;
	}
	if (!at || at == end)
		return NULL;
	newline = memchr(at, '\n', end - at);
	return strndup(at, (newline ? newline : end) - at);
}
