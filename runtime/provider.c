/* SPDX-License-Identifier: Apache-2.0 */
/* The list of providers, and what they share. */
#include "provider.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct provider *const providers[] = {
	&provider_kprobe,
	&provider_kretprobe,
	&provider_syscall,
	&provider_syscall_ret,
	&provider_tracepoint,
	&provider_raw_tracepoint,
	NULL,
};

int link_fail_errno(struct hotprobe_link *link, int err)
{
	const char *hint = "";

	if (err == -EPERM || err == -EACCES)
		hint = "run it as root, or with CAP_BPF and CAP_PERFMON; kernel lockdown or "
		       "perf_event_paranoid may forbid it too";
	return link_fail(link, err, hint, "cannot attach %s to %s: %s", link->program->name,
			 link->target_text, strerror(-err));
}

int link_hold(struct hotprobe_link *link, int fd)
{
	if (!array_push(&link->fds, fd))
		return 0;
	close(fd);
	return fail(link->program->hp, -ENOMEM, "out of memory");
}

int link_attached_to(struct hotprobe_link *link, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	free(link->attached_text);
	link->attached_text = text;
	return text ? 0 : fail(link->program->hp, -ENOMEM, "out of memory");
}

int open_probe_event(struct perf_event_attr *attr, int prog_fd)
{
	int fd, err;

	attr->size = sizeof(*attr);
	/* The CPU is that of the descriptor alone: the probe fires on all of them. */
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
