/* SPDX-License-Identifier: Apache-2.0 */
#include "usdt.h"

#include <errno.h>
#include <string.h>

#include "insns.h"

enum {
	READ_MAX = 24, /* instructions */
};

const struct usdt_arguments *usdt_keep(struct hotprobe *hp, const struct usdt_arguments *arguments)
{
	struct usdt_arguments *copy;

	/* They are made of zeroed memory, so their padding is equal, too. */
	for (size_t i = 0; i < hp->usdt.count; i++)
		if (!memcmp(hp->usdt.at[i], arguments, sizeof(*arguments)))
			return hp->usdt.at[i];
	copy = malloc(sizeof(*copy));
	if (!copy || array_push(&hp->usdt, copy)) {
		free(copy);
		return NULL;
	}
	memcpy(copy, arguments, sizeof(*copy));
	return copy;
}

void usdt_free(struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->usdt.count; i++)
		free(hp->usdt.at[i]);
	array_free(&hp->usdt);
}

const struct usdt_arguments usdt_nowhere;

struct sequence {
	struct bpf_insn insns[READ_MAX];
	uint32_t count;
};

#define EMIT(s, ...)                                                                               \
	do {                                                                                       \
		const struct bpf_insn emitted_[] = {__VA_ARGS__};                                  \
                                                                                                   \
		memcpy((s)->insns + (s)->count, emitted_, sizeof(emitted_));                       \
		(s)->count += sizeof(emitted_) / sizeof(*emitted_);                                \
	} while (0)

/* In R3: the argument, or where it is. */
static void emit_value(struct sequence *s, const struct usdt_argument *a)
{
	EMIT(s, MOV_IMM(BPF_REG_3, 0));
	if (a->base >= 0)
		EMIT(s, LOAD(BPF_DW, BPF_REG_3, BPF_REG_1, a->base));
	if (a->index >= 0)
		EMIT(s, LOAD(BPF_DW, BPF_REG_4, BPF_REG_1, a->index), LSH_IMM(BPF_REG_4, a->scale),
		     ADD_REG(BPF_REG_3, BPF_REG_4));
	if (a->displacement)
		EMIT(s, LOAD_IMM64(BPF_REG_4, a->displacement), ADD_REG(BPF_REG_3, BPF_REG_4));
	if (a->shift)
		EMIT(s, RSH_IMM(BPF_REG_3, a->shift));
}

/* R1 is the context, R2 a u64 of zeros on the stack. */
static void emit_read(struct sequence *s, const struct usdt_argument *a)
{
	emit_value(s, a);
	/* What cannot be read stays 0: the helper clears it. */
	if (a->in_memory)
		EMIT(s, MOV_REG(BPF_REG_1, BPF_REG_2), MOV_IMM(BPF_REG_2, a->size),
		     CALL(BPF_FUNC_probe_read_user));
	else
		EMIT(s, STORE(BPF_DW, BPF_REG_2, 0, BPF_REG_3));
	EMIT(s, MOV_IMM(BPF_REG_0, 64 - 8 * a->size + (a->is_signed ? IMAGE_USDT_SIGNED : 0)));
}

static int missing(struct hotprobe_program *program, const struct bytecode *code, uint32_t insn,
		   const struct usdt_arguments *arguments, uint32_t number)
{
	const struct bpf_line_info *info = bytecode_line(code, insn);
	const char *file = image_str(&program->hp->image, program->image->file);
	unsigned line = info ? BPF_LINE_INFO_LINE_NUM(info->line_col) : program->image->line;
	unsigned column = info ? BPF_LINE_INFO_LINE_COL(info->line_col) : 0;

	if (!arguments)
		return fail_at(program->hp, -EINVAL, file, line, column,
			       "attach it to a usdt target, or read function arguments with "
			       "PT_REGS_PARM1(ctx)...",
			       "%s reads an argument of a USDT probe, but is attached to something "
			       "else",
			       program->name);
	if (number > arguments->count)
		return fail_at(program->hp, -EINVAL, file, line, column,
			       "readelf -n shows the arguments of a file's probes",
			       "%s reads argument %u of a probe that has %u", program->name, number,
			       arguments->count);
	return fail_at(program->hp, -EOPNOTSUPP, file, line, column,
		       "a floating-point number may be in a register that BPF programs cannot read",
		       "%s reads argument %u of its probe, which is not where a BPF program can "
		       "read it",
		       program->name, number);
}

static int fill_call(struct hotprobe_program *program, const struct usdt_arguments *arguments,
		     struct bytecode *code, uint32_t at)
{
	uint32_t number = (uint32_t)code->insns[at].imm - IMAGE_USDT_CALL;
	static const struct usdt_argument zero = {.base = -1, .index = -1, .size = 8};
	const struct usdt_argument *argument = NULL;
	struct sequence s = {0};
	int err;

	if (arguments == &usdt_nowhere)
		argument = &zero;
	else if (arguments && number <= arguments->count)
		argument = &arguments->at[number - 1];
	if (!argument || argument->unreadable)
		return missing(program, code, at, arguments, number);
	emit_read(&s, argument);
	err = bytecode_replace(code, at, s.insns, s.count);
	return err ? fail(program->hp, err, "cannot fit %s to its probe: %s", program->name,
			  strerror(-err))
		   : 0;
}

static bool reads_argument(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm > IMAGE_USDT_CALL && insn->imm <= IMAGE_USDT_CALL + IMAGE_USDT_ARGS;
}

bool usdt_is_read(const struct hotprobe_program *program)
{
	const struct image_program *image = program->image;

	for (uint32_t i = 0; i < image->insn_count; i++)
		if (reads_argument(&program->hp->image.insns[image->first_insn + i]))
			return true;
	return false;
}

int usdt_fill(struct hotprobe_program *program, const struct plan *plan, struct bytecode *code)
{
	int err = 0;

	for (uint32_t i = 0; i < code->count && !err; i++)
		if (reads_argument(&code->insns[i]))
			err = fill_call(program, plan->usdt, code, i);
	return err;
}
