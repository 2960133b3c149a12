/* Lesson 12: Which function was it? What to do: hotprobe lesson 12 */
#include <uapi/linux/ptrace.h>

BPF_HASH(calls, u64, u64);

HOTPROBE("uprobe:libc.so.6:getenv")
HOTPROBE("uprobe:libc.so.6:setenv")
HOTPROBE("uprobe:libc.so.6:unsetenv")
int on_environment(struct pt_regs *ctx)
{
	u64 ip = PT_REGS_IP(ctx);

	calls.increment(ip);
	return 0;
}
