/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "tracefs.h"

enum backend backend_choose(struct hotprobe *hp, const struct target *target)
{
	switch (target->kind) {
	case PROBE_TRACEPOINT:
		return BACKEND_TRACEPOINT;
	case PROBE_RAW_TRACEPOINT:
		return BACKEND_RAW_TRACEPOINT;
	case PROBE_SYSCALL:
	case PROBE_SYSCALL_RET:
		if (kernel_backend(hp) == HOTPROBE_BACKEND_TRACEPOINT)
			return BACKEND_SYSCALL_TRACEPOINT;
		return BACKEND_KPROBE;
	default:
		return BACKEND_KPROBE;
	}
}

/* A diagnostic at the function's definition. */
#define link_fail(link, err, hint, ...)                                                            \
	fail_at((link)->program->hp, err,                                                          \
		image_str(&(link)->program->hp->image, (link)->program->image->file),              \
		(link)->program->image->line, (link)->program->image->column, hint, __VA_ARGS__)

static int link_fail_errno(struct hotprobe_link *link, int err)
{
	if (err == -EPERM || err == -EACCES)
		return link_fail(link, err,
				 "run it as root, or with CAP_BPF and CAP_PERFMON; kernel "
				 "lockdown or perf_event_paranoid may forbid it too",
				 "cannot attach %s to %s: %s", link->program->name,
				 link->target_text, strerror(-err));
	return link_fail(link, err, "", "cannot attach %s to %s: %s", link->program->name,
			 link->target_text, strerror(-err));
}

/* Opens a perf event that runs the program. It fires on every CPU, wherever it was opened. */
static int open_perf_event(struct perf_event_attr *attr, int prog_fd)
{
	int fd, err;

	attr->size = sizeof(*attr);
	fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* ---- kprobe and kretprobe, by the perf PMU: nothing of them stays behind in tracefs
 * -------------- */

/* The bit of perf_event_attr.config that asks for a return probe: "config:0". */
static int retprobe_bit(void)
{
	char *text =
		kernel_read_file(AT_FDCWD, "/sys/bus/event_source/devices/kprobe/format/retprobe");
	int bit = 0;

	if (text && sscanf(text, "config:%d", &bit) != 1)
		bit = 0;
	free(text);
	return bit;
}

static int no_kprobes(struct hotprobe_link *link)
{
	if (link->target.kind == PROBE_SYSCALL || link->target.kind == PROBE_SYSCALL_RET)
		return link_fail(link, -EOPNOTSUPP,
				 "leave the choice to hotprobe (--backend auto): syscalls have "
				 "tracepoints",
				 "cannot attach %s to %s: this kernel has no kprobes "
				 "(CONFIG_KPROBES)",
				 link->program->name, link->target_text);
	return link_fail(link, -EOPNOTSUPP,
			 "use a tracepoint (TRACEPOINT_PROBE, RAW_TRACEPOINT_PROBE) or a syscall "
			 "(syscall__NAME) instead, or a kernel with CONFIG_KPROBES",
			 "cannot attach %s to %s: this kernel has no kprobes (CONFIG_KPROBES)",
			 link->program->name, link->target_text);
}

static int attach_kprobe(struct hotprobe_link *link, int prog_fd, char **attached_text)
{
	const struct target *t = &link->target;
	bool is_return = t->kind == PROBE_KRETPROBE || t->kind == PROBE_SYSCALL_RET;
	int type = kernel_pmu_type("kprobe"), fd;
	struct perf_event_attr attr = {.type = type};
	char function[256];

	if (type < 0)
		return no_kprobes(link);
	if (t->kind == PROBE_SYSCALL || t->kind == PROBE_SYSCALL_RET) {
		fd = hotprobe_syscall_fnname(t->name, function, sizeof(function));
		if (fd < 0)
			return link_fail_errno(link, fd);
	} else if (snprintf(function, sizeof(function), "%s", t->name) >= (int)sizeof(function)) {
		return link_fail_errno(link, -ENAMETOOLONG);
	}
	attr.config = is_return ? 1ULL << retprobe_bit() : 0;
	attr.kprobe_func = (uintptr_t)function;
	attr.probe_offset = t->offset;
	fd = open_perf_event(&attr, prog_fd);
	if (fd == -ENOENT || fd == -EINVAL)
		return link_fail(link, fd,
				 "look for it in /proc/kallsyms: it may be inlined, renamed, or "
				 "not allowed for probes",
				 "cannot attach %s: the kernel has no function %s to probe",
				 link->program->name, function);
	if (fd < 0)
		return link_fail_errno(link, fd);
	if (asprintf(attached_text, "%s %s", is_return ? "kretprobe" : "kprobe", function) < 0)
		*attached_text = NULL;
	return fd;
}

/* ---- Tracepoints
 * ----------------------------------------------------------------------------------- */

/* An event of the category whose name holds the wanted one, or is held by it: a suggestion. */
static bool find_like(struct hotprobe *hp, const char *category, const char *wanted, char *found,
		      size_t size)
{
	char path[512];
	int root = tracefs_fd(hp), fd;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "events/%s", category);
	fd = root < 0 ? -1 : openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	found[0] = '\0';
	while (dir && !found[0] && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    (strstr(entry->d_name, wanted) || strstr(wanted, entry->d_name)))
			snprintf(found, size, "%s", entry->d_name);
	if (dir)
		closedir(dir);
	return found[0];
}

static int no_such_event(struct hotprobe_link *link, const char *category, const char *event)
{
	struct hotprobe *hp = link->program->hp;
	char like[256], hint[512];

	if (find_like(hp, category, event, like, sizeof(like)))
		snprintf(hint, sizeof(hint), "there is %s:%s", category, like);
	else
		snprintf(hint, sizeof(hint),
			 "see /sys/kernel/tracing/events (mount -t tracefs tracefs "
			 "/sys/kernel/tracing)");
	return link_fail(link, -ENOENT, hint,
			 "cannot attach %s: the kernel has no tracepoint %s:%s",
			 link->program->name, category, event);
}

static int no_such_syscall(struct hotprobe_link *link, const char *wanted)
{
	struct hotprobe *hp = link->program->hp;
	char like[256], hint[512];

	if (find_like(hp, "syscalls", wanted, like, sizeof(like)) &&
	    !strncmp(like, "sys_enter_", 10))
		snprintf(hint, sizeof(hint), "there is a syscall %s", like + 10);
	else if (find_like(hp, "syscalls", wanted, like, sizeof(like)) &&
		 !strncmp(like, "sys_exit_", 9))
		snprintf(hint, sizeof(hint), "there is a syscall %s", like + 9);
	else
		snprintf(hint, sizeof(hint),
			 "see the names in /sys/kernel/tracing/events/syscalls");
	return link_fail(link, -ENOENT, hint, "cannot attach %s: the kernel has no syscall %s",
			 link->program->name, wanted);
}

static int no_tracefs(struct hotprobe_link *link, int err)
{
	return link_fail(link, err == -EACCES ? -EPERM : err,
			 "mount it: mount -t tracefs tracefs /sys/kernel/tracing",
			 "cannot attach %s to %s: tracefs cannot be opened: %s",
			 link->program->name, link->target_text, strerror(-err));
}

static int open_tracepoint(struct hotprobe_link *link, int prog_fd, const char *category,
			   const char *event)
{
	struct hotprobe *hp = link->program->hp;
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	int err = tracefs_fd(hp);
	char *id;

	if (err < 0)
		return no_tracefs(link, err);
	err = tracefs_read_event(hp, category, event, "id", &id);
	if (err)
		return err;
	attr.config = strtoull(id, NULL, 10);
	free(id);
	return open_perf_event(&attr, prog_fd);
}

static void set_tracepoint_text(char **text, const char *category, const char *event)
{
	if (asprintf(text, "tracepoint %s:%s", category, event) < 0)
		*text = NULL;
}

static int attach_tracepoint(struct hotprobe_link *link, int prog_fd, char **attached_text)
{
	const struct target *t = &link->target;
	int fd = open_tracepoint(link, prog_fd, t->group, t->name);

	if (fd == -ENOENT)
		return no_such_event(link, t->group, t->name);
	if (fd == -EACCES)
		return link_fail(link, fd,
				 "compare it with the tracepoint's format file in tracefs",
				 "cannot attach %s: it reads beyond the record of %s:%s",
				 link->program->name, t->group, t->name);
	if (fd < 0)
		return link_fail_errno(link, fd);
	set_tracepoint_text(attached_text, t->group, t->name);
	return fd;
}

static int attach_syscall_tracepoint(struct hotprobe_link *link, int prog_fd, char **attached_text)
{
	const struct target *t = &link->target;
	char event[256];
	int fd;

	snprintf(event, sizeof(event), "%s%s",
		 t->kind == PROBE_SYSCALL_RET ? "sys_exit_" : "sys_enter_", t->name);
	fd = open_tracepoint(link, prog_fd, "syscalls", event);
	if (fd == -ENOENT)
		return no_such_syscall(link, t->name);
	if (fd == -EACCES)
		return link_fail(link, fd,
				 "give the function no more parameters than the syscall has",
				 "cannot attach %s: it reads more arguments than %s has",
				 link->program->name, t->name);
	if (fd < 0)
		return link_fail_errno(link, fd);
	set_tracepoint_text(attached_text, "syscalls", event);
	return fd;
}

static int attach_raw_tracepoint(struct hotprobe_link *link, int prog_fd, char **attached_text)
{
	const char *event = link->target.name;
	int fd = bpf_raw_tracepoint_open(event, prog_fd);

	if (fd < 0)
		fd = -errno;
	if (fd == -ENOENT)
		return link_fail(link, fd, "a raw tracepoint is named without its category",
				 "cannot attach %s: the kernel has no raw tracepoint %s",
				 link->program->name, event);
	if (fd == -EINVAL)
		return link_fail(link, fd, "read no more of ctx->args than the tracepoint has",
				 "cannot attach %s: it does not fit raw tracepoint %s",
				 link->program->name, event);
	if (fd < 0)
		return link_fail_errno(link, fd);
	if (asprintf(attached_text, "raw tracepoint %s", event) < 0)
		*attached_text = NULL;
	return fd;
}

int backend_attach(struct hotprobe_link *link, int prog_fd, char **attached_text)
{
	switch (link->backend) {
	case BACKEND_TRACEPOINT:
		return attach_tracepoint(link, prog_fd, attached_text);
	case BACKEND_SYSCALL_TRACEPOINT:
		return attach_syscall_tracepoint(link, prog_fd, attached_text);
	case BACKEND_RAW_TRACEPOINT:
		return attach_raw_tracepoint(link, prog_fd, attached_text);
	default:
		return attach_kprobe(link, prog_fd, attached_text);
	}
}
