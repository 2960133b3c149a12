/* SPDX-License-Identifier: Apache-2.0 */
/* Reads by file name: dentries, inodes, kernel-only constants. */
#include <linux/fs.h>
#include <linux/dcache.h>
#include <linux/sched.h>
#include <linux/path.h>
struct key_t {
	u32 pid;
	char name[DNAME_INLINE_LEN];
	char comm[TASK_COMM_LEN];
	u64 ino;
	u32 dev;
};
BPF_HASH(counts, struct key_t);
BPF_HISTOGRAM(dist, int, 65);
int kprobe__vfs_read(struct pt_regs *ctx, struct file *file, char __user *buf, size_t count,
		     loff_t *pos)
{
	struct key_t k = {};
	struct dentry *de = file->f_path.dentry;
	struct inode *inode = file->f_inode;
	if (!S_ISREG(inode->i_mode))
		return 0;
	struct qstr q = de->d_name;
	if (q.len == 0)
		return 0;
	k.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_kernel(&k.name, sizeof(k.name), q.name);
	k.ino = inode->i_ino;
	k.dev = inode->i_sb->s_dev;
	if (MAJOR(k.dev) == 8)
		return 0;
	if (file->f_flags & O_DIRECT || file->f_mode & FMODE_WRITE)
		return 0;
	bpf_get_current_comm(&k.comm, sizeof(k.comm));
	counts.increment(k);
	dist.increment(bpf_log2l(count));
	if (inode->i_sb->s_magic == EXT4_SUPER_MAGIC)
		return 0;
	return 0;
}
