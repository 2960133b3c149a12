/* SPDX-License-Identifier: Apache-2.0 */
/* A raw tracepoint that walks from a task to its namespaces. */
#include <linux/sched.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/utsname.h>
struct rq;
struct data_t {
	u32 pid, ppid, ns, cpu;
	s64 delta;
	char uts[64];
	u64 rss;
};
BPF_HASH(start, u32);
BPF_PERF_OUTPUT(out);
RAW_TRACEPOINT_PROBE(sched_switch)
{
	struct task_struct *prev = (struct task_struct *)ctx->args[1];
	struct task_struct *next = (struct task_struct *)ctx->args[2];
	struct data_t d = {};
	u64 ts = bpf_ktime_get_ns();
	long state;
#if HOTPROBE_HAS_FIELD(task_struct, __state)
	state = prev->__state;
#else
	state = prev->state;
#endif
	if (state == TASK_RUNNING) {
		u32 p = prev->pid;
		start.update(&p, &ts);
	}
	d.pid = next->pid;
	d.ppid = next->real_parent->tgid;
	d.ns = next->nsproxy->pid_ns_for_children->ns.inum;
	bpf_probe_read_kernel_str(&d.uts, sizeof(d.uts), next->nsproxy->uts_ns->name.nodename);
	if (next->flags & PF_KTHREAD)
		return 0;
	d.rss = next->mm->total_vm << PAGE_SHIFT;
	out.perf_submit(ctx, &d, sizeof(d));
	start.delete(&d.pid);
	return 0;
}
