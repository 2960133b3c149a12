/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

const struct hook *hook_find(const struct hooks *hooks, const char *name)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (!strcmp(name, hooks->at[i].name))
			return &hooks->at[i];
	return NULL;
}

int hook_parse(const struct hooks *hooks, struct target *target, const char *rest, const char **why)
{
	const char *colon = strrchr(rest, ':');
	char *object;
	int err;

	if (!colon || !hook_find(hooks, colon + 1))
		return *why = hooks->unknown, -EINVAL;
	if (colon == rest)
		return *why = hooks->no_object, -EINVAL;
	object = strndup(rest, (size_t)(colon - rest));
	if (!object)
		return -ENOMEM;
	err = target_set(target, object, colon + 1);
	free(object);
	return err;
}
