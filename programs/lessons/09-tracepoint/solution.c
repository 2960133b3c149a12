/* Lesson 9: Tracepoints. What to do: hotprobe lesson 9 */
#include <uapi/linux/ptrace.h>

struct event_t {
	u32 parent;
	u32 child;
};

BPF_PERF_OUTPUT(events);

TRACEPOINT_PROBE(sched, sched_process_fork)
{
	struct event_t event = {};

	event.parent = args->parent_pid;
	event.child = args->child_pid;
	events.perf_submit(args, &event, sizeof(event));
	return 0;
}
