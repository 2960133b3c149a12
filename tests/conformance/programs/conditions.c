/* SPDX-License-Identifier: Apache-2.0 */
/* #if: versions, configuration symbols, members and enumerators of this kernel. */
#include <linux/version.h>
#include <linux/sched.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(4, 0, 0)
struct task_struct {
	int wrong;
};
#define TASK_COMM_LEN 99
#endif
#ifndef NSEC_PER_SEC
#define NSEC_PER_SEC 1000000000ULL
#endif
#ifdef CONFIG_SMP
#define SMP 1
#else
#error no smp
#endif
#if IS_ENABLED(CONFIG_NET)
int net;
#endif
#if !IS_ENABLED(CONFIG_NET) || IS_ENABLED(CONFIG_NO_SUCH_THING)
#error bad IS_ENABLED
#endif
#if !HOTPROBE_HAS_FIELD(task_struct, pid) || HOTPROBE_HAS_FIELD(task_struct, nonesuch) ||          \
	!HOTPROBE_HAS_TYPE(sock)
#error bad has
#endif
#if !HOTPROBE_HAS_ENUMERATOR(TCP_CLOSE)
#error bad enumerator
#endif
int kprobe__x(struct pt_regs *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	char c[TASK_COMM_LEN];
	_Static_assert(sizeof(c) == 16, "16");
	return t->pid + CONFIG_HZ + NSEC_PER_SEC;
}
