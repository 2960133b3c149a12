/* SPDX-License-Identifier: Apache-2.0 */
/* The conventions are BCC's (src/python/bcc/__init__.py, _trace_autoload), and syscall_ret__. */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"

static const struct {
	const char *word;   /* before the colon of a text */
	const char *prefix; /* of a function's name */
} kinds[PROBE_KINDS] = {
	[PROBE_KPROBE] = {"kprobe", "kprobe__"},
	[PROBE_KRETPROBE] = {"kretprobe", "kretprobe__"},
	[PROBE_SYSCALL] = {"syscall", "syscall__"},
	[PROBE_SYSCALL_RET] = {"syscall_ret", "syscall_ret__"},
	[PROBE_TRACEPOINT] = {"tracepoint", "tracepoint__"},
	[PROBE_RAW_TRACEPOINT] = {"raw_tracepoint", "raw_tracepoint__"},
};

int target_init(struct target *target, enum probe_kind kind, const char *group, const char *name,
		uint64_t offset)
{
	*target = (struct target){
		.kind = kind,
		.name = strdup(name),
		.group = group ? strdup(group) : NULL,
		.offset = offset,
	};
	if (target->name && (!group || target->group))
		return 0;
	target_free(target);
	return -ENOMEM;
}

void target_free(struct target *target)
{
	free(target->name);
	free(target->group);
	*target = (struct target){0};
}

bool target_equal(const struct target *a, const struct target *b)
{
	return a->kind == b->kind && a->offset == b->offset && !strcmp(a->name, b->name) &&
	       (a->group ? b->group && !strcmp(a->group, b->group) : !b->group);
}

char *target_text(const struct target *target)
{
	const char *word = kinds[target->kind].word;
	char *text;
	int n;

	if (target->group)
		n = asprintf(&text, "%s:%s:%s", word, target->group, target->name);
	else if (target->offset)
		n = asprintf(&text, "%s:%s+0x%llx", word, target->name,
			     (unsigned long long)target->offset);
	else
		n = asprintf(&text, "%s:%s", word, target->name);
	return n < 0 ? NULL : text;
}

int target_init_kprobe(struct target *target, enum probe_kind kind, const char *name,
		       uint64_t offset)
{
	const char *syscall = offset ? NULL : kernel_syscall_of(name);

	if (!syscall)
		return target_init(target, kind, NULL, name, offset);
	kind = kind == PROBE_KPROBE ? PROBE_SYSCALL : PROBE_SYSCALL_RET;
	return target_init(target, kind, NULL, syscall, 0);
}

static int init_tracepoint(struct target *target, const char *rest, const char *separator)
{
	const char *split = strstr(rest, separator);
	const char *event = split ? split + strlen(separator) : NULL;
	char *category;
	int err;

	if (!split || split == rest || !*event)
		return -EINVAL;
	category = strndup(rest, split - rest);
	err = category ? target_init(target, PROBE_TRACEPOINT, category, event, 0) : -ENOMEM;
	free(category);
	return err;
}

int target_from_name(struct target *target, const char *function)
{
	for (int kind = 0; kind < PROBE_KINDS; kind++) {
		size_t length = strlen(kinds[kind].prefix);
		const char *rest = function + length;
		int err;

		if (strncmp(function, kinds[kind].prefix, length))
			continue;
		if (!*rest)
			return -EINVAL;
		if (kind == PROBE_TRACEPOINT)
			err = init_tracepoint(target, rest, "__");
		else if (kind == PROBE_KPROBE || kind == PROBE_KRETPROBE)
			err = target_init_kprobe(target, kind, rest, 0);
		else
			err = target_init(target, kind, NULL, rest, 0);
		return err ? err : 1;
	}
	return 0;
}

/* "FUNC+0x10": cuts the offset off name, which is changed. */
static int parse_offset(char *name, uint64_t *offset)
{
	char *plus = strchr(name, '+'), *end;

	*offset = 0;
	if (!plus)
		return 0;
	*plus++ = '\0';
	errno = 0;
	*offset = strtoull(plus, &end, 0);
	return errno || end == plus || *end || *plus == '-' ? -EINVAL : 0;
}

static int from_function_spec(struct target *target, enum probe_kind kind, const char *rest,
			      const char **why)
{
	char *name = strdup(rest);
	uint64_t offset;
	int err = -ENOMEM;

	if (!name)
		return err;
	err = parse_offset(name, &offset);
	if (err || !*name)
		*why = "the offset is no number";
	else if (offset && kind != PROBE_KPROBE)
		err = (*why = "only a kprobe can have an offset", -EINVAL);
	else if (kind == PROBE_KPROBE || kind == PROBE_KRETPROBE)
		err = target_init_kprobe(target, kind, name, offset);
	else
		err = target_init(target, kind, NULL, name, 0);
	free(name);
	return err;
}

int target_from_spec(struct target *target, const char *spec, const char **why)
{
	*why = "the kind is not one of kprobe, kretprobe, syscall, syscall_ret, tracepoint, "
	       "raw_tracepoint";
	for (int kind = 0; kind < PROBE_KINDS; kind++) {
		size_t length = strlen(kinds[kind].word);
		const char *rest = spec + length + 1;

		if (strncmp(spec, kinds[kind].word, length) || spec[length] != ':')
			continue;
		*why = "the target is missing";
		if (!*rest)
			return -EINVAL;
		if (kind != PROBE_TRACEPOINT)
			return from_function_spec(target, kind, rest, why);
		*why = "a tracepoint is given as tracepoint:CATEGORY:EVENT";
		return init_tracepoint(target, rest, ":");
	}
	return -EINVAL;
}
