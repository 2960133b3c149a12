/* Lesson 13: How did it get there? What to do: hotprobe lesson 13 */
#include <uapi/linux/ptrace.h>

struct key_t {
	int user_stack;
};

BPF_STACK_TRACE(stacks, 1024);
BPF_HASH(counts, struct key_t, u64);

HOTPROBE("uprobe:libc.so.6:getenv")
int on_getenv(struct pt_regs *ctx)
{
	struct key_t key = {};

	key.user_stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);
	counts.increment(key);
	return 0;
}
