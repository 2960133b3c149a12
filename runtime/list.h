/* SPDX-License-Identifier: Apache-2.0 */
/* What can be traced, for hotprobe_list_targets(): each provider finds its own. */
#ifndef HOTPROBE_LIST_H
#define HOTPROBE_LIST_H

#include "describe.h"
#include "pattern.h"

struct list {
	struct hotprobe *hp;
	const char *pattern; /* of a target without its kind */
	bool is_named;	     /* the pattern names the kind */
	struct names found;  /* targets without their kind */
	/* The kernel's types, NULL until list_types(), and if it has no BTF. */
	struct type_index *types;
	bool has_asked_types;
};

/* Does a target of that name match? And with a pattern that is part of the whole one? */
bool list_wants(const struct list *list, const char *name);
bool list_matches(const char *pattern, const char *name);
/* Adds the target prefix + name, which matches. Returns 0 or -ENOMEM. */
int list_add(struct list *list, const char *prefix, const char *name);
/* list_wants() and list_add(). */
int list_offer(struct list *list, const char *name);
/* Returns 0, with list->types NULL if there is no BTF, or -ENOMEM. */
int list_types(struct list *list);
/* Adds all types of that kind that have the prefix, without it. */
int list_offer_types(struct list *list, uint32_t kind, const char *prefix);
/* Drops those of list->found that the filter does not take. */
typedef bool (*list_filter)(const void *ctx, const char *name);
void list_keep(struct list *list, list_filter filter, const void *ctx);
/* Says what is missing from the list, once for each that lacks it. */
void list_lacks(const struct list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
