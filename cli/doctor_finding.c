/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found. */
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"

const char *const mark_names[MARKS] = {
	[MARK_OK] = "ok",
	[MARK_LIMITED] = "limited",
	[MARK_MISSING] = "missing",
};

static void set(struct text *text, const char *format, va_list args)
{
	char *string;

	text_clear(text);
	if (vasprintf(&string, format, args) < 0) {
		text->failed = true;
		return;
	}
	text_string(text, string);
	free(string);
}

void finding_is(struct finding *finding, enum mark mark, const char *format, ...)
{
	va_list args;

	finding->mark = mark;
	va_start(args, format);
	set(&finding->means, format, args);
	va_end(args);
}

void finding_value(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(&finding->value, format, args);
	va_end(args);
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(&finding->remedy, format, args);
	va_end(args);
}

int finding_tried(struct finding *finding, int error, const char *format, ...)
{
	struct attempt *attempts = realloc(finding->attempts, (finding->attempt_count + 1) *
								      sizeof(*finding->attempts));
	struct attempt *attempt;
	va_list args;

	if (!attempts) {
		finding->means.failed = true;
		return error;
	}
	finding->attempts = attempts;
	attempt = &attempts[finding->attempt_count++];
	*attempt = (struct attempt){.error = error};
	va_start(args, format);
	set(&attempt->what, format, args);
	va_end(args);
	return error;
}

void finding_free(struct finding *finding)
{
	for (size_t i = 0; i < finding->attempt_count; i++)
		text_free(&finding->attempts[i].what);
	free(finding->attempts);
	text_free(&finding->value);
	text_free(&finding->means);
	text_free(&finding->remedy);
}

const char *error_name(int error, char buf[24])
{
	const char *name = strerrorname_np(-error);

	if (name)
		return name;
	snprintf(buf, 24, "errno %d", -error);
	return buf;
}

/* ---- Refusals -----------------------------------------------------------------------------
 */

static void not_permitted(const struct doctor *doctor, struct finding *finding, uint64_t needed,
			  const char *means)
{
	uint64_t lacking = needed & ~doctor->capabilities;
	struct text names = {0};

	/* What CAP_PERFMON allows differs from kernel to kernel: uprobes, for one. */
	if (!lacking)
		lacking = CAPABILITY(CAP_SYS_ADMIN) & ~doctor->capabilities;
	if (lacking) {
		capability_names(&names, lacking);
		finding_is(finding, MARK_MISSING, "not permitted: it takes %s", text_cstr(&names));
		capability_remedy(finding, lacking);
	} else if (is_in_user_namespace()) {
		finding_is(finding, MARK_MISSING,
			   "not permitted: capabilities of a user namespace do not count");
		finding_remedy(finding, "see user namespace");
	} else {
		finding_is(finding, MARK_MISSING,
			   "%s: the kernel does not permit it, though no capability is missing",
			   means);
		finding_remedy(finding, "look for what forbids it: a container's seccomp filter, a "
					"security module, lockdown");
	}
	text_free(&names);
}

void finding_refused(const struct doctor *doctor, struct finding *finding, int error,
		     uint64_t capabilities, const char *means, const char *remedy)
{
	switch (-error) {
	case EPERM:
	case EACCES:
		not_permitted(doctor, finding, capabilities, means);
		break;
	case EMFILE:
		finding_is(finding, MARK_MISSING, "not tried: this process may open no more files");
		finding_remedy(finding, "ulimit -n 1024");
		break;
	case ENFILE:
	case ENOMEM:
		finding_is(finding, MARK_MISSING, "not tried: %s", strerror(-error));
		break;
	default:
		finding_is(finding, MARK_MISSING, "%s", means);
		finding_remedy(finding, "%s", remedy ? remedy : "");
	}
}
