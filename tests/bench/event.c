/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traced program for hotprobe and BCC: an event of SIZE bytes for each getppid(2).
 *
 * BCC's programs filter by themselves, hence TRACED. hotprobe is told whom to trace when it runs.
 */
#include "event.h"

BPF_PERF_OUTPUT(events);
#if SIZE > 512
/* More than the stack has. */
BPF_PERCPU_ARRAY(room, struct event, 1);
#endif

TRACEPOINT_PROBE(syscalls, sys_enter_getppid)
{
	u64 id = bpf_get_current_pid_tgid();

#ifdef TRACED
	if (!(TRACED(id >> 32)))
		return 0;
#endif
#if SIZE > 512
	int zero = 0;
	struct event *e = room.lookup(&zero);

	if (!e)
		return 0;
#else
	struct event on_stack = {}, *e = &on_stack;
#endif
	e->time = bpf_ktime_get_ns();
	e->pid = id >> 32;
	e->tid = id;
#if SIZE > 16
	e->flags = 0x8000;
	e->inode = 123456789;
	e->uid = bpf_get_current_uid_gid();
	e->ret = -2;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
#endif
	events.perf_submit(args, e, sizeof(*e));
	return 0;
}
