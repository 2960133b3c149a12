/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnostics on their way into the image: collected, without repetitions, with hints. */
#ifndef HOTPROBE_CC_DIAG_H
#define HOTPROBE_CC_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "../hotprobe.h"
#include "../image.h"

struct diag {
	enum hotprobe_severity severity;
	char *file; /* "" if it concerns no place */
	unsigned line, column;
	char *text;
	char *hint; /* "" if there is nothing to say */
};

struct headers_facts;
struct source;

struct diag_list {
	struct diag *items;
	size_t count;
	size_t error_count;
	size_t left_out; /* errors beyond the limit */
	const struct headers_facts *facts; /* of the kernel, for hints; NULL before they are known */
	const struct source *source;	   /* for hints; may be NULL */
};

/* A diagnostic that says the same of the same place is added once. hint NULL: looked up. */
void diag_add(struct diag_list *list, enum hotprobe_severity severity, const char *file,
	      unsigned line, unsigned column, const char *text, const char *hint);
__attribute__((format(printf, 6, 7))) void diag_error(struct diag_list *list, const char *file,
						      unsigned line, unsigned column,
						      const char *hint, const char *format, ...);
/* Makes errors of the warnings with those words. Clang only warns of a call of a function that no
   one has; if there is no program, then that is the reason. */
void diag_promote(struct diag_list *list, const char *words);
void diag_write(const struct diag_list *list, struct image_writer *w);

/* One line that says what to do about that message, "" if there is nothing to say; facts may be
   NULL. Allocated. */
char *hint_for(const char *text, const struct headers_facts *facts);

#endif
