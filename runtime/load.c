/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "context.h"
#include "insns.h"
#include "kernel.h"
#include "kernel_btf.h"
#include "printk.h"
#include "privilege.h"
#include "submit.h"
#include "usdt.h"
#include "verifier.h"

enum {
	RING_FACTOR = 4,
	LOG_SIZE = 1 << 20,
	LOG_SIZE_MAX = 64 << 20,
	/* Of the verifier's log: the path to what it refuses; every path. */
	LOG_PATH = 1,
	LOG_ALL = 2,
};

/* ---- Types, tables and programs as the image lists them ----------------------------------------
 */

/* Only where "the current task" is who caused the event can the filter look at it. */
bool load_runs_in_task(const struct plan *plan)
{
	switch (plan->type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_LSM:
		return true;
	case BPF_PROG_TYPE_TRACING:
		/* The current task of an iterator is the one that reads its output. */
		return plan->expected_attach_type != BPF_TRACE_ITER;
	default:
		return false;
	}
}

static void prepare_program(struct hotprobe *hp, uint32_t i)
{
	struct hotprobe_program *p = &hp->programs[i];

	*p = (struct hotprobe_program){
		.hp = hp,
		.image = &hp->image.programs[i],
		.name = image_str(&hp->image, hp->image.programs[i].name),
	};
	p->plan = context_guess_plan(image_str(&hp->image, p->image->context));
	if (usdt_is_read(p))
		p->plan.usdt = &usdt_nowhere;
	p->unconfined = hp->opts.confine && !load_runs_in_task(&p->plan);
}

int load_prepare(struct hotprobe *hp)
{
	const struct image *img = &hp->image;

	hp->types = calloc(img->count[IMAGE_TYPES] + 1, sizeof(*hp->types));
	hp->tables = calloc(img->count[IMAGE_TABLES] + 1, sizeof(*hp->tables));
	hp->programs = calloc(img->count[IMAGE_PROGRAMS] + 1, sizeof(*hp->programs));
	if (!hp->types || !hp->tables || !hp->programs)
		return fail(hp, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < img->count[IMAGE_TYPES]; i++)
		hp->types[i] = (struct hotprobe_type){.image = img, .index = i};
	hp->table_count = img->count[IMAGE_TABLES];
	for (uint32_t i = 0; i < hp->table_count; i++)
		hp->tables[i] = (struct hotprobe_table){
			.hp = hp,
			.image = &img->tables[i],
			.name = image_str(img, img->tables[i].name),
			.map_type = img->tables[i].map_type,
			.map_flags = img->tables[i].map_flags,
			.max_entries = img->tables[i].max_entries,
			.fd = -1,
			.given_fd = -1,
		};
	hp->program_count = img->count[IMAGE_PROGRAMS];
	for (uint32_t i = 0; i < hp->program_count; i++)
		prepare_program(hp, i);
	return 0;
}

void load_free(struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->program_count; i++) {
		struct hotprobe_program *p = &hp->programs[i];

		for (size_t j = 0; j < p->variants.count; j++)
			close(p->variants.at[j].fd);
		array_free(&p->variants);
	}
	for (size_t i = 0; i < hp->table_count; i++)
		table_close(&hp->tables[i]);
	if (hp->btf_fd >= 0)
		close(hp->btf_fd);
	hp->btf_fd = -1;
	free(hp->programs);
	free(hp->tables);
	free(hp->types);
	hp->programs = NULL;
	hp->tables = NULL;
	hp->types = NULL;
	hp->program_count = hp->table_count = 0;
}

/* ---- BTF
 * -------------------------------------------------------------------------------------------- */

/* The program's BTF only carries names and lines: without it everything still works. */
int load_btf(struct hotprobe *hp)
{
	if (!hp->image.count[IMAGE_BTF])
		return 0;
	hp->btf_fd = bpf_btf_load(hp->image.btf, hp->image.count[IMAGE_BTF], NULL);
	if (hp->btf_fd >= 0)
		return 0;
	if (errno == EPERM)
		return fail_at(hp, -EPERM, "", 0, 0, privilege_hint(BPF_PROG_TYPE_UNSPEC).text,
			       "the kernel does not allow loading BPF");
	note(hp, HOTPROBE_WARNING, "the kernel refuses the program's BTF (%s): lines are unknown",
	     strerror(errno));
	return 0;
}

/* ---- Programs
 * ------------------------------------------------------------------------------------ */

static void set_map_fds(const struct hotprobe *hp, struct bytecode *code)
{
	for (uint32_t i = 0; i < code->count; i++) {
		struct bpf_insn *insn = &code->insns[i];

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD)
			insn->imm = hp->tables[insn->imm].fd;
		i++;
	}
}

static int no_such_register(struct hotprobe_program *program, const struct bytecode *code,
			    enum view view, const struct view_problem *problem)
{
	const struct bpf_line_info *info = bytecode_line(code, problem->insn);
	const char *file = image_str(&program->hp->image, program->image->file);
	const char *record = view == VIEW_SYSCALL_EXIT ? "its return" : "its entry";
	unsigned line = info ? BPF_LINE_INFO_LINE_NUM(info->line_col) : program->image->line;
	unsigned column = info ? BPF_LINE_INFO_LINE_COL(info->line_col) : 0;

	if (problem->reg)
		return fail_at(
			program->hp, -EOPNOTSUPP, file, line, column,
			view == VIEW_SYSCALL_EXIT
				? "here only the return value is known, PT_REGS_RC(ctx): keep "
				  "arguments in a table on entry"
				: "here only the syscall's arguments are known: other "
				  "registers need a kernel with CONFIG_KPROBES",
			"%s reads register %s, but this kernel has no kprobes, and the "
			"tracepoint of a syscall at %s does not have it",
			program->name, problem->reg, record);
	return fail_at(program->hp, -EOPNOTSUPP, file, line, column,
		       "read single fields of the context (PT_REGS_PARM1(ctx)...), or use a kernel "
		       "with CONFIG_KPROBES",
		       "%s uses its context in a way that the tracepoint of a syscall cannot serve",
		       program->name);
}

static int make_code(struct hotprobe_program *program, const struct plan *plan,
		     struct bytecode *code)
{
	const struct image_program *image = program->image;
	const struct image *img = &program->hp->image;
	struct view_problem problem;
	int err;

	err = bytecode_copy(code, img->insns + image->first_insn, image->insn_count,
			    img->func_info + image->first_func_info, image->func_info_count,
			    img->line_info + image->first_line_info, image->line_info_count);
	if (!err) {
		err = bytecode_set_view(code, plan->view, &plan->signature, &problem);
		if (err == -EOPNOTSUPP) {
			err = no_such_register(program, code, plan->view, &problem);
			bytecode_free(code);
			return err;
		}
	}
	if (!err) {
		err = usdt_fill(program, plan, code);
		if (err) {
			bytecode_free(code);
			return err;
		}
		err = submit_rewrite(program->hp, code);
	}
	if (!err) {
		set_map_fds(program->hp, code);
		err = printk_rewrite(program->hp, plan, code);
	}
	if (!err && program->hp->confinement && load_runs_in_task(plan))
		err = confine_program(program->hp->confinement, code);
	if (!err)
		return 0;
	bytecode_free(code);
	return fail(program->hp, err, "out of memory");
}

static int prog_load(const struct hotprobe_program *program, const struct plan *plan,
		     const struct bytecode *code, char *log, size_t log_size, int log_level)
{
	const struct hotprobe *hp = program->hp;
	char name[BPF_OBJ_NAME_LEN];
	int fd, module_fd = -1;
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .kern_version = hp->image.facts->version_code,
		    .expected_attach_type = plan->expected_attach_type,
		    .attach_btf_id = plan->attach_btf_id, .prog_flags = plan->flags);

	if (plan->attach_btf_object) {
		module_fd = bpf_btf_get_fd_by_id(plan->attach_btf_object);
		if (module_fd < 0)
			return -errno;
		opts.attach_btf_obj_fd = module_fd;
	}

	if (hp->btf_fd >= 0 && code->line_info_count) {
		opts.prog_btf_fd = hp->btf_fd;
		opts.func_info = code->func_info;
		opts.func_info_cnt = code->func_info_count;
		opts.func_info_rec_size = sizeof(*code->func_info);
		opts.line_info = code->line_info;
		opts.line_info_cnt = code->line_info_count;
		opts.line_info_rec_size = sizeof(*code->line_info);
	}
	if (log) {
		log[0] = '\0';
		opts.log_buf = log;
		opts.log_size = log_size;
		opts.log_level = log_level;
	}
	load_kernel_name(name, program->name);
	fd = bpf_prog_load(plan->type, name, image_str(&hp->image, hp->image.facts->license),
			   code->insns, code->count, &opts);
	if (fd < 0)
		fd = -errno;
	if (module_fd >= 0)
		close(module_fd);
	return fd;
}

bool load_is_allowed(void)
{
	const struct bpf_insn insns[] = {MOV_IMM(BPF_REG_0, 0), EXIT()};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_try", "GPL", insns, 2, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int not_allowed(const struct hotprobe_program *program, const struct plan *plan)
{
	const char *hint = "a security policy forbids this type: use a probe of another kind";

	if (privilege_is_missing(plan->type) || !load_is_allowed())
		return fail_at(program->hp, -EPERM, "", 0, 0, privilege_hint(plan->type).text,
			       "the kernel does not allow loading %s", program->name);
	if (plan->type == BPF_PROG_TYPE_LSM)
		hint = "use a kernel with CONFIG_BPF_LSM, CONFIG_FUNCTION_TRACER and bpf in the "
		       "lsm= "
		       "list of its command line, or watch the syscalls instead (syscall__NAME)";
	else if (plan->type == BPF_PROG_TYPE_TRACING)
		hint = "use a kernel that lets programs call from ftrace (CONFIG_FUNCTION_TRACER, "
		       "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS), or a tracepoint, a raw "
		       "tracepoint, a syscall (syscall__NAME) or a kprobe instead";
	return fail_at(program->hp, -EOPNOTSUPP,
		       image_str(&program->hp->image, program->image->file), program->image->line,
		       program->image->column, hint,
		       "this kernel does not allow %s: it takes programs, but none of type %s (%s)",
		       program->name, hotprobe_program_type(program),
		       libbpf_bpf_attach_type_str(plan->expected_attach_type));
}

/* From Linux 6.4 on a log that is too long has its end, before that its beginning. */
static bool has_its_end(const char *log)
{
	return strstr(log, "\nprocessed ");
}

/* Loads again, for the log, and returns that: malloc'ed, NULL if there is no memory. It costs time
   that a program without fault need not spend. */
static char *get_log(const struct hotprobe_program *program, const struct plan *plan,
		     const struct bytecode *code, int level)
{
	char *log = NULL;
	int fd = -ENOSPC;

	for (size_t size = LOG_SIZE; fd == -ENOSPC && size <= LOG_SIZE_MAX; size *= 4) {
		free(log);
		log = malloc(size);
		if (!log)
			return NULL;
		fd = prog_load(program, plan, code, log, size, level);
		/* To be explained it need not be whole. */
		if (!program->hp->opts.verifier_log && has_its_end(log))
			break;
	}
	if (fd >= 0)
		close(fd);
	if (fd == -ENOSPC && program->hp->opts.verifier_log)
		note(program->hp, HOTPROBE_WARNING,
		     "what the verifier says of %s is longer than %d MiB: the rest is left out",
		     program->name, LOG_SIZE_MAX >> 20);
	return log;
}

static void show_log(const struct hotprobe_program *program, const char *log)
{
	const struct hotprobe_opts *opts = &program->hp->opts;

	if (opts->verifier_log && log)
		opts->verifier_log(opts->verifier_log_ctx, program->name, log);
}

static int refused(struct hotprobe_program *program, const struct plan *plan,
		   const struct bytecode *code, int err)
{
	char *log;

	if (err == -EPERM)
		return not_allowed(program, plan);
	log = get_log(program, plan, code, LOG_PATH);
	if (!log)
		return fail(program->hp, -ENOMEM, "out of memory");
	show_log(program, log);
	err = verifier_explain(program, code, err, log);
	free(log);
	return err;
}

static void accepted(const struct hotprobe_program *program, const struct plan *plan,
		     const struct bytecode *code)
{
	char *log;

	if (!program->hp->opts.verifier_log)
		return;
	log = get_log(program, plan, code, LOG_ALL);
	if (!log)
		note(program->hp, HOTPROBE_WARNING, "no memory for what the verifier says of %s",
		     program->name);
	show_log(program, log);
	free(log);
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
	return a->type == b->type && a->expected_attach_type == b->expected_attach_type &&
	       a->view == b->view && a->attach_btf_id == b->attach_btf_id &&
	       a->attach_btf_object == b->attach_btf_object && a->flags == b->flags &&
	       a->usdt == b->usdt;
}

static struct variant *find_variant(struct hotprobe_program *program, const struct plan *plan)
{
	for (size_t i = 0; i < program->variants.count; i++)
		if (plan_equal(&program->variants.at[i].plan, plan))
			return &program->variants.at[i];
	return NULL;
}

int load_code(const struct hotprobe_program *program, const struct plan *plan,
	      const struct bytecode *code)
{
	return prog_load(program, plan, code, NULL, 0, 0);
}

/* If explain is false, the kernel's refusal is but a negative errno. */
static int add_variant(struct hotprobe_program *program, const struct plan *plan, bool explain)
{
	struct variant variant = {.plan = *plan}, *found = find_variant(program, plan);
	struct bytecode code;
	int err;

	if (found)
		return found->fd;
	err = make_code(program, plan, &code);
	if (err)
		return err;
	variant.fd = prog_load(program, plan, &code, NULL, 0, 0);
	if (variant.fd < 0 && explain)
		variant.fd = refused(program, plan, &code, variant.fd);
	else if (variant.fd >= 0)
		accepted(program, plan, &code);
	bytecode_free(&code);
	if (variant.fd < 0)
		return variant.fd;
	if (!array_push(&program->variants, variant))
		return variant.fd;
	close(variant.fd);
	return fail(program->hp, -ENOMEM, "out of memory");
}

int load_variant(struct hotprobe_program *program, const struct plan *plan)
{
	return add_variant(program, plan, true);
}

int load_try_variant(struct hotprobe_program *program, const struct plan *plan)
{
	return add_variant(program, plan, false);
}

void load_drop_variant(struct hotprobe_program *program, const struct plan *plan)
{
	struct variant *found = find_variant(program, plan);

	if (!found)
		return;
	close(found->fd);
	*found = program->variants.at[--program->variants.count];
}

int load_unplaced(struct hotprobe_program *program, const struct plan *guess)
{
	const char *context = image_str(&program->hp->image, program->image->context);
	struct plan plan = *guess;
	struct btf_function iterator;

	if (plan.expected_attach_type == BPF_TRACE_ITER) {
		/* Without BTF there is nothing to check it against. */
		if (kernel_btf_find(program->hp, "bpf_iter_", context + strlen(CONTEXT_ITER),
				    &iterator))
			return 0;
		plan.attach_btf_id = iterator.id;
		plan.attach_btf_object = iterator.object;
	}
	return load_variant(program, &plan);
}
