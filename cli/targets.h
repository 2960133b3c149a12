/* SPDX-License-Identifier: Apache-2.0 */
/* What can be traced, with everything said on standard error that there is to say about it. */
#ifndef HOTPROBE_CLI_TARGETS_H
#define HOTPROBE_CLI_TARGETS_H

#include "hotprobe.h"

/* hotprobe_list_targets(). Returns an exit status: EXIT_PROGRAM if nothing matches. */
int targets_each(const char *pattern, bool with_details, hotprobe_target_fn fn, void *ctx);

#endif
