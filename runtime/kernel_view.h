/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel as compiled code sees it: places and types of members, sizes, values of enumerators,
 * prototypes, records of tracepoints, configuration. Each is described by a short text, such as
 * "u16 at byte 14"; two kernels agree where the texts are equal.
 */
#ifndef HOTPROBE_KERNEL_VIEW_H
#define HOTPROBE_KERNEL_VIEW_H

#include "internal.h"

struct kernel_view {
	struct hotprobe *hp;
	const char *btf_path; /* NULL: the running kernel */
	const char *release;
	struct btf *btf, **modules;
	size_t module_count;
	bool has_modules; /* they were looked for */
	char *config;	  /* NULL if it cannot be had */
	bool has_config;  /* it was looked for */
	/* The first type of a name, looked up before. */
	ARRAY(struct kernel_view_found {
		uint32_t name; /* string of the image */
		uint32_t kinds;
		size_t part; /* 0: btf; else modules[part - 1] */
		uint32_t id; /* 0: none */
	})
	found;
};

/* The kernel whose BTF is at btf_path (NULL: the running one); both strings have to stay. Returns
   0, -ENOMEM, or another negative errno if its BTF cannot be read. Close it in either case. */
int kernel_view_open(struct kernel_view *view, struct hotprobe *hp, const char *btf_path,
		     const char *release);
void kernel_view_close(struct kernel_view *view);

/* Gets what is there for a use, and the number as struct image_use has it, for MEMBER, SIZE and
   LAYOUT. Returning other than 0 ends it. */
typedef int (*kernel_view_fn)(void *ctx, const char *text, uint32_t number);

/*
 * Calls fn for each thing that fits the use, whose strings are offsets into strings: a kernel can
 * have several structs of one name, all but one of them unknown outside their files. Returns what
 * fn returned last, 0 if there is none, -ENOMEM.
 */
int kernel_view_each(struct kernel_view *view, const char *strings, const struct image_use *use,
		     kernel_view_fn fn, void *ctx);

/* Is there an enum of that tag? */
bool kernel_view_has_enum(const struct kernel_view *view, const char *tag);
/* Of a member, bytes; IMAGE_NONE if there is none. */
uint32_t kernel_view_offset(const struct kernel_view *view, const char *type, const char *member);

#endif
