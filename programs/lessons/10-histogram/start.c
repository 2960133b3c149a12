/* Lesson 10: Bars instead of lines. What to do: hotprobe lesson 10 */
#include <uapi/linux/ptrace.h>

BPF_HISTOGRAM(sizes);

/* TODO: which arguments does it need to see count? */
int syscall__write(struct pt_regs *ctx)
{
	/* TODO: count it in sizes. */
	return 0;
}
