/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello: one line for every program that is started. The smallest program that sends events.
 *
 *     # hotprobe run hello.c -- sh -c '(sleep 1); uname >/dev/null'
 *         pid comm
 *       29011 sh
 *       29012 sleep
 *       29013 uname
 */
struct hello_t {
	u32 pid;
	char comm[16];
};

BPF_PERF_OUTPUT(hellos);

TRACEPOINT_PROBE(sched, sched_process_exec)
{
	struct hello_t hello = {};

	hello.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&hello.comm, sizeof(hello.comm));
	hellos.perf_submit(args, &hello, sizeof(hello));
	return 0;
}
