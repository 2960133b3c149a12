/* SPDX-License-Identifier: Apache-2.0 */
/* The conventions are BCC's (src/python/bcc/__init__.py, _trace_autoload), and syscall_ret__. */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "provider.h"

int target_set(struct target *target, const char *group, const char *name)
{
	target->name = strdup(name);
	target->group = group ? strdup(group) : NULL;
	return target->name && (!group || target->group) ? 0 : -ENOMEM;
}

void target_free(struct target *target)
{
	free(target->name);
	free(target->group);
	*target = (struct target){0};
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool target_equal(const struct target *a, const struct target *b)
{
	return a->provider == b->provider && a->offset == b->offset &&
	       same_string(a->name, b->name) && same_string(a->group, b->group);
}

char *target_text(const struct target *target)
{
	const char *group = target->group ? target->group : "";
	const char *colon = target->group ? ":" : "";
	const char *word = target->provider->word;
	char *text;
	int n;

	if (target->offset)
		n = asprintf(&text, "%s:%s%s%s+0x%llx", word, group, colon, target->name,
			     (unsigned long long)target->offset);
	else
		n = asprintf(&text, "%s:%s%s%s", word, group, colon, target->name);
	return n < 0 ? NULL : text;
}

char *target_kinds(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && providers[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "", providers[i]->word);
	if (out)
		fclose(out);
	return text;
}

static int parse(struct target *target, const struct provider *provider, const char *rest,
		 bool from_name, const char **why)
{
	int err;

	*target = (struct target){.provider = provider};
	err = provider->parse(target, rest, from_name, why);
	if (err)
		target_free(target);
	return err;
}

int target_from_name(struct target *target, const char *function, const char **why)
{
	for (size_t i = 0; providers[i]; i++) {
		const char *prefix = providers[i]->prefix;
		size_t length = prefix ? strlen(prefix) : 0;
		int err;

		if (!length || strncmp(function, prefix, length))
			continue;
		err = parse(target, providers[i], function + length, true, why);
		return err ? err : 1;
	}
	return 0;
}

int target_from_spec(struct target *target, const char *spec, const char **why)
{
	for (size_t i = 0; providers[i]; i++) {
		size_t length = strlen(providers[i]->word);

		if (!strncmp(spec, providers[i]->word, length) && spec[length] == ':')
			return parse(target, providers[i], spec + length + 1, false, why);
	}
	*why = "there is no probe of that kind";
	return -EINVAL;
}
