/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a target: its arguments, fields and result, out of BTF or a record's format. */
#ifndef HOTPROBE_DESCRIBE_H
#define HOTPROBE_DESCRIBE_H

#include "internal.h"
#include "pattern.h"
#include "type_index.h"

struct description {
	struct type_index *types; /* NULL if the kernel has no BTF */
	ARRAY(struct hotprobe_arg) arguments, fields;
	struct hotprobe_arg result;
	bool has_arguments, has_result;
	const char *context; /* NULL: the provider's */
	struct names strings;
};

/* Empties it, but for the types, which stay. */
void description_clear(struct description *d);
/* The same, and frees its memory. */
void description_free(struct description *d);

/* They return 0 or -ENOMEM. What is not known is left out. */

/* Arguments: those of a function, a prototype or a pointer to one, but for the first so many. */
int describe_parameters(struct description *d, struct type_ref type, uint32_t skip);
/* Arguments and result of the function prefix + name. */
int describe_function(struct description *d, const char *prefix, const char *name);
/* Fields: the members of a struct, those of anonymous ones like its own. */
int describe_struct(struct description *d, const char *name);
/* Fields: those of a record, from a format file of tracefs, without the common ones. Those of system
   calls point into the caller's memory, and are recorded in 8 bytes whatever their type. */
int describe_record(struct description *d, const char *format, bool is_syscall);
/* Arguments: those of a system call, from the format of its tracepoint. */
int describe_syscall(struct description *d, const char *format);
/* An argument or result that is no more than an integer. */
int describe_integer(struct description *d, struct hotprobe_arg *arg, const char *name, size_t size,
		     bool is_signed);

#endif
