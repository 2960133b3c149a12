/* SPDX-License-Identifier: Apache-2.0 */
/* What bench_calls times: the least that a probe does with an argument or a result. */
#include <uapi/linux/ptrace.h>

BPF_ARRAY(hits, u64, 1);

int on_entry(struct pt_regs *ctx)
{
	if (PT_REGS_PARM1(ctx))
		hits.increment(0);
	return 0;
}

int on_return(struct pt_regs *ctx)
{
	if (PT_REGS_RC(ctx))
		hits.increment(0);
	return 0;
}

int syscall__getpgid(struct pt_regs *ctx, int pid)
{
	if (pid == 0)
		hits.increment(0);
	return 0;
}
