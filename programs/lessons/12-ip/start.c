/* Lesson 12: Which function was it? What to do: hotprobe lesson 12 */
#include <uapi/linux/ptrace.h>

BPF_HASH(calls, u64, u64);

/* TODO: attach it to setenv and unsetenv, too. */
HOTPROBE("uprobe:libc.so.6:getenv")
int on_environment(struct pt_regs *ctx)
{
	u64 ip = 0; /* TODO: which function is it? */

	calls.increment(ip);
	return 0;
}
