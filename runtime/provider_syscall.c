/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscall:NAME and syscall_ret:NAME: the kernel's function for the syscall where there are kprobes,
 * by the ways of provider_kprobe.c; else its tracepoints, with the program's view of struct pt_regs
 * changed to suit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "kernel_functions.h"
#include "list.h"
#include "provider.h"
#include "target.h"
#include "tracefs.h"

static bool is_return(const struct target *target)
{
	return target->provider == &provider_syscall_ret;
}

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	const char *plain = kernel_syscall_of(rest);

	(void)from_name;
	if (!*rest)
		return *why = "the syscall's name is missing", -EINVAL;
	return target_set(target, NULL, plain ? plain : rest);
}

/* Arguments behind the syscall wrapper's pointer are not in the tracepoint's record. */
static int made_for_kprobes(struct hotprobe_link *link)
{
	return link_fail(link, -EINVAL, "compile it again with --backend tracepoint",
			 "%s was compiled for kprobes: it cannot be attached to a tracepoint",
			 link->program->name);
}

/* And where the wrapper's pointer is, there are no arguments. */
static int made_for_tracepoints(struct hotprobe_link *link)
{
	return link_fail(link, -EINVAL,
			 "compile it again with that --backend, or attach it with --backend auto",
			 "%s was compiled for the tracepoints of syscalls: it cannot be attached "
			 "to a kernel function",
			 link->program->name);
}

static int plan(struct hotprobe_link *link, struct plan *to)
{
	if (kernel_backend(link->program->hp) == HOTPROBE_BACKEND_TRACEPOINT) {
		if (link->program->image->flags & IMAGE_PROGRAM_INDIRECT_SYSCALL)
			return made_for_kprobes(link);
		to->type = BPF_PROG_TYPE_TRACEPOINT;
		to->view = is_return(&link->target) ? VIEW_SYSCALL_EXIT : VIEW_SYSCALL_ENTER;
	} else if (link->program->hp->image.flags & IMAGE_F_DIRECT_SYSCALLS) {
		return made_for_tracepoints(link);
	} else {
		to->type = BPF_PROG_TYPE_KPROBE;
	}
	return 0;
}

/* The functions of system calls have names of their own. */
static int resolve(struct hotprobe_link *link)
{
	char function[256];
	int err;

	if (link->plan.type == BPF_PROG_TYPE_TRACEPOINT || link->settled)
		return 0;
	err = hotprobe_syscall_fnname(link->target.name, function, sizeof(function));
	if (err < 0)
		return link_fail_errno(link, err);
	return resolve_kernel_function(link, function, is_return(&link->target), true);
}

static int no_such_syscall(struct hotprobe_link *link, const char *wanted)
{
	struct hotprobe *hp = link->program->hp;
	char like[256], hint[512], *name = like;

	if (find_event_like(hp, "syscalls", wanted, like, sizeof(like))) {
		if (!strncmp(like, "sys_enter_", 10))
			name = like + 10;
		else if (!strncmp(like, "sys_exit_", 9))
			name = like + 9;
		snprintf(hint, sizeof(hint), "there is a syscall %s", name);
	} else {
		snprintf(hint, sizeof(hint),
			 "see the names in /sys/kernel/tracing/events/syscalls");
	}
	return link_fail(link, -ENOENT, hint, "cannot attach %s: the kernel has no syscall %s",
			 link->program->name, wanted);
}

static int attach_to_tracepoint(struct hotprobe_link *link, int prog_fd)
{
	const struct target *t = &link->target;
	char event[256];
	int fd, err;

	if (snprintf(event, sizeof(event), "%s%s", is_return(t) ? "sys_exit_" : "sys_enter_",
		     t->name) >= (int)sizeof(event))
		return no_such_syscall(link, t->name);
	fd = open_tracepoint(link, prog_fd, "syscalls", event);
	if (fd == -ENOENT)
		return no_such_syscall(link, t->name);
	if (fd == -EACCES)
		return link_fail(link, fd,
				 "give the function no more parameters than the syscall has",
				 "cannot attach %s: it reads more arguments than %s has",
				 link->program->name, t->name);
	if (fd < 0)
		return fd;
	err = link_hold(link, fd);
	return err ? err : link_attached_to(link, "tracepoint syscalls:%s", event);
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	char function[256];
	int err;

	if (link->plan.type == BPF_PROG_TYPE_TRACEPOINT)
		return attach_to_tracepoint(link, prog_fd);
	err = hotprobe_syscall_fnname(link->target.name, function, sizeof(function));
	if (err < 0)
		return link_fail_errno(link, err);
	return attach_kernel_function(link, prog_fd, function, is_return(&link->target));
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

/* Their functions, where the tracepoints cannot be seen; one stands for those that are missing. */
static int list_by_functions(struct list *list)
{
	struct function_index index = {0};
	struct names functions = {0};
	char pattern[256];
	int err = hotprobe_syscall_fnname("*", pattern, sizeof(pattern));
	size_t prefix = strlen(pattern) - 1;

	if (err > 0)
		err = kernel_find_functions(pattern, &functions, &index);
	for (size_t i = 0; i < functions.list.count && !err; i++) {
		const char *name = functions.list.at[i] + prefix;

		if (strcmp(name, "ni_syscall"))
			err = list_offer(list, name);
	}
	function_index_free(&index);
	names_free(&functions);
	if (!err || err == -ENOMEM)
		return err;
	list_lacks(list,
		   "no system calls are listed: neither tracefs nor /proc/kallsyms can be "
		   "read: %s",
		   strerror(-err));
	return 0;
}

static int list_calls(struct list *list)
{
	static const char entry[] = "sys_enter_";
	struct names events = {0};
	int err = tracefs_list_events(list->hp, "syscalls", &events);

	if (err < 0 && err != -ENOMEM)
		err = list_by_functions(list);
	for (size_t i = 0; i < events.list.count && !err; i++)
		if (!strncmp(events.list.at[i], entry, strlen(entry)))
			err = list_offer(list, events.list.at[i] + strlen(entry));
	names_free(&events);
	return err;
}

/* Pointers are into the caller's memory, whoever tells of them. */
static int describe_by_function(struct list *list, const char *name, struct description *d)
{
	int err = list_types(list);

	if (!err)
		err = describe_function(d, "__do_sys_", name);
	for (size_t i = 0; i < d->arguments.count; i++)
		d->arguments.at[i].is_user = d->arguments.at[i].kind == HOTPROBE_POINTER;
	return err;
}

static int describe(struct list *list, const char *name, struct description *d)
{
	char event[256], *format;
	int err;

	snprintf(event, sizeof(event), "sys_enter_%s", name);
	if (tracefs_read_format(list->hp, "syscalls", event, &format))
		return describe_by_function(list, name, d);
	err = describe_syscall(d, format);
	free(format);
	return err;
}

const struct provider provider_syscall = {
	.word = "syscall",
	.prefix = "syscall__",
	.context = "struct pt_regs",
	.form = "NAME",
	.parse = parse,
	.plan = plan,
	.resolve = resolve,
	.attach = attach,
	.list = list_calls,
	.describe = describe,
};

const struct provider provider_syscall_ret = {
	.word = "syscall_ret",
	.prefix = "syscall_ret__",
	.context = "struct pt_regs",
	.form = "NAME",
	.parse = parse,
	.plan = plan,
	.resolve = resolve,
	.attach = attach,
	.list = list_calls,
	.describe = describe,
	.is_twin = true,
};
