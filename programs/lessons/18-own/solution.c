/*
 * failures: how often each system call failed, by its number and the error.
 */
#include <uapi/linux/ptrace.h>

struct key_t {
	u32 syscall;
	int ret;
};

BPF_HASH(failures, struct key_t);

TRACEPOINT_PROBE(raw_syscalls, sys_exit)
{
	struct key_t key = {};

	if (args->ret >= 0)
		return 0;
	key.syscall = args->id;
	key.ret = args->ret;
	failures.increment(key);
	return 0;
}
