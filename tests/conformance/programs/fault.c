/* SPDX-License-Identifier: Apache-2.0 */
/* Page faults: memory areas, stacks, the OOM killer. */
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/kallsyms.h>
#include <linux/oom.h>
#include <linux/slab.h>
BPF_STACK_TRACE(stacks, 1024);
struct k {
	int s;
	u64 size;
};
BPF_HASH(cnt, struct k);
int kprobe__handle_mm_fault(struct pt_regs *ctx, struct vm_area_struct *vma, unsigned long address,
			    unsigned int flags)
{
	struct k k = {};
	k.s = stacks.get_stackid(ctx, BPF_F_REUSE_STACKID);
	k.size = (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
	if (vma->vm_flags & VM_WRITE && flags & FAULT_FLAG_WRITE)
		cnt.increment(k);
	struct file *f = vma->vm_file;
	if (f)
		bpf_trace_printk("%s %lu\n", f->f_path.dentry->d_name.name, vma->vm_mm->pgd);
	return 0;
}
int kprobe__oom_kill_process(struct pt_regs *ctx, struct oom_control *oc, const char *message)
{
	struct task_struct *p = oc->chosen;
	bpf_trace_printk("%d %lu\n", p->pid, oc->totalpages);
	return 0;
}
int kretprobe__handle_mm_fault(struct pt_regs *ctx)
{
	return PT_REGS_RC(ctx) & VM_FAULT_MAJOR;
}
