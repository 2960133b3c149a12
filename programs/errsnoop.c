/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errsnoop: every system call that fails, and with which error.
 *
 *     # hotprobe run errsnoop.c -- ls /nosuch
 *         pid comm            syscall              ret
 *       13675 ls              access            ENOENT
 *       13675 ls              statfs            ENOENT
 *       13675 ls              statfs            ENOENT
 *       13675 ls              access            ENOENT
 *       13675 ls              ioctl             ENOTTY
 *       13675 ls              statx             ENOENT
 *       13675 ls              statx             ENOENT
 *     ls: cannot access '/nosuch': No such file or directory
 *
 * Much of what fails is no fault: programs look for files where they may be.
 */
#include <linux/sched.h>

struct error_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	u32 syscall;
	int ret;
};

BPF_PERF_OUTPUT(errors);

TRACEPOINT_PROBE(raw_syscalls, sys_exit)
{
	struct error_t error = {};

	if (args->ret >= 0 || args->ret < -4095)
		return 0;
	error.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(&error.comm, sizeof(error.comm));
	error.syscall = args->id;
	error.ret = args->ret;
	errors.perf_submit(args, &error, sizeof(error));
	return 0;
}
