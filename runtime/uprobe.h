/* SPDX-License-Identifier: Apache-2.0 */
/* What providers of probes in user space share: the files a target names, and how a probe gets
   into one of them. */
#ifndef HOTPROBE_UPROBE_H
#define HOTPROBE_UPROBE_H

#include <sys/types.h>

#include "provider.h"

struct binary {
	char *path; /* for opening it */
	char *name; /* for messages */
};

/* The files of a target: one, or all that the code of a process comes from. */
struct binaries {
	ARRAY(struct binary) list;
	pid_t pid; /* whose breakpoints are set; -1: those of every process that maps the file */
};

/*
 * Cuts "FILE:REST" into target->group, which may hold colons, and its name; parts is how many the
 * rest has at most. Returns 0, -ENOMEM, or -EINVAL with *why set.
 */
int parse_in_file(struct target *target, const char *rest, int parts, const char **why);

/* Finds the files that target->group names: a path, a library or program by its name, or "@PID".
   Returns 0 or a negative errno with message and diagnostic set. */
int find_binaries(struct hotprobe_link *link, struct binaries *binaries);
void binaries_free(struct binaries *binaries);

struct list;
/* For listing: splits "FILE:PATTERN", or "FILE" with all that is in it, where the pattern has at
   most so many parts. Finds the files, sets prefix to "FILE:" (malloc'ed) and *pattern. Returns 0
   or a negative errno with the message set. */
int list_binaries(struct list *list, int parts, struct binaries *binaries, char **prefix,
		  const char **pattern);

struct uprobe_site {
	const struct binary *binary;
	uint64_t offset;	   /* in the file */
	uint64_t semaphore_offset; /* of a counter that is raised meanwhile, 0 if there is none */
};

/* Makes the program run there; the link holds it. Returns 0 or a negative errno; the message is set
   for all but what is_refusal_of_place() holds. */
int attach_at(struct hotprobe_link *link, int prog_fd, const struct uprobe_site *site,
	      bool is_return, pid_t pid);
/* The message for a refused place; returns err. */
int refused_at(struct hotprobe_link *link, const struct uprobe_site *site, int err);

#endif
