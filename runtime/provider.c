/* SPDX-License-Identifier: Apache-2.0 */
/* The list of providers, and what they share. */
#include "provider.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pattern.h"
#include "privilege.h"

enum {
	MATCHES_MAX = 1000, /* as BCC has it: each is a descriptor, and time to detach */
};

const struct provider *const providers[] = {
	&provider_kprobe,      &provider_kretprobe,  &provider_syscall,
	&provider_syscall_ret, &provider_tracepoint, &provider_raw_tracepoint,
	&provider_uprobe,      &provider_uretprobe,  &provider_usdt,
	&provider_kfunc,       &provider_kretfunc,   &provider_fmod_ret,
	&provider_lsm,	       &provider_iter,	     &provider_perf_event,
	&provider_xdp,	       &provider_tc,	     &provider_socket,
	&provider_cgroup,      &provider_sockmap,    NULL,
};

static struct privilege_hint what_is_missing(const struct hotprobe_link *link)
{
	const struct provider *provider = link->target.provider;

	return provider == &provider_uprobe || provider == &provider_uretprobe ||
			       provider == &provider_usdt
		       ? privilege_hint_of_uprobe()
		       : privilege_hint(link->plan.type);
}

int link_fail_errno(struct hotprobe_link *link, int err)
{
	const char *hint = "";

	if (err == -EPERM || err == -EACCES)
		return link_fail(link, -EPERM, what_is_missing(link).text,
				 "cannot attach %s to %s: %s", link->program->name,
				 link->target_text, strerror(-err));
	if (err == -EMFILE)
		hint = "each probe is an open file: raise the limit (ulimit -n)";
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

int link_check_matches(struct hotprobe_link *link, const struct names *names, const char *what)
{
	if (!names->list.count)
		return link_fail(link, -ENOENT,
				 "* stands for any characters, ? for one, [ab] for one of these; "
				 "the pattern is the whole name's",
				 "cannot attach %s: no %s matches %s", link->program->name, what,
				 link->target_text);
	if (names->list.count > MATCHES_MAX)
		return link_fail(link, -E2BIG, "use a narrower pattern, or several",
				 "cannot attach %s: %zu match %s (each a %s), and %d are the most "
				 "that one pattern may attach to",
				 link->program->name, names->list.count, link->target_text, what,
				 MATCHES_MAX);
	return 0;
}

int link_attached_to_all(struct hotprobe_link *link, const char *kind, const struct names *names,
			 size_t refused, int err)
{
	size_t count = names->list.count - refused;

	if (!count)
		return link_fail_errno(link, err);
	if (refused)
		return link_attached_to(link,
					"%s on %zu that match %s; the kernel refuses %zu more",
					kind, count, link->target.name, refused);
	return link_attached_to(link, "%s on %zu that match %s", kind, count, link->target.name);
}

bool is_refusal_of_place(int err)
{
	return err < 0 && err != -EMFILE && err != -ENFILE && err != -ENOMEM && err != -EPERM;
}

static int open_event(struct perf_event_attr *attr)
{
	int fd;

	attr->size = sizeof(*attr);
	/* The CPU is that of the descriptor alone: the probe fires on all of them. */
	fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int open_probe_event(struct perf_event_attr *attr, int prog_fd)
{
	int fd = open_event(attr), err;

	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int open_probe_link(struct perf_event_attr *attr, int prog_fd)
{
	int fd = open_event(attr), link_fd;

	if (fd < 0)
		return fd;
	link_fd = bpf_link_create(prog_fd, fd, BPF_PERF_EVENT, NULL);
	close(fd);
	/* Linux 5.15; an older kernel, or another reason, has to say so itself. */
	return link_fd < 0 ? open_probe_event(attr, prog_fd) : link_fd;
}
