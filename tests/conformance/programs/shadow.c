/* SPDX-License-Identifier: Apache-2.0 */
/* Structs, tables, functions and variables named like the kernel's. */
#include <linux/sched.h>
#include <linux/fs.h>
/* own names that clash with kernel ones */
struct mount {
	struct hlist_node mnt_hash;
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
};
struct qstr {
	u32 hash;
	u32 len;
	const unsigned char *name;
};
enum event_type { CPU_ENTRY, EVENT_MAX };
typedef struct {
	u64 a;
} config_t;
struct config {
	int a;
};
BPF_HASH(config, u32, struct config);
BPF_ARRAY(request, u64, 10);
static inline int file(int inode)
{
	return inode + 1;
}
int kprobe__do_exit(struct pt_regs *ctx, long code)
{
	u32 page = 0;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	int current = 5;
	u64 task_struct = 1;
	struct config *c = config.lookup(&page);
	struct list_head *lh = &task->tasks;
	struct task_struct *t = container_of(lh, struct task_struct, tasks);
	if (c)
		c->a = file(t->pid);
	struct dentry *d = task->fs->pwd.dentry;
	struct path path = task->fs->root;
	bpf_trace_printk("%d %s\n", task->signal->nr_threads, d->d_name.name);
	int min = 3, max = 4, swap = 5;
	return min + max + swap + current + task_struct;
}
