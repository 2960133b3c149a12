/* SPDX-License-Identifier: Apache-2.0 */
/* Names in unusual places: a macro of no value before a table and a probe, a structure of which the
   source uses nothing but a member that has another name on later kernels, an inline helper, a
   structure that only user space has now. */
#include <linux/fs.h>
#include <linux/dcache.h>
#include <linux/netdevice.h>
#include <net/sock.h>

#ifdef __SETTINGS__
__SETTINGS__
#else
#define SETTINGS
#endif

SETTINGS
BPF_STACK_TRACE(stacks, 1000);
BPF_HASH(sizes, u32, u64);
BPF_HASH(times, u32, struct timeval);

int kprobe__vfs_fsync(struct pt_regs *ctx, struct file *file)
{
	char name[16];

	bpf_probe_read_kernel_str(name, sizeof(name), file->f_path.dentry->d_iname);
	bpf_trace_printk("%s %d\n", name, stacks.get_stackid(ctx, 0));
	return 0;
}

int kretprobe__tcp_current_mss(struct pt_regs *ctx)
{
	struct sock *sk = (void *)PT_REGS_PARM1(ctx);
	u32 size = PT_REGS_RC(ctx);

	if (sk && net_gso_ok(sk->sk_route_caps, sk->sk_gso_type))
		sizes.increment(size);
	return 0;
}

SETTINGS
TRACEPOINT_PROBE(sched, sched_process_exit)
{
	struct timeval now = {.tv_sec = bpf_ktime_get_ns() / NSEC_PER_SEC};
	u32 pid = args->pid;

	sizes.delete(&pid);
	times.update(&pid, &now);
	return 0;
}
