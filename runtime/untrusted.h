/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a source or image of someone else's may not do: see opts.untrusted in hotprobe.h. All of
 * these return 0 at once if the handle's is trusted, and else 0 or -EACCES with a diagnostic
 * (-EINVAL for flags, -ENOMEM).
 */
#ifndef HOTPROBE_UNTRUSTED_H
#define HOTPROBE_UNTRUSTED_H

#include "internal.h"

/* Before the source is read: no flag of the compiler names a file. */
int untrusted_check_flags(struct hotprobe *hp);
/* After that: a warning for each #include that was not followed. */
int untrusted_tell_refusals(struct hotprobe *hp);
/* After load_prepare(): tables and helpers. */
int untrusted_check(struct hotprobe *hp);
/* Before it is placed; by_source: the source says so, and not the caller. */
int untrusted_check_target(struct hotprobe_program *program, const struct target *target,
			   bool by_source);

#endif
