/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filetop: reads and writes by process and file.
 *
 *     # hotprobe run filetop.c -- cat /etc/hostname
 *     vm
 *     files:
 *      pid comm file         read_bytes written_bytes reads writes
 *     9491 cat  locale.alias       2996             0     2      0
 *     9491 cat  libc.so.6          2400             0     3      0
 *     9491 cat  hostname              3             0     2      0
 *     9491 cat                        0             3     0      1
 *
 * With --interval 1 --clear it is a top(1) of files. read, pread64, write and pwrite64 are counted;
 * file is the last part of the name, or what the kernel calls a pipe or a socket.
 */
#include <linux/sched.h>
#include <linux/fs.h>
#include <linux/fdtable.h>
#include <linux/dcache.h>

struct key_t {
	u32 pid;
	char comm[TASK_COMM_LEN];
	char file[64];
};

struct count_t {
	u64 read_bytes;
	u64 written_bytes;
	u32 reads;
	u32 writes;
};

struct call_t {
	u32 fd;
	u32 write;
};

BPF_HASH(calls, u64, struct call_t);
BPF_HASH(files, struct key_t, struct count_t);

static int enter(u32 fd, u32 write)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t call = {.fd = fd, .write = write};

	calls.update(&id, &call);
	return 0;
}

static void name_of(u32 fd, char *name, u32 size)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = task->files->fdt;
	struct file **files = table->fd;
	struct file *file;

	if (fd >= table->max_fds)
		return;
	file = files[fd];
	if (file)
		bpf_probe_read_kernel_str(name, size, file->f_path.dentry->d_name.name);
}

static int leave(long ret)
{
	u64 id = bpf_get_current_pid_tgid();
	struct call_t *call = calls.lookup(&id);
	struct count_t zero = {}, *count;
	struct key_t key = {};

	if (!call)
		return 0;
	if (ret >= 0) {
		key.pid = id >> 32;
		bpf_get_current_comm(&key.comm, sizeof(key.comm));
		name_of(call->fd, key.file, sizeof(key.file));
		count = files.lookup_or_try_init(&key, &zero);
		if (count && call->write) {
			__sync_fetch_and_add(&count->writes, 1);
			__sync_fetch_and_add(&count->written_bytes, ret);
		} else if (count) {
			__sync_fetch_and_add(&count->reads, 1);
			__sync_fetch_and_add(&count->read_bytes, ret);
		}
	}
	calls.delete(&id);
	return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_read)
{
	return enter(args->fd, 0);
}

TRACEPOINT_PROBE(syscalls, sys_enter_pread64)
{
	return enter(args->fd, 0);
}

TRACEPOINT_PROBE(syscalls, sys_enter_write)
{
	return enter(args->fd, 1);
}

TRACEPOINT_PROBE(syscalls, sys_enter_pwrite64)
{
	return enter(args->fd, 1);
}

TRACEPOINT_PROBE(syscalls, sys_exit_read)
{
	return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_pread64)
{
	return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_write)
{
	return leave(args->ret);
}

TRACEPOINT_PROBE(syscalls, sys_exit_pwrite64)
{
	return leave(args->ret);
}
