/* SPDX-License-Identifier: Apache-2.0 */
/* A ring buffer: enums of the kernel and of the source in one event. */
#include <linux/sched.h>
#include <linux/cgroup.h>
#include <linux/signal.h>
BPF_RINGBUF_OUTPUT(buffer, 1 << 4);
enum my_kind { A, B };
struct event {
	enum my_kind k;
	int sig;
	u32 pid;
	u64 cg;
	enum pid_type t;
	kuid_t uid;
};
TRACEPOINT_PROBE(signal, signal_generate)
{
	struct event *e = buffer.ringbuf_reserve(sizeof(struct event));
	if (!e)
		return 1;
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	e->sig = args->sig;
	e->cg = t->cgroups->dfl_cgrp->kn->id;
	e->t = PIDTYPE_PID;
	e->uid = t->cred->uid;
	if (args->sig == SIGKILL || args->code == SI_USER)
		e->k = B;
	buffer.ringbuf_submit(e, 0);
	return 0;
}
int kprobe__send_signal_locked(struct pt_regs *ctx, int sig, struct kernel_siginfo *info)
{
	bpf_trace_printk("%d\n", info->si_pid);
	return info->si_code;
}
