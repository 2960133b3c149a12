/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kprobe:FUNCTION[+OFFSET], kretprobe:FUNCTION. They are perf events of the kprobe PMU: nothing of
 * them stays behind in tracefs when the process is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "provider.h"
#include "target.h"

/* "FUNC+0x10": cuts the offset off name, which is changed. */
static int parse_offset(char *name, uint64_t *offset)
{
	char *plus = strchr(name, '+'), *end;

	*offset = 0;
	if (!plus)
		return 0;
	*plus++ = '\0';
	errno = 0;
	*offset = strtoull(plus, &end, 0);
	return errno || end == plus || *end || *plus == '-' ? -EINVAL : 0;
}

/* A probe on a syscall's function by any spelling is the syscall: so it works on every backend, and
   "sys_open" means what this kernel calls it, as with BCC's fix_syscall_fnname. */
static int set_function(struct target *target, const char *name)
{
	const char *syscall = target->offset ? NULL : kernel_syscall_of(name);

	if (!syscall)
		return target_set(target, NULL, name);
	target->provider =
		target->provider == &provider_kprobe ? &provider_syscall : &provider_syscall_ret;
	return target_set(target, NULL, syscall);
}

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	char *name = strdup(rest);
	int err;

	(void)from_name;
	if (!name)
		return -ENOMEM;
	err = parse_offset(name, &target->offset);
	if (err)
		*why = "the offset is no number";
	else if (target->offset && target->provider == &provider_kretprobe)
		err = (*why = "only a kprobe can have an offset", -EINVAL);
	else if (!*name)
		err = (*why = "the function is missing", -EINVAL);
	else
		err = set_function(target, name);
	free(name);
	return err;
}

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
	bool is_syscall = link->target.provider == &provider_syscall ||
			  link->target.provider == &provider_syscall_ret;

	return link_fail(link, -EOPNOTSUPP,
			 is_syscall
				 ? "leave the choice to hotprobe (--backend auto): syscalls have "
				   "tracepoints"
				 : "use a tracepoint (TRACEPOINT_PROBE, RAW_TRACEPOINT_PROBE) or a "
				   "syscall (syscall__NAME) instead, or a kernel with "
				   "CONFIG_KPROBES",
			 "cannot attach %s to %s: this kernel has no kprobes (CONFIG_KPROBES)",
			 link->program->name, link->target_text);
}

int attach_kernel_function(struct hotprobe_link *link, int prog_fd, const char *function,
			   bool is_return)
{
	int type = kernel_pmu_type("kprobe"), fd, err;
	struct perf_event_attr attr = {
		.type = type,
		.config = is_return ? 1ULL << retprobe_bit() : 0,
		.kprobe_func = (uintptr_t)function,
		.probe_offset = link->target.offset,
	};

	if (type < 0)
		return no_kprobes(link);
	fd = open_probe_event(&attr, prog_fd);
	if (fd == -ENOENT || fd == -EINVAL)
		return link_fail(link, fd,
				 "look for it in /proc/kallsyms: it may be inlined, renamed, or "
				 "not allowed for probes",
				 "cannot attach %s: the kernel has no function %s to probe",
				 link->program->name, function);
	if (fd < 0)
		return link_fail_errno(link, fd);
	err = link_hold(link, fd);
	return err ? err
		   : link_attached_to(link, "%s %s", is_return ? "kretprobe" : "kprobe", function);
}

static int attach_entry(struct hotprobe_link *link, int prog_fd)
{
	return attach_kernel_function(link, prog_fd, link->target.name, false);
}

static int attach_return(struct hotprobe_link *link, int prog_fd)
{
	return attach_kernel_function(link, prog_fd, link->target.name, true);
}

const struct provider provider_kprobe = {
	.word = "kprobe",
	.prefix = "kprobe__",
	.form = "FUNCTION or FUNCTION+OFFSET",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_entry,
};

const struct provider provider_kretprobe = {
	.word = "kretprobe",
	.prefix = "kretprobe__",
	.form = "FUNCTION",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_return,
};
