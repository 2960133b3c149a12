/* SPDX-License-Identifier: Apache-2.0 */
#include "targets.h"

#include <errno.h>

#include "command.h"
#include "program.h"
#include "report.h"

/* What is missing from the list; what else the library chose is of no interest. */
static void log_lacks(void *ctx, enum hotprobe_severity severity, const char *line)
{
	if (severity >= HOTPROBE_WARNING)
		report_log(ctx, severity, line);
}

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
	if (count == -EINVAL)
		status = EXIT_USAGE;
	else if (count == -ENOEXEC || count == -ESRCH)
		status = EXIT_PROGRAM;
	program_close(&program);
	return status;
}
