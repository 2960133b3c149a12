/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kprobe:FUNCTION[+OFFSET], kretprobe:FUNCTION; FUNCTION may be a pattern, for all that match. The
 * cheapest way that the kernel has and the program allows is taken: a trampoline, a multi-kprobe
 * for a pattern, or perf events of the kprobe PMU. Nothing of them stays behind when the process is
 * killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "kernel.h"
#include "kernel_functions.h"
#include "kprobe_multi.h"
#include "list.h"
#include "load.h"
#include "pattern.h"
#include "provider.h"
#include "target.h"
#include "trampoline.h"

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

/* ---- The way to attach -------------------------------------------------------------------------
 */

int resolve_kernel_function(struct hotprobe_link *link, const char *function, bool is_return,
			    bool is_certain)
{
	int err = 0;

	if (link->settled)
		return 0;
	switch (link->program->hp->opts.backend) {
	case HOTPROBE_BACKEND_AUTO:
	case HOTPROBE_BACKEND_FENTRY:
		err = trampoline_plan(link, function, is_return, is_certain);
		break;
	case HOTPROBE_BACKEND_KPROBE:
	case HOTPROBE_BACKEND_TRACEPOINT:
		break;
	}
	link->settled = !err;
	return err;
}

static int only_syscalls(struct hotprobe_link *link)
{
	return link_fail(link, -EOPNOTSUPP, "leave the choice to hotprobe (--backend auto)",
			 "cannot attach %s to %s by a tracepoint: only system calls have their own",
			 link->program->name, link->target_text);
}

static int no_pattern(struct hotprobe_link *link)
{
	return link_fail(link, -EOPNOTSUPP,
			 "leave the choice to hotprobe (--backend auto), or name the functions",
			 "cannot attach %s to %s by fentry or fexit, which take a program for each "
			 "function",
			 link->program->name, link->target_text);
}

static int resolve_pattern(struct hotprobe_link *link)
{
	int err = 0;

	if (link->program->hp->opts.backend == HOTPROBE_BACKEND_FENTRY)
		return no_pattern(link);
	if (!link->settled && link->program->hp->opts.backend == HOTPROBE_BACKEND_AUTO)
		err = kprobe_multi_plan(link);
	link->settled = !err;
	return err;
}

static int resolve(struct hotprobe_link *link)
{
	if (link->program->hp->opts.backend == HOTPROBE_BACKEND_TRACEPOINT)
		return only_syscalls(link);
	if (is_pattern(link->target.name))
		return resolve_pattern(link);
	return resolve_kernel_function(link, link->target.name,
				       link->target.provider == &provider_kretprobe, false);
}

/* ---- Attaching ---------------------------------------------------------------------------------
 */

/* The bit of perf_event_attr.config that asks for a return probe. */
static int retprobe_bit(void)
{
	int bit = kernel_pmu_bit("kprobe", "retprobe");

	return bit < 0 ? 0 : bit;
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

	return open_probe_link(&attr, prog_fd);
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
				 "disassemble the function: the offset is that of one of its "
				 "instructions' first byte",
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

static void note_attached(const struct hotprobe_link *link, const char *kind, const char *function,
			  int err)
{
	note(link->program->hp, HOTPROBE_NOTE, "%s: %s %s%s%s", link->program->name, kind, function,
	     err < 0 ? ": " : "", err < 0 ? strerror(-err) : "");
}

/* What a pattern has been attached to so far. */
struct matches {
	struct names left;  /* still to be attached */
	struct names multi; /* by one link */
	size_t all, refused;
	int error; /* of the last that was refused */
};

/* One perf event for each. */
static int attach_to_each(struct hotprobe_link *link, int prog_fd, bool is_return,
			  struct matches *matches)
{
	int fd, err = 0;

	for (size_t i = 0; i < matches->left.list.count && !err; i++) {
		const char *function = matches->left.list.at[i];

		fd = open_kprobe(function, 0, is_return, prog_fd);
		note_attached(link, is_return ? "kretprobe" : "kprobe", function, fd);
		if (fd >= 0)
			err = link_hold(link, fd);
		else if (is_refusal_of_place(fd))
			matches->error = fd;
		else
			err = link_fail_errno(link, fd);
		matches->refused += fd < 0;
	}
	return err;
}

static int attach_at_once(struct hotprobe_link *link, int prog_fd, bool is_return,
			  const struct function_index *index, struct matches *matches)
{
	int err = kprobe_multi_attach(link, prog_fd, is_return, index, &matches->left,
				      &matches->multi);

	for (size_t i = 0; i < matches->multi.list.count; i++)
		note_attached(link, is_return ? "kretprobe" : "kprobe", matches->multi.list.at[i],
			      0);
	return err;
}

static int say_attached(struct hotprobe_link *link, bool is_return, const struct matches *m)
{
	const char *kind = is_return ? "kretprobe" : "kprobe";
	size_t count = m->all - m->refused;
	char refused[64] = "", multi[64] = "";

	if (!count)
		return link_fail_errno(link, m->error);
	if (m->refused)
		snprintf(refused, sizeof(refused), "; the kernel refuses %zu more", m->refused);
	if (m->multi.list.count && m->multi.list.count < count)
		snprintf(multi, sizeof(multi), ", %zu of them by one link", m->multi.list.count);
	return link_attached_to(link, "%s%s on %zu that match %s%s%s",
				m->multi.list.count ? "multi-" : "", kind, count, link->target.name,
				multi, refused);
}

static int attach_matches(struct hotprobe_link *link, int prog_fd, bool is_return,
			  const struct function_index *index, struct matches *matches)
{
	const struct plan plain = {.type = BPF_PROG_TYPE_KPROBE};
	int err = 0;

	matches->all = matches->left.list.count;
	if (link->plan.expected_attach_type == BPF_TRACE_KPROBE_MULTI) {
		err = attach_at_once(link, prog_fd, is_return, index, matches);
		if (!err && matches->left.list.count) {
			prog_fd = attach_variant(link, &plain);
			err = prog_fd < 0 ? prog_fd : 0;
		}
		if (!err && !matches->multi.list.count) {
			load_drop_variant(link->program, &link->plan);
			link->plan = link->program->plan = plain;
		}
	}
	if (!err)
		err = attach_to_each(link, prog_fd, is_return, matches);
	return err ? err : say_attached(link, is_return, matches);
}

static int attach_pattern(struct hotprobe_link *link, int prog_fd, bool is_return)
{
	struct function_index index = {0};
	struct matches matches = {0};
	int err = kernel_find_functions(link->target.name, &matches.left, &index);

	if (err)
		err = link_fail(link, err, "", "cannot attach %s: cannot read /proc/kallsyms: %s",
				link->program->name, strerror(-err));
	if (!err)
		err = link_check_matches(link, &matches.left, "kernel function");
	if (!err)
		err = attach_matches(link, prog_fd, is_return, &index, &matches);
	names_free(&matches.left);
	names_free(&matches.multi);
	function_index_free(&index);
	return err;
}

/* The kernels of some architectures take an offset beyond the function for one of the next. False
   if that cannot be told. */
static bool is_beyond(struct hotprobe *hp, const char *function, uint64_t offset)
{
	const struct function_index *index;
	struct hotprobe_symbol symbol;
	uint64_t address;

	if (!offset || kernel_functions(hp, &index) ||
	    function_index_find(index, function, &address) != 1 || !address)
		return false;
	return !hotprobe_symbol_kernel(hp, address + offset, &symbol) && symbol.offset != offset;
}

static int attach_kprobe(struct hotprobe_link *link, int prog_fd, const char *function,
			 bool is_return)
{
	const char *kind = is_return ? "kretprobe" : "kprobe";
	uint64_t offset = link->target.offset;
	int fd, err;

	if (is_beyond(link->program->hp, function, offset))
		return refused(link, function, -EILSEQ);
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

int attach_kernel_function(struct hotprobe_link *link, int prog_fd, const char *function,
			   bool is_return)
{
	int err;

	if (link->plan.type == BPF_PROG_TYPE_TRACING) {
		err = trampoline_attach(link, prog_fd, function, is_return);
		if (err != -ENODEV)
			return err;
		prog_fd = attach_variant(link, &link->plan);
		if (prog_fd < 0)
			return prog_fd;
	}
	if (!kernel_has_kprobes(link->program->hp))
		return no_kprobes(link);
	if (is_pattern(function))
		return attach_pattern(link, prog_fd, is_return);
	return attach_kprobe(link, prog_fd, function, is_return);
}

static int attach_entry(struct hotprobe_link *link, int prog_fd)
{
	return attach_kernel_function(link, prog_fd, link->target.name, false);
}

static int attach_return(struct hotprobe_link *link, int prog_fd)
{
	return attach_kernel_function(link, prog_fd, link->target.name, true);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

/* A name by which parse() takes a system call is no function's, but for this kernel's own. */
static bool means_what_it_says(const void *ctx, const char *name)
{
	const char *prefix = ctx;

	return !kernel_syscall_of(name) || !strncmp(name, prefix, strlen(prefix));
}

static void leave_others_out(struct list *list)
{
	char prefix[64];

	if (hotprobe_syscall_fnname("", prefix, sizeof(prefix)) > 0)
		list_keep(list, means_what_it_says, prefix);
}

/* Without the names of functions, as where the kernel keeps them to itself, those of BTF. */
static int list_functions(struct list *list)
{
	struct function_index index = {0};
	const char *pattern = list->pattern;
	/* At an offset it is one, and stays as it is. */
	const char *plus = is_pattern(pattern) ? NULL : strchr(pattern, '+');
	char *function = plus ? strndup(pattern, (size_t)(plus - pattern)) : NULL;
	int err;

	if (plus && !function)
		return -ENOMEM;
	err = kernel_find_functions(function ? function : pattern, &list->found, &index);
	function_index_free(&index);
	if (function && !err && list->found.list.count) {
		names_free(&list->found);
		err = list_add(list, "", pattern);
	}
	free(function);
	if (!err)
		leave_others_out(list);
	if (!err || err == -ENOMEM)
		return err;
	list_lacks(list, "functions are listed as BTF has them: cannot read /proc/kallsyms: %s",
		   strerror(-err));
	err = list_types(list);
	return err ? err : list_offer_types(list, BTF_KIND_FUNC, "");
}

/* Of one with an offset nothing is known: there the arguments may have gone. */
static int describe(struct list *list, const char *target, struct description *d)
{
	(void)list;
	return describe_function(d, "", target);
}

static const char *why_not(struct hotprobe *hp)
{
	return kernel_has_kprobes(hp) ? NULL
				      : "this kernel has no kprobes (CONFIG_KPROBES): what is "
					"listed are its functions, to be traced on another";
}

const struct provider provider_kprobe = {
	.word = "kprobe",
	.prefix = "kprobe__",
	.context = "struct pt_regs",
	.form = "FUNCTION or FUNCTION+OFFSET or a pattern, vfs_*",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.resolve = resolve,
	.attach = attach_entry,
	.list = list_functions,
	.describe = describe,
	.why_not = why_not,
};

const struct provider provider_kretprobe = {
	.word = "kretprobe",
	.prefix = "kretprobe__",
	.context = "struct pt_regs",
	.form = "FUNCTION or a pattern, vfs_*",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_KPROBE},
	.resolve = resolve,
	.attach = attach_return,
	.list = list_functions,
	.describe = describe,
	.why_not = why_not,
	.is_twin = true,
};
