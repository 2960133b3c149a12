/* Lesson 1: Say hello. What to do: hotprobe lesson 1 */
#include <uapi/linux/ptrace.h>

int syscall__openat(struct pt_regs *ctx)
{
	bpf_trace_printk("hello, world\n");
	return 0;
}
