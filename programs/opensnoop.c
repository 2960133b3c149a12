/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opensnoop: every open(), openat() and openat2(), with its result and how long it took.
 *
 *     # hotprobe run opensnoop.c -- cat /etc/hostname
 *         pid     uid comm            fname                   flags     ret   delta_ns
 *       30896       0 cat             /etc/ld.so.cache      0x80000       3     8.08us
 *       30896       0 cat             /lib/x86_64-linux-gn… 0x80000       3     7.72us
 *       30896       0 cat             /etc/hostname             0x0       3     6.89us
 *     myhost
 *
 * flags are those of open(2): 0x80000 is O_CLOEXEC. ret is the new descriptor, or the error.
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>
#include <linux/limits.h>
#include <uapi/linux/openat2.h>

/* What the entry of a call leaves for its return. */
struct val_t {
	u64 start_ns;
	const char __user *fname;
	int flags;
};

/* What is sent for each call. */
struct event_t {
	u32 pid;
	u32 uid;
	char comm[TASK_COMM_LEN];
	char fname[NAME_MAX];
	int flags;
	int ret;
	u64 delta_ns;
};

/* Keyed by thread: a thread is in one system call at a time. */
BPF_HASH(infotmp, u64, struct val_t);
BPF_PERF_OUTPUT(open_events);

static int remember(const char __user *filename, int flags)
{
	u64 id = bpf_get_current_pid_tgid();
	struct val_t val = {};

	val.start_ns = bpf_ktime_get_ns();
	val.fname = filename;
	val.flags = flags;
	infotmp.update(&id, &val);
	return 0;
}

/*
 * The entries. A function called syscall__NAME gets the system call's own arguments after ctx.
 * hotprobe attaches it by that name; BCC's Python wants it said:
 *     b.attach_kprobe(event=b.get_syscall_fnname("open"), fn_name="syscall__open")
 */
int syscall__open(struct pt_regs *ctx, const char __user *filename, int flags)
{
	return remember(filename, flags);
}

int syscall__openat(struct pt_regs *ctx, int dfd, const char __user *filename, int flags)
{
	return remember(filename, flags);
}

int syscall__openat2(struct pt_regs *ctx, int dfd, const char __user *filename,
		     struct open_how __user *how)
{
	u64 flags = 0;

	bpf_probe_read_user(&flags, sizeof(flags), &how->flags);
	return remember(filename, flags);
}

static int send(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	struct val_t *val = infotmp.lookup(&id);
	struct event_t event = {};

	if (!val)
		return 0; /* the call was entered before the entry was attached */
	event.pid = id >> 32;
	event.uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(&event.comm, sizeof(event.comm));
	/* Only now: the kernel has read the name, so its page is in memory. */
	bpf_probe_read_user_str(&event.fname, sizeof(event.fname), val->fname);
	event.flags = val->flags;
	event.ret = PT_REGS_RC(ctx);
	event.delta_ns = bpf_ktime_get_ns() - val->start_ns;
	open_events.perf_submit(ctx, &event, sizeof(event));
	infotmp.delete(&id);
	return 0;
}

/*
 * The returns. In kretprobe__sys_NAME, as in BCC, sys_ stands for whatever this kernel puts before
 * the names of its system calls (__x64_sys_ on x86-64). hotprobe also takes syscall_ret__NAME for
 * the same, as the counterpart to syscall__NAME; BCC does not, so it is not used here.
 */
int kretprobe__sys_open(struct pt_regs *ctx)
{
	return send(ctx);
}

int kretprobe__sys_openat(struct pt_regs *ctx)
{
	return send(ctx);
}

int kretprobe__sys_openat2(struct pt_regs *ctx)
{
	return send(ctx);
}
