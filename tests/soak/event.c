/* SPDX-License-Identifier: Apache-2.0 */
/* The traced program of a soak: an event for each getppid(2), numbered for each process. */
struct event {
	u64 number; /* from 1 */
	u64 time;
	u64 twice; /* 2 * number, and its complement: a torn record shows */
	u64 complement;
	u32 pid;
	u32 cpu;
	char comm[16];
	u64 reserved;
};

BPF_PERF_OUTPUT(events);
BPF_HASH(made, u32, u64, 16);

TRACEPOINT_PROBE(syscalls, sys_enter_getppid)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 zero = 0, *number = made.lookup_or_try_init(&pid, &zero);
	struct event e = {};

	if (!number)
		return 0;
	/* No one but this process changes it. */
	e.number = ++*number;
	e.time = bpf_ktime_get_ns();
	e.twice = 2 * e.number;
	e.complement = ~e.number;
	e.pid = pid;
	e.cpu = bpf_get_smp_processor_id();
	bpf_get_current_comm(e.comm, sizeof(e.comm));
	events.perf_submit(args, &e, sizeof(e));
	return 0;
}
