/* SPDX-License-Identifier: Apache-2.0 */
#include "trampoline.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "kernel.h"
#include "kernel_btf.h"
#include "kernel_functions.h"
#include "load.h"
#include "provider.h"
#include "usdt.h"

/* In the program's file. */
struct place {
	unsigned line, column;
};

static bool is_insisted(const struct hotprobe_link *link)
{
	return link->program->hp->opts.backend == HOTPROBE_BACKEND_FENTRY;
}

static const char *word(bool is_return)
{
	return is_return ? "fexit" : "fentry";
}

/* No trampoline, and why (at that line of the program, unless it is 0): a note, or an error if it
   has to be one. Returns 0 or a negative errno. */
static int decline(struct hotprobe_link *link, bool is_return, const struct place *place,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

static int decline(struct hotprobe_link *link, bool is_return, const struct place *place,
		   const char *format, ...)
{
	struct hotprobe_program *program = link->program;
	char reason[512], where[32] = "";
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (is_insisted(link))
		return fail_at(program->hp, -EOPNOTSUPP,
			       image_str(&program->hp->image, program->image->file),
			       place ? place->line : program->image->line,
			       place ? place->column : program->image->column,
			       "leave the choice to hotprobe (--backend auto): it takes a kprobe",
			       "cannot attach %s to %s by %s: %s", program->name, link->target_text,
			       word(is_return), reason);
	if (place)
		snprintf(where, sizeof(where), "line %u ", place->line);
	note(program->hp, HOTPROBE_NOTE, "%s: no %s for %s: %s%s", program->name, word(is_return),
	     link->target_text, where, reason);
	return 0;
}

/* ---- The kernel's function ---------------------------------------------------------------------
 */

/* From these no call returns; a trampoline would wait for it for ever, and hold its memory. The
   kernel refuses them from Linux 6.16 on (noreturn_deny of kernel/bpf/verifier.c). */
static bool never_returns(const char *function)
{
	static const char *const names[] = {
		"__do_sys_exit",
		"__do_sys_exit_group",
		"__module_put_and_kthread_exit",
		"__ia32_sys_exit",
		"__ia32_sys_exit_group",
		"__x64_sys_exit",
		"__x64_sys_exit_group",
		"__arm64_sys_exit",
		"__arm64_sys_exit_group",
		"do_exit",
		"do_group_exit",
		"kthread_complete_and_exit",
		"kthread_exit",
		"make_task_dead",
		"rewind_stack_and_make_dead",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

/* NULL, or why this function cannot be; else *found is what BTF knows of it. */
static const char *look_up(struct hotprobe *hp, const char *function, bool is_return,
			   struct btf_function *found)
{
	/* The compiler's clones (FUNC.isra.0) have other arguments than the source says. */
	int err = strchr(function, '.') ? -ENOENT : kernel_btf_find(hp, "", function, found);

	if (err == -EOPNOTSUPP)
		return "the kernel has no BTF";
	if (err)
		return "BTF has no function of that name";
	if (!found->plain)
		return "not every argument of the function has a register of its own";
	if (is_return && never_returns(function))
		return "the function never returns";
	return NULL;
}

/* NULL, or why it is not certain which function the kernel would take. */
static const char *look_for_others(struct hotprobe *hp, const char *function)
{
	const struct function_index *index;
	uint64_t address;

	if (kernel_functions(hp, &index))
		return "/proc/kallsyms cannot be read";
	if (function_index_find(index, function, &address) > 1)
		return "the kernel has several functions of that name";
	return NULL;
}

/* A kprobe's instruction pointer is that much behind the function's first byte. */
static int8_t find_ip_offset(struct hotprobe *hp, const char *function)
{
	const struct function_index *index;
	uint64_t address;
	uint32_t first;

	if (kernel_functions(hp, &index) || function_index_find(index, function, &address) != 1 ||
	    !address || kernel_read_words(&address, &first, 1) || !first)
		return SIGNATURE_NO_IP;
	return (int8_t)(arch_bytes_before_call(&arch_native, first) + arch_native.ip_ahead);
}

/* ---- The program -------------------------------------------------------------------------------
 */

static int try_view(const struct hotprobe_program *program, const struct plan *plan,
		    struct view_problem *problem, struct place *place)
{
	const struct image_program *p = program->image;
	const struct image *img = &program->hp->image;
	const struct bpf_line_info *info;
	struct bytecode code;
	int err;

	err = bytecode_copy(&code, img->insns + p->first_insn, p->insn_count, NULL, 0,
			    img->line_info + p->first_line_info, p->line_info_count);
	if (err)
		return err;
	err = bytecode_set_view(&code, plan->view, &plan->signature, problem);
	info = bytecode_line(&code, problem->insn);
	*place = (struct place){p->line, p->column};
	if (info && BPF_LINE_INFO_LINE_NUM(info->line_col))
		*place = (struct place){BPF_LINE_INFO_LINE_NUM(info->line_col),
					BPF_LINE_INFO_LINE_COL(info->line_col)};
	bytecode_free(&code);
	return err;
}

/* 1 if the code fits the plan, whose signature is completed; 0 if it was declined. */
static int fit(struct hotprobe_link *link, struct plan *plan, const char *function, bool is_return)
{
	struct hotprobe_program *program = link->program;
	struct view_problem problem;
	struct place place;
	int err = try_view(program, plan, &problem, &place);

	if (err == -EOPNOTSUPP && problem.reg && !is_return && arch_native.ip >= 0) {
		plan->signature.ip_offset = find_ip_offset(program->hp, function);
		if (plan->signature.ip_offset != SIGNATURE_NO_IP)
			err = try_view(program, plan, &problem, &place);
	}
	if (!err)
		return 1;
	if (err == -ENOMEM)
		return fail(program->hp, err, "out of memory");
	if (err != -EOPNOTSUPP)
		return decline(link, is_return, NULL, "the function is too long");
	if (problem.reg)
		return decline(link, is_return, &place, "reads register %s", problem.reg);
	return decline(link, is_return, &place, "%s",
		       problem.what ? problem.what : "reads what is no register");
}

static struct plan make_plan(const struct btf_function *found, bool is_return)
{
	return (struct plan){
		.type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = is_return ? BPF_TRACE_FEXIT : BPF_TRACE_FENTRY,
		.view = is_return ? VIEW_FUNCTION_RETURN : VIEW_FUNCTION_ENTRY,
		.attach_btf_id = found->id,
		.attach_btf_object = found->object,
		.signature = found->signature,
	};
}

int trampoline_plan(struct hotprobe_link *link, const char *function, bool is_return,
		    bool is_certain)
{
	struct hotprobe_program *program = link->program;
	struct btf_function found;
	struct plan plan;
	const char *why;
	int err;

	if (link->target.offset)
		return decline(link, is_return, NULL, "only a kprobe can have an offset");
	if (usdt_is_read(program))
		return decline(link, is_return, NULL, "it reads arguments of a USDT probe");
	why = look_up(program->hp, function, is_return, &found);
	if (why)
		return decline(link, is_return, NULL, "%s", why);
	plan = make_plan(&found, is_return);
	err = fit(link, &plan, function, is_return);
	if (err <= 0)
		return err;
	why = is_certain ? NULL : look_for_others(program->hp, function);
	if (why)
		return decline(link, is_return, NULL, "%s", why);
	/* Debian's 6.1 was seen to lock up when several processes came and went; its 6.12 not. */
	if (!is_insisted(link) && !kernel_is_at_least(6, 12))
		return decline(
			link, is_return, NULL,
			"before Linux 6.12 trampolines that come and go at the same time may "
			"lock up the machine");
	err = is_insisted(link) ? load_variant(program, &plan) : load_try_variant(program, &plan);
	if (err == -ENOMEM || (err < 0 && is_insisted(link)))
		return err;
	if (err < 0)
		return decline(link, is_return, NULL, "the kernel does not load it: %s",
			       strerror(-err));
	link->plan = program->plan = plan;
	return 0;
}

/* ---- Attaching ---------------------------------------------------------------------------------
 */

int trampoline_attach(struct hotprobe_link *link, int prog_fd, const char *function, bool is_return)
{
	struct hotprobe_program *program = link->program;
	int fd, err;

	/* Without a name it attaches to what the program was loaded for. */
	fd = bpf_raw_tracepoint_open(NULL, prog_fd);
	if (fd >= 0) {
		err = link_hold(link, fd);
		return err ? err : link_attached_to(link, "%s %s", word(is_return), function);
	}
	err = -errno;
	if (!is_refusal_of_place(err))
		return link_fail_errno(link, err);
	err = decline(link, is_return, NULL, "the kernel does not attach it there: %s",
		      strerror(-err));
	if (err)
		return err;
	load_drop_variant(program, &link->plan);
	link->plan = program->plan = (struct plan){.type = BPF_PROG_TYPE_KPROBE};
	return -ENODEV;
}
