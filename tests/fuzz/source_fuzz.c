/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any texts as a source and the files that it includes: the files of "" and <>, the tracepoints,
 * the lines. The files are in memory: open() and its like are replaced when this is linked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "source.h"

/* The input is cut at its NULs: the main file's text, then that of each of these. */
static const char *const names[] = {"/d/a.h", "/d/b.h", "/d/e/a.h", "/i/c.h", "/i/a.h"};

enum {
	FILES = sizeof(names) / sizeof(*names),
	FD_FIRST = 1000,
};

static struct {
	const char *text;
	size_t size, at;
} files[FILES];

/* "/d/./e/../a.h" is "/d/a.h", as far as it is needed here. */
static int find_file(const char *path)
{
	for (int i = 0; i < FILES; i++)
		if (!strcmp(path, names[i]))
			return i;
	return -1;
}

/* libFuzzer has files, too. */
static bool is_ours(const char *path)
{
	return !strncmp(path, "/d/", 3) || !strncmp(path, "/i/", 3);
}

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *data, size_t size);
int __wrap_close(int fd);
char *__wrap_realpath(const char *path, char *resolved);
int __real_close(int fd);
ssize_t __real_read(int fd, void *data, size_t size);
int __real_open(const char *path, int flags, ...);

int __wrap_stat(const char *path, struct stat *st)
{
	if (!is_ours(path))
		return __real_stat(path, st);
	*st = (struct stat){.st_mode = S_IFREG};
	return find_file(path) >= 0 ? 0 : -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	int file = find_file(path);

	if (!is_ours(path))
		return __real_open(path, flags, 0666);
	errno = ENOENT;
	if (file < 0)
		return -1;
	files[file].at = 0;
	return FD_FIRST + file;
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
	size_t left;

	if (fd < FD_FIRST)
		return __real_read(fd, data, size);
	fd -= FD_FIRST;
	left = files[fd].size - files[fd].at;
	/* In pieces, as from a pipe. */
	size = size < left ? size : left;
	size = size < 100 ? size : 100;
	memcpy(data, files[fd].text + files[fd].at, size);
	files[fd].at += size;
	return (ssize_t)size;
}

int __wrap_close(int fd)
{
	return fd < FD_FIRST ? __real_close(fd) : 0;
}

char *__wrap_realpath(const char *path, char *resolved)
{
	size_t length = strlen(path);

	(void)resolved;
	while (length > 1 && path[length - 1] == '/')
		length--;
	return strndup(path, length);
}

/* ---- What must hold ---- */

static bool is_name(const char *text)
{
	return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_")];
}

static void check_files(const struct source *source, size_t size)
{
	size_t total = 0;

	REQUIRE(source->files.count >= 1 && source->files.count <= FILES + 1);
	REQUIRE(source->files.at[0].size == size);
	for (size_t i = 0; i < source->files.count; i++) {
		const struct source_file *file = &source->files.at[i];
		int index = find_file(file->path);

		total += file->size;
		if (!i)
			continue;
		REQUIRE(index >= 0 && file->size == files[index].size);
		REQUIRE(!memcmp(file->text, files[index].text, file->size));
		for (size_t j = 0; j < i; j++)
			REQUIRE(strcmp(file->path, source->files.at[j].path));
	}
	REQUIRE(source->total == total);
}

static void check_tracepoints(const struct source *source)
{
	for (size_t i = 0; i < source->tracepoints.count; i++) {
		const struct source_tracepoint *tp = &source->tracepoints.at[i];

		REQUIRE(is_name(tp->category) && is_name(tp->event));
		REQUIRE(!i || strcmp(tp[-1].category, tp->category) ||
			strcmp(tp[-1].event, tp->event));
	}
}

static void check_lines(const struct source *source)
{
	const struct source_file *file = &source->files.at[0];
	const char *at = file->text, *end = at + file->size;
	unsigned line;

	for (line = 1; at < end && line < 20; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((newline ? newline : end) - at);
		char *found = source_get_line(source, file->path, line);

		REQUIRE(found && strlen(found) <= size && !strncmp(found, at, strlen(found)));
		free(found);
		at = newline ? newline + 1 : end;
	}
	if (at == end)
		REQUIRE(!source_get_line(source, file->path, line));
	REQUIRE(!source_get_line(source, file->path, 0));
	REQUIRE(!source_get_line(source, "elsewhere", 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const flags[] = {"-I/i", "-DX", "-include", "/i/c.h", "-I"};
	const char *at = (const char *)data, *end = at + size, *nul, *missing = NULL;
	struct source source;
	char *text = NULL;
	int err;

	for (int i = -1; i < FILES; i++) {
		nul = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
		nul = nul ? nul : end;
		if (i < 0)
			text = fuzz_text(at, size = (size_t)(nul - at));
		else
			files[i].text = at, files[i].size = (size_t)(nul - at);
		at = nul < end ? nul + 1 : end;
	}
	err = source_init(&source, "/d/main.c", text, size, (char *const *)flags, 5, &missing);
	REQUIRE(!err);
	check_files(&source, size);
	check_tracepoints(&source);
	check_lines(&source);
	source_free(&source);
	return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	static const struct {
		const char *text;
		size_t size;
	} seeds[] = {
#define SEED(text) {text, sizeof(text) - 1}
		SEED("#include \"a.h\"\n#include <c.h>\nTRACEPOINT_PROBE(irq, softirq)\n{\n}\0"
		     "# include \"b.h\"\nint tracepoint__sched__a;\0#include \"e/a.h\"\0\0\0x"),
		SEED("#!/usr/bin/env hotprobe\n#include \"b.h\"\n#include \"/d/a.h\"\n#include "
		     "\"\"\n\0a\0#include \"a.h\"\n#include \"b.h\""),
		SEED("RAW_TRACEPOINT_PROBE(x) TRACEPOINT_PROBE ( a , b ) tracepoint__ tracepoint__a"
		     "__ tracepoint____b tracepoint__a__b__c\r\n# /* */ include <c.h>\n"),
	};

	if (n >= sizeof(seeds) / sizeof(*seeds))
		return 0;
	memcpy(data, seeds[n].text, seeds[n].size);
	return seeds[n].size;
}
