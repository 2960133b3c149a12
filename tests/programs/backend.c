/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that may be kprobes or trampolines: whichever they are, each record has to be the same.
 */
#include <linux/fs.h>
#include <uapi/linux/ptrace.h>

struct event {
	u32 pid;
	char probe[20];
	u64 args[6];
	u64 ip;
	u64 function;
	u64 result;
	char name[16];
};

BPF_PERF_OUTPUT(events);
BPF_HASH(inside, u32, u64);

static inline void begin(struct event *e)
{
	e->pid = bpf_get_current_pid_tgid() >> 32;
}

/* An int, a pointer that is followed; 1 is returned, which a tracing program may not. */
int kprobe__do_unlinkat(struct pt_regs *ctx, int dfd, struct filename *name)
{
	struct event e = {.probe = "do_unlinkat"};
	const char *path = name->name;

	begin(&e);
	e.ip = PT_REGS_IP(ctx);
	e.function = bpf_get_func_ip(ctx);
	e.args[0] = dfd;
	e.args[1] = (u64)name;
	bpf_probe_read_kernel_str(e.name, sizeof(e.name), path);
	events.perf_submit(ctx, &e, sizeof(e));
	return 1;
}

int kretprobe__do_unlinkat(struct pt_regs *ctx)
{
	struct event e = {.probe = "do_unlinkat_ret"};

	begin(&e);
	e.function = bpf_get_func_ip(ctx);
	e.result = PT_REGS_RC(ctx);
	e.args[0] = (int)PT_REGS_RC(ctx);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

/* Six arguments, and a result of 8 bytes. */
int kprobe__ksys_mmap_pgoff(struct pt_regs *ctx, unsigned long addr, unsigned long len,
			    unsigned long prot, unsigned long flags, unsigned long fd,
			    unsigned long pgoff)
{
	struct event e = {.probe = "mmap", .args = {addr, len, prot, flags, fd, pgoff}};

	begin(&e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__ksys_mmap_pgoff(struct pt_regs *ctx)
{
	struct event e = {.probe = "mmap_ret", .result = PT_REGS_RC(ctx)};

	begin(&e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

/* Pointers as numbers; arguments of 2 bytes and 1; a table. */
int kprobe__vfs_create(struct pt_regs *ctx, void *idmap, struct inode *dir, struct dentry *dentry,
		       umode_t mode, bool exclusive)
{
	struct event e = {.probe = "vfs_create"};
	u64 mixed = PT_REGS_PARM2(ctx) ^ PT_REGS_PARM3(ctx);
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	inside.update(&pid, &mixed);
	begin(&e);
	e.ip = PT_REGS_IP(ctx);
	e.function = mixed;
	e.args[0] = (u64)idmap;
	e.args[1] = (u64)dir >> 4;
	e.args[2] = (u64)dentry | 1;
	e.args[3] = mode;
	e.args[4] = exclusive;
	e.args[5] = dir->i_ino;
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__vfs_create(struct pt_regs *ctx)
{
	struct event e = {.probe = "vfs_create_ret", .result = PT_REGS_RC(ctx)};
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *mixed = inside.lookup(&pid);

	if (!mixed)
		return 0;
	begin(&e);
	e.args[0] = *mixed;
	events.perf_submit(ctx, &e, sizeof(e));
	inside.delete(&pid);
	return 0;
}

/* A result of 1 byte. */
int kprobe__capable(struct pt_regs *ctx, int capability)
{
	struct event e = {.probe = "capable", .args = {capability}};

	begin(&e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__capable(struct pt_regs *ctx)
{
	struct event e = {.probe = "capable_ret", .result = (bool)PT_REGS_RC(ctx)};

	begin(&e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

/* A system call, by its function of the kernel. */
int syscall__copy_file_range(struct pt_regs *ctx, int in, void *off_in, int out, void *off_out,
			     size_t length, unsigned int flags)
{
	struct event e = {.probe = "copy"};

	begin(&e);
	e.args[0] = in;
	e.args[1] = (u64)off_in;
	e.args[2] = out;
	e.args[3] = (u64)off_out;
	e.args[4] = length;
	e.args[5] = flags;
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}

int kretprobe__sys_copy_file_range(struct pt_regs *ctx)
{
	struct event e = {.probe = "copy_ret", .result = PT_REGS_RC(ctx)};

	begin(&e);
	events.perf_submit(ctx, &e, sizeof(e));
	return 0;
}
