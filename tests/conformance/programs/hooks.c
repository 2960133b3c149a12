/* SPDX-License-Identifier: Apache-2.0 */
/* Security hooks, function probes and an iterator in one source. */
#include <linux/fs.h>
#include <linux/bprm.h>
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <uapi/asm-generic/errno.h>
#include <linux/capability.h>
LSM_PROBE(bprm_check_security, struct linux_binprm *bprm)
{
	char c[16];
	bpf_probe_read_kernel_str(c, sizeof(c), (void *)bprm->filename);
	if (bprm->cred->uid.val == 4242)
		return -EPERM;
	return 0;
}
KFUNC_PROBE(do_unlinkat, int dfd, struct filename *name)
{
	const char *p = name->name;
	bpf_trace_printk("%s\n", p);
	return 0;
}
KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, long ret)
{
	if (ret == -ENOENT)
		bpf_trace_printk("no file\n");
	return 0;
}
int kprobe__cap_capable(struct pt_regs *ctx, const struct cred *cred, struct user_namespace *ns,
			int cap)
{
	if (cap == CAP_SYS_ADMIN)
		bpf_trace_printk("%d %d\n", cred->euid.val, ns->level);
	return 0;
}
BPF_ITER(task)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	return 0;
}
