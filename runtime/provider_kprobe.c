/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kprobe:FUNCTION[+OFFSET], kretprobe:FUNCTION; FUNCTION may be a pattern, for all that match. They
 * are perf events of the kprobe PMU: nothing of them stays behind in tracefs when the process is
 * killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "kernel_functions.h"
#include "pattern.h"
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
	bool is_plain = !target->offset && !is_pattern(name);
	const char *syscall = is_plain ? kernel_syscall_of(name) : NULL;

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
	else if (target->offset && is_pattern(name))
		err = (*why = "a pattern cannot have an offset", -EINVAL);
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

static int open_kprobe(const char *function, uint64_t offset, bool is_return, int prog_fd)
{
	struct perf_event_attr attr = {
		.type = kernel_pmu_type("kprobe"),
		.config = is_return ? 1ULL << retprobe_bit() : 0,
		.kprobe_func = (uintptr_t)function,
		.probe_offset = offset,
	};

	return open_probe_event(&attr, prog_fd);
}

static int refused(struct hotprobe_link *link, const char *function, int err)
{
	const char *name = link->program->name;

	switch (-err) {
	case ENOENT:
		return link_fail(link, err,
				 "look for it in /proc/kallsyms: it may be inlined, renamed "
				 "(FUNCTION.isra.0: try a pattern), or in a module that is not "
				 "loaded",
				 "cannot attach %s: the kernel has no function %s", name, function);
	case EADDRNOTAVAIL:
		return link_fail(
			link, err, "probe a function that calls it, or that it calls, instead",
			"cannot attach %s: the kernel has several functions %s", name, function);
	case EILSEQ:
		return link_fail(link, err,
				 "disassemble the function: the offset is that of an instruction's "
				 "first byte",
				 "cannot attach %s to %s: no instruction begins there", name,
				 link->target_text);
	case EINVAL:
		return link_fail(link, err,
				 link->target.offset
					 ? "it may lie beyond the function's end, or the function "
					   "allow no probes (/sys/kernel/debug/kprobes/blacklist)"
					 : "it may be one that ftrace leaves out (see "
					   "/sys/kernel/tracing/available_filter_functions), or "
					   "that probes themselves need "
					   "(/sys/kernel/debug/kprobes/blacklist)",
				 "cannot attach %s to %s: the kernel allows no probe there", name,
				 link->target_text);
	default:
		return link_fail_errno(link, err);
	}
}

/* One perf event for each. (A kernel with BPF_TRACE_KPROBE_MULTI could take all names in one link,
   of a program that was loaded for that.) */
static int attach_to_each(struct hotprobe_link *link, int prog_fd, const struct names *functions,
			  bool is_return)
{
	const char *kind = is_return ? "kretprobe" : "kprobe";
	size_t count = 0;
	int fd, err = 0, last = 0;

	for (size_t i = 0; i < functions->list.count && !err; i++) {
		const char *function = functions->list.at[i];

		fd = open_kprobe(function, 0, is_return, prog_fd);
		note(link->program->hp, HOTPROBE_NOTE, "%s: %s %s%s%s", link->program->name, kind,
		     function, fd < 0 ? ": " : "", fd < 0 ? strerror(-fd) : "");
		if (fd >= 0)
			err = link_hold(link, fd);
		else if (is_refusal_of_place(fd))
			last = fd;
		else
			err = link_fail_errno(link, fd);
		count += fd >= 0;
	}
	return err ? err
		   : link_attached_to_all(link, kind, functions, functions->list.count - count,
					  last);
}

static int attach_pattern(struct hotprobe_link *link, int prog_fd, bool is_return)
{
	struct names functions = {0};
	int err = kernel_find_functions(link->target.name, &functions);

	if (err)
		err = link_fail(link, err, "", "cannot attach %s: cannot read /proc/kallsyms: %s",
				link->program->name, strerror(-err));
	if (!err)
		err = link_check_matches(link, &functions, "kernel function");
	if (!err)
		err = attach_to_each(link, prog_fd, &functions, is_return);
	names_free(&functions);
	return err;
}

int attach_kernel_function(struct hotprobe_link *link, int prog_fd, const char *function,
			   bool is_return)
{
	const char *kind = is_return ? "kretprobe" : "kprobe";
	uint64_t offset = link->target.offset;
	int fd, err;

	if (!kernel_has_kprobes(link->program->hp))
		return no_kprobes(link);
	if (is_pattern(function))
		return attach_pattern(link, prog_fd, is_return);
	fd = open_kprobe(function, offset, is_return, prog_fd);
	if (fd < 0)
		return refused(link, function, fd);
	err = link_hold(link, fd);
	if (err)
		return err;
	if (offset)
		return link_attached_to(link, "%s %s+0x%llx", kind, function,
					(unsigned long long)offset);
	return link_attached_to(link, "%s %s", kind, function);
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
	.context = "struct pt_regs",
	.form = "FUNCTION or FUNCTION+OFFSET or a pattern, vfs_*",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_entry,
};

const struct provider provider_kretprobe = {
	.word = "kretprobe",
	.prefix = "kretprobe__",
	.context = "struct pt_regs",
	.form = "FUNCTION or a pattern, vfs_*",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.attach = attach_return,
};
