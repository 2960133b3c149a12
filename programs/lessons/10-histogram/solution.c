/* Lesson 10: Bars instead of lines. What to do: hotprobe lesson 10 */
#include <uapi/linux/ptrace.h>

BPF_HISTOGRAM(sizes);

int syscall__write(struct pt_regs *ctx, int fd, const char __user *buf, size_t count)
{
	sizes.increment(bpf_log2l(count));
	return 0;
}
