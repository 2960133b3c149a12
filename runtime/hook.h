/* SPDX-License-Identifier: Apache-2.0 */
/* Targets of the form OBJECT:HOOK, whose hook alone says what type a program has to be of. */
#ifndef HOTPROBE_HOOK_H
#define HOTPROBE_HOOK_H

#include <linux/bpf.h>
#include <stddef.h>

struct target;

struct hook {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
};

struct hooks {
	const struct hook *at;
	size_t count;
	const char *unknown;   /* what is wrong with a target that names no hook of these */
	const char *no_object; /* and with one that names no object */
};

/* NULL if there is none of that name. */
const struct hook *hook_find(const struct hooks *hooks, const char *name);
/* As a provider's parse(). */
int hook_parse(const struct hooks *hooks, struct target *target, const char *rest,
	       const char **why);

#endif
