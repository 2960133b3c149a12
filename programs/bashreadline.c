/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bashreadline: every line that is typed into bash.
 *
 *     # hotprobe run bashreadline.c --pid $$
 *         pid line
 *       19661 echo typed by hand
 *       19661 exit 3
 */
#include <uapi/linux/ptrace.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct line_t {
	u32 pid;
	char line[200];
};

BPF_PERF_OUTPUT(lines);

/* readline() returns the line; NULL at the end of the input. */
HOTPROBE("uretprobe:/bin/bash:readline")
int on_readline_return(struct pt_regs *ctx)
{
	const char __user *text = (const char __user *)PT_REGS_RC(ctx);
	struct line_t line = {};

	if (!text)
		return 0;
	line.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_user_str(&line.line, sizeof(line.line), text);
	lines.perf_submit(ctx, &line, sizeof(line));
	return 0;
}
