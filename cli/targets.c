/* SPDX-License-Identifier: Apache-2.0 */
#include "targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "program.h"
#include "report.h"
#include "suggest.h"
#include "text.h"

/* What is missing from the list; what else the library chose is of no interest. */
static void log_lacks(void *ctx, enum hotprobe_severity severity, const char *line)
{
	if (severity >= HOTPROBE_WARNING)
		report_log(ctx, severity, line);
}

/* ---- What was meant ----------------------------------------------------------------------------
 */

/* Among targets only what stands behind the last colon differs. */
struct alike {
	struct suggestion suggestion;
	char *target; /* of the best */
};

static const char *last_part(const char *target)
{
	const char *colon = strrchr(target, ':');

	return colon ? colon + 1 : target;
}

static bool offer(void *ctx, const struct hotprobe_target_info *info)
{
	struct alike *alike = ctx;
	size_t before = alike->suggestion.distance;

	suggest_offer(&alike->suggestion, last_part(info->target));
	if (alike->suggestion.distance < before) {
		free(alike->target);
		alike->target = strdup(info->target);
	}
	return false;
}

static void suggest_target(const char *pattern)
{
	const char *wanted = last_part(pattern);
	struct alike alike = {.suggestion = suggest_for(wanted, strlen(wanted))};
	struct hotprobe *hp = hotprobe_new(NULL);
	struct text beside = {0};

	text_bytes(&beside, pattern, (size_t)(wanted - pattern));
	text_char(&beside, '*');
	if (hp && !strpbrk(pattern, "*?["))
		hotprobe_list_targets(hp, text_cstr(&beside), false, offer, &alike);
	if (alike.target)
		report_hint("did you mean '%s'?", alike.target);
	hotprobe_free(hp);
	text_free(&beside);
	free(alike.target);
}

static void suggest_kind(const char *pattern)
{
	struct suggestion suggestion = suggest_for(pattern, strcspn(pattern, ":"));
	const char *kind;

	for (size_t i = 0; (kind = hotprobe_kind_name(i)); i++)
		suggest_offer(&suggestion, kind);
	if (suggest_best(&suggestion) && suggestion.distance)
		report_hint("did you mean '%s%s'?", suggest_best(&suggestion),
			    strchr(pattern, ':') ? strchr(pattern, ':') : "");
}

/* ---- Listing ----------------------------------------------------------------------------------
 */

int targets_each(const char *pattern, bool with_details, hotprobe_target_fn fn, void *ctx)
{
	struct hotprobe_opts opts = {.sz = sizeof(opts), .log = log_lacks};
	struct program program = {.hp = hotprobe_new(&opts), .file = pattern};
	int count, status = EXIT_DONE;

	if (!program.hp) {
		report(HOTPROBE_ERROR, "out of memory");
		return EXIT_SYSTEM;
	}
	count = hotprobe_list_targets(program.hp, pattern, with_details, fn, ctx);
	if (count < 0)
		status = program_failed(&program, count);
	if (count == -ENOENT)
		suggest_target(pattern);
	if (count == -EINVAL)
		suggest_kind(pattern);
	if (count == -EINVAL)
		status = EXIT_USAGE;
	else if (count == -ENOEXEC || count == -ESRCH)
		status = EXIT_PROGRAM;
	program_close(&program);
	return status;
}
