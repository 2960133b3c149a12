/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a struct with a field of every kind at each getpgid(). */
#include <uapi/linux/ptrace.h>
#include "every_kind.h"

BPF_PERF_OUTPUT(events);

int syscall__getpgid(struct pt_regs *ctx)
{
	struct every_t e = {};

	FILL_EVERY(e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
