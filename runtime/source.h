/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's source: the main text, the user's own files that it includes, and what can be seen
 * in them without compiling.
 */
#ifndef HOTPROBE_SOURCE_H
#define HOTPROBE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "array.h"

struct source_file {
	char *path; /* the main file: its name as given; others: absolute, symbolic links kept */
	char *text; /* NUL-terminated; may hold further NULs */
	size_t size;
};

struct source_tracepoint {
	char *category;
	char *event;
};

/* An #include of an untrusted source that was not followed. */
struct source_refusal {
	char *name;
	size_t file; /* that includes it */
	unsigned line;
	int err; /* -EXDEV: it leads out of the source's directory */
};

struct source {
	ARRAY(struct source_file) files; /* the first is the main file */
	ARRAY(char *) include_dirs;	 /* absolute: for "" the main file's own, then every -I */
	ARRAY(struct source_tracepoint) tracepoints; /* that the source names */
	size_t total;				     /* bytes of all files */
	bool untrusted;
	int root_fd; /* of an untrusted one: its directory, or -1 if it has none */
	ARRAY(struct source_refusal) refusals;
};

/* Reads a file ("-": standard input) of at most SOURCE_MAX bytes. Returns 0 or a negative errno;
   -EFBIG if it is larger. */
enum {
	SOURCE_MAX = 64 << 20,
};
int source_read(const char *path, char **text, size_t *size);

/* Takes over text (malloc'ed, with a NUL behind it) as the main file, called name, and looks
   through it and the files that it and the -include flags among cflags (NULL-terminated, may be
   NULL) include. Returns 0, -ENOMEM, -EFBIG, or the errno of an -include file, with its path in
   *missing. */
int source_init(struct source *source, const char *name, char *text, size_t size,
		char *const *cflags, size_t cflag_count, const char **missing);

/*
 * The same for a source that is not trusted with the caller's right to read files. Such a file is
 * read only if it lies in the directory that its path says, which *root_fd then is; "-" is no name
 * here. What it includes is taken in only from that directory's tree, wherever symbolic links and
 * ".." lead; with a root_fd of -1 it includes nothing. source_init_untrusted() takes over root_fd.
 * What was not taken in is in source->refusals.
 */
int source_read_untrusted(const char *path, char **text, size_t *size, int *root_fd);
int source_init_untrusted(struct source *source, const char *name, char *text, size_t size,
			  int root_fd);
void source_free(struct source *source);

/* A copy of that line (from 1) without its newline; NULL if it is not known. */
char *source_get_line(const struct source *source, const char *file, unsigned line);

#endif
