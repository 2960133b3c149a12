/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[");
}

bool pattern_matches(const char *pattern, const char *name)
{
	return !fnmatch(pattern, name, 0);
}

int names_add(struct names *names, char *name)
{
	if (name && !array_push(&names->list, name))
		return 0;
	free(name);
	return -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *names)
{
	size_t kept = 0;

	if (!names->list.count)
		return;
	qsort(names->list.at, names->list.count, sizeof(*names->list.at), compare);
	for (size_t i = 0; i < names->list.count; i++)
		if (kept && !strcmp(names->list.at[kept - 1], names->list.at[i]))
			free(names->list.at[i]);
		else
			names->list.at[kept++] = names->list.at[i];
	names->list.count = kept;
}

bool names_have(const struct names *names, const char *name)
{
	return names->list.count &&
	       bsearch(&name, names->list.at, names->list.count, sizeof(*names->list.at), compare);
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->list.count; i++)
		free(names->list.at[i]);
	array_free(&names->list);
}
