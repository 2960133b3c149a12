/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kfunc:FUNCTION, kretfunc:FUNCTION, fmod_ret:FUNCTION, lsm:HOOK: programs that a trampoline of the
 * kernel calls. They are loaded for one function of the kernel's BTF, whose arguments are their
 * context, and attaching says no more than "go".
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "insns.h"
#include "kernel.h"
#include "kernel_btf.h"
#include "kernel_functions.h"
#include "list.h"
#include "load.h"
#include "provider.h"
#include "target.h"

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* the kernel's own, which strerror(3) does not know */
#endif

static bool is_lsm(const struct hotprobe_link *link)
{
	return link->target.provider == &provider_lsm;
}

static int parse(struct target *target, const char *rest, bool from_name, const char **why)
{
	(void)from_name;
	if (!*rest)
		return *why = "the function is missing", -EINVAL;
	return target_set(target, NULL, rest);
}

/* ---- Loading -----------------------------------------------------------------------------------
 */

/* Helpers that may wait for a page or the disk: only a sleepable program is allowed them. */
static bool calls_sleeping_helper(const struct hotprobe_program *program)
{
	const struct bpf_insn *insns = program->hp->image.insns + program->image->first_insn;

	for (uint32_t i = 0; i < program->image->insn_count; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg)
			continue;
		switch (insns[i].imm) {
		case BPF_FUNC_copy_from_user:
		case BPF_FUNC_copy_from_user_task:
		case BPF_FUNC_ima_inode_hash:
		case BPF_FUNC_ima_file_hash:
			return true;
		}
	}
	return false;
}

static int not_in_btf(struct hotprobe_link *link, int err)
{
	const char *name = link->target.name;

	if (err == -EOPNOTSUPP)
		return link_fail(
			link, err,
			"use a kernel with CONFIG_DEBUG_INFO_BTF, or a kprobe, which needs "
			"no BTF",
			"cannot load %s for %s: the kernel has no BTF", link->program->name,
			link->target_text);
	if (err == -EPERM)
		return link_fail_errno(link, err);
	if (err == -ENOMEM)
		return fail(link->program->hp, err, "out of memory");
	if (is_lsm(link))
		return link_fail(link, err,
				 "see the hooks in the kernel's include/linux/lsm_hook_defs.h; "
				 "without CONFIG_BPF_LSM there is none",
				 "cannot load %s: the kernel's BTF has no LSM hook %s",
				 link->program->name, name);
	if (kernel_has_function(name))
		return link_fail(
			link, err,
			"such functions have no BTF: those of assembler code, and those that "
			"are inlined or changed somewhere; try a kprobe",
			"cannot load %s: the kernel has a function %s, but no BTF for it",
			link->program->name, name);
	return link_fail(link, err,
			 "look for it in /proc/kallsyms: it may be inlined, renamed, or in a "
			 "module that is not loaded",
			 "cannot load %s: the kernel has no function %s", link->program->name,
			 name);
}

static int resolve(struct hotprobe_link *link)
{
	struct plan *plan = &link->plan;
	struct btf_function function;
	int err;

	if (plan->attach_btf_id)
		return 0;
	err = kernel_btf_find(link->program->hp, is_lsm(link) ? "bpf_lsm_" : "", link->target.name,
			      &function);
	if (err)
		return not_in_btf(link, err);
	plan->attach_btf_id = function.id;
	plan->attach_btf_object = function.object;
	if (calls_sleeping_helper(link->program))
		plan->flags |= BPF_F_SLEEPABLE;
	return 0;
}

/* ---- Attaching ---------------------------------------------------------------------------------
 */

#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461 /* Linux 6.8, on all architectures */
#endif

enum {
	ID_BPF = 110, /* LSM_ID_BPF of linux/lsm.h */
};

static bool syscall_lists_bpf(void)
{
	uint64_t ids[64];
	uint32_t size = sizeof(ids);
	long count = syscall(SYS_lsm_list_modules, ids, &size, 0);

	for (long i = 0; i < count; i++)
		if (ids[i] == ID_BPF)
			return true;
	return count < 0;
}

/* Is "bpf" among the security modules that were started? True if it cannot be known. */
static bool lsm_has_bpf(void)
{
	char list[1024];
	bool found = false;

	if (kernel_read_text("/sys/kernel/security/lsm", list, sizeof(list)) < 0)
		return syscall_lists_bpf();
	for (char *save, *name = strtok_r(list, ",\n", &save); name;
	     name = strtok_r(NULL, ",\n", &save))
		found |= !strcmp(name, "bpf");
	return found;
}

static int refused(struct hotprobe_link *link, int err)
{
	const char *function = link->target.name;

	switch (-err) {
	case EINVAL:
	case ENOTSUPP:
	case EOPNOTSUPP:
	case ENODEV:
	case EFAULT:
		return link_fail(
			link, -EOPNOTSUPP,
			is_lsm(link) ? "use a kernel with CONFIG_BPF_LSM, and "
				       "CONFIG_FUNCTION_TRACER with direct calls"
				     : "use a kernel with CONFIG_FUNCTION_TRACER and "
				       "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, or a kprobe, a "
				       "tracepoint or a syscall (syscall__NAME) instead",
			"cannot attach %s: this kernel cannot put a program's call into %s",
			link->program->name, function);
	case EBUSY:
		return link_fail(
			link, err,
			"it is not in available_filter_functions of tracefs, or kernel live "
			"patching has changed it: use a kprobe, or a function that calls it",
			"cannot attach %s: function %s has no place for a program's call",
			link->program->name, function);
	case E2BIG:
		return link_fail(
			link, err, "detach others, or use a kprobe",
			"cannot attach %s: function %s has as many programs as it can hold",
			link->program->name, function);
	default:
		return link_fail_errno(link, err);
	}
}

static int attach(struct hotprobe_link *link, int prog_fd)
{
	int fd, err;

	if (is_lsm(link) && !lsm_has_bpf())
		return link_fail(
			link, -EOPNOTSUPP,
			"add bpf to the lsm= list of the kernel's command line (the list "
			"is in /sys/kernel/security/lsm) and boot again; or use a kfunc on "
			"the function security_HOOK",
			"cannot attach %s: the kernel was booted without its BPF security "
			"module, so hooks would never run it",
			link->program->name);
	/* Without a name it attaches to what the program was loaded for. */
	fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	if (fd < 0)
		return refused(link, -errno);
	err = link_hold(link, fd);
	return err ? err
		   : link_attached_to(link, "%s %s", link->target.provider->word,
				      link->target.name);
}

/* ---- Listing -----------------------------------------------------------------------------------
 */

#define LSM_PREFIX "bpf_lsm_"

static int no_btf(const struct list *list, int err)
{
	if (!err && !list->types)
		list_lacks(list, "no functions or hooks for trampolines are listed: the kernel has "
				 "no BTF (CONFIG_DEBUG_INFO_BTF)");
	return err;
}

static bool is_among(const void *ctx, const char *name)
{
	return names_have(ctx, name);
}

/* Those that BTF describes and ftrace can put a call into. */
static int list_functions(struct list *list)
{
	struct names traceable = {0};
	int err = no_btf(list, list_types(list));

	if (!err)
		err = list_offer_types(list, BTF_KIND_FUNC, "");
	if (!err && !kernel_traceable_functions(list->hp, &traceable))
		list_keep(list, is_among, &traceable);
	names_free(&traceable);
	return err;
}

/* "NAME\tKIND" for each function whose result may be replaced; without debugfs it is not known. */
static int read_error_injection(struct names *names)
{
	char *text = kernel_read_file(AT_FDCWD, "/sys/kernel/debug/error_injection/list");
	int err = 0;

	for (char *line = text, *next; line && *line && !err; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		line[strcspn(line, "\t ")] = '\0';
		err = names_add(names, strdup(line));
	}
	free(text);
	names_sort(names);
	return err;
}

static bool is_modifiable(const void *ctx, const char *name)
{
	return !strncmp(name, "security_", 9) || names_have(ctx, name);
}

/* Where the kernel lets a program replace the result. */
static int list_modifiable(struct list *list)
{
	struct names injection = {0};
	int err = read_error_injection(&injection);

	if (!err)
		err = list_functions(list);
	if (!err)
		list_keep(list, is_modifiable, &injection);
	names_free(&injection);
	return err;
}

/* Every hook has a member of that name there; other functions that are called so have not. */
static bool is_hook(const void *ctx, const char *name)
{
	struct type_ref ref = type_index_find(ctx, BTF_KIND_UNION, "security_list_options");
	const struct btf_type *type = ref.id ? btf__type_by_id(ref.btf, ref.id) : NULL;
	const struct btf_member *members = type ? btf_members(type) : NULL;

	for (uint32_t i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(ref.btf, members[i].name_off), name))
			return true;
	return !type;
}

static int list_hooks(struct list *list)
{
	int err = no_btf(list, list_types(list));

	if (!err)
		err = list_offer_types(list, BTF_KIND_FUNC, LSM_PREFIX);
	if (!err && list->types)
		list_keep(list, is_hook, list->types);
	return err;
}

static int describe_traced(struct list *list, const char *target, struct description *d)
{
	(void)list;
	return describe_function(d, "", target);
}

static int describe_hook(struct list *list, const char *target, struct description *d)
{
	(void)list;
	return describe_function(d, LSM_PREFIX, target);
}

/* Tried on the function that the kernel has for such tests, and calls only when asked to. */
static int try_trampoline(struct hotprobe *hp)
{
	const struct bpf_insn insns[] = {MOV_IMM(BPF_REG_0, 0), EXIT()};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FENTRY);
	struct btf_function function;
	int prog_fd, fd, err = kernel_btf_find(hp, "", "bpf_fentry_test1", &function);

	if (err)
		return 0;
	opts.attach_btf_id = function.id;
	prog_fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "hotprobe_try", "GPL", insns,
				sizeof(insns) / sizeof(*insns), &opts);
	if (prog_fd < 0)
		return -errno;
	fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	err = fd < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(prog_fd);
	return err;
}

/* Without the privilege to try, they may be there. */
static const char *why_no_trampoline(struct hotprobe *hp)
{
	return !try_trampoline(hp) || !load_is_allowed()
		       ? NULL
		       : "this kernel cannot put programs' calls into its functions "
			 "(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)";
}

static const char *why_no_hooks(struct hotprobe *hp)
{
	if (!lsm_has_bpf())
		return "the kernel was booted without its BPF security module (bpf in lsm=)";
	return why_no_trampoline(hp);
}

const struct provider provider_kfunc = {
	.word = "kfunc",
	.prefix = "kfunc__",
	.form = "FUNCTION",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_FENTRY},
	.resolve = resolve,
	.attach = attach,
	.list = list_functions,
	.describe = describe_traced,
	.why_not = why_no_trampoline,
};

const struct provider provider_kretfunc = {
	.word = "kretfunc",
	.prefix = "kretfunc__",
	.form = "FUNCTION",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_FEXIT},
	.resolve = resolve,
	.attach = attach,
	.list = list_functions,
	.describe = describe_traced,
	.why_not = why_no_trampoline,
	.is_twin = true,
};

const struct provider provider_fmod_ret = {
	.word = "fmod_ret",
	.prefix = "kmod_ret__",
	.form = "FUNCTION",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_MODIFY_RETURN},
	.resolve = resolve,
	.attach = attach,
	.list = list_modifiable,
	.describe = describe_traced,
	.why_not = why_no_trampoline,
	.is_twin = true,
};

const struct provider provider_lsm = {
	.word = "lsm",
	.prefix = "lsm__",
	.form = "HOOK",
	.parse = parse,
	.default_plan = {.type = BPF_PROG_TYPE_LSM, .expected_attach_type = BPF_LSM_MAC},
	.resolve = resolve,
	.attach = attach,
	.list = list_hooks,
	.describe = describe_hook,
	.why_not = why_no_hooks,
};
