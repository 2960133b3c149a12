/* SPDX-License-Identifier: Apache-2.0 */
#include "printk.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flow.h"
#include "insns.h"
#include "kernel.h"
#include "load.h"
#include "ring_buffer.h"

enum {
	STACK_SIZE = 512,
	ARGS = 3,
	/* Below what the program uses of its stack: the arguments, the record's address. */
	SCRATCH_ARGS = 0,
	SCRATCH_RECORD = ARGS * 8,
	SCRATCH_SIZE = SCRATCH_RECORD + 8,
	SUBMIT_SCRATCH = 16, /* what submit.c may have added by then */
	FORMAT_MAX = 512,
	FORMATS_MAX = 1 << 20, /* bytes of all of them */
	/* The longest text of a conversion without a width. */
	NUMBER_MAX = 24,
	ADDRESS_MAX = 256,
	STRINGS_MAX = 512, /* of all strings of one message, the kernel's limit */
	TEXT_MAX = 1024,   /* of a message, the kernel's limit */
	PAGES = 64,	   /* of the ring buffer, for each CPU */
	SEQUENCE_MAX = 80,
};

struct record {
	uint64_t time_ns;
	uint32_t cpu;
	int32_t length; /* of the text with its NUL, before it was cut; negative: an errno */
	int32_t tid;
	char comm[16];
	char text[];
};

struct format {
	char text[FORMAT_MAX];
	uint32_t size; /* with its NUL */
	uint32_t offset;
	bool refused; /* by the kernel */
	/* The first call that uses it. */
	const struct hotprobe_program *program;
	struct bpf_line_info line;
};

struct printk {
	struct hotprobe *hp;
	ARRAY(struct format) formats;
	uint32_t formats_size;
	int formats_fd; /* an array of one value: all of them, one after the other */
	int ring_fd;
	uint32_t ring_size;
	struct ring_buffer_map ring;
	int lost_fd;
	uint64_t *lost; /* its memory */
	size_t page_size;
};

/* ---- Calls and their formats
 * ---------------------------------------------------------------------- */

static bool is_printk(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
	       insn->imm == BPF_FUNC_trace_printk;
}

static bool has_printk(const struct bytecode *code)
{
	for (uint32_t i = 0; i < code->count; i++)
		if (is_printk(&code->insns[i]))
			return true;
	return false;
}

/* Reads the format of a call from the stack. The size counts a NUL at the end. */
static bool read_format(const struct flow_state *s, struct format *format)
{
	struct flow_value at = s->value[BPF_REG_1], size = s->value[BPF_REG_2];

	if (at.kind != FLOW_FRAME || size.kind != FLOW_CONSTANT || size.number <= 0 ||
	    size.number > FORMAT_MAX)
		return false;
	for (int64_t i = 0; i < size.number; i++) {
		int byte = flow_frame_byte(s, at.number + i);

		if (byte < 0)
			return false;
		format->text[i] = (char)byte;
	}
	if (format->text[size.number - 1])
		return false;
	format->size = (uint32_t)strlen(format->text) + 1;
	return true;
}

static struct format *find_format(const struct printk *printk, const struct format *wanted)
{
	for (size_t i = 0; i < printk->formats.count; i++) {
		struct format *format = &printk->formats.at[i];

		if (format->size == wanted->size &&
		    !memcmp(format->text, wanted->text, format->size))
			return format;
	}
	return NULL;
}

static int add_format(struct printk *printk, struct format *format)
{
	if (find_format(printk, format))
		return 0;
	if (printk->formats_size + format->size > FORMATS_MAX)
		return -E2BIG;
	format->offset = printk->formats_size;
	if (array_push(&printk->formats, *format))
		return -ENOMEM;
	printk->formats_size += format->size;
	return 0;
}

/* How much room a message of that format is given. */
static uint32_t text_size(const struct format *format)
{
	uint32_t size = format->size;

	for (const char *at = strchr(format->text, '%'); at; at = strchr(at + 1, '%')) {
		size_t flags = strspn(at + 1, "-+ #0123456789");

		at += 1 + flags;
		if (strpbrk(at - flags, "123456789") && flags)
			return TEXT_MAX; /* there is a width */
		at += strspn(at, "lh");
		if (!*at)
			break;
		size += *at == 's' ? STRINGS_MAX : *at == 'p' ? ADDRESS_MAX : NUMBER_MAX;
	}
	size = (size + 7) & ~7u;
	return size < TEXT_MAX ? size : TEXT_MAX;
}

/* ---- The code
 * --------------------------------------------------------------------------------------- */

struct sequence {
	struct bpf_insn insns[SEQUENCE_MAX];
	uint32_t count;
};

static void emit(struct sequence *s, struct bpf_insn insn)
{
	s->insns[s->count++] = insn;
}

static void emit_map(struct sequence *s, uint8_t reg, int fd)
{
	emit(s, INSN(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_FD, 0, fd));
	emit(s, INSN(0, 0, 0, 0, 0));
}

/* The address of a byte of an array's first value. */
static void emit_map_value(struct sequence *s, uint8_t reg, int fd, uint32_t offset)
{
	emit(s, INSN(BPF_LD | BPF_DW | BPF_IMM, reg, BPF_PSEUDO_MAP_VALUE, 0, fd));
	emit(s, INSN(0, 0, 0, 0, (int32_t)offset));
}

static void emit_record(struct sequence *s, uint8_t reg, int32_t scratch)
{
	emit(s, LOAD(BPF_DW, reg, BPF_REG_10, scratch + SCRATCH_RECORD));
}

static void emit_arguments(struct sequence *s, const struct flow_state *state, int32_t scratch)
{
	for (int i = 0; i < ARGS; i++) {
		int32_t at = scratch + SCRATCH_ARGS + 8 * i;
		uint8_t reg = (uint8_t)(BPF_REG_3 + i);

		if (state->value[reg].kind == FLOW_DEAD)
			emit(s, STORE_IMM(BPF_DW, BPF_REG_10, at, 0));
		else
			emit(s, STORE(BPF_DW, BPF_REG_10, at, reg));
	}
}

/* Copies size bytes at that offset of the current task into the record. */
static void emit_task(struct sequence *s, uint32_t offset, size_t to, uint32_t size,
		      int32_t scratch)
{
	emit(s, CALL(BPF_FUNC_get_current_task));
	emit(s, MOV_REG(BPF_REG_3, BPF_REG_0));
	emit(s, ADD_IMM(BPF_REG_3, (int32_t)offset));
	emit(s, MOV_IMM(BPF_REG_2, (int32_t)size));
	emit_record(s, BPF_REG_1, scratch);
	emit(s, ADD_IMM(BPF_REG_1, (int32_t)to));
	emit(s, CALL(BPF_FUNC_probe_read_kernel));
}

static void emit_header(struct sequence *s, const struct image_facts *facts, int32_t scratch)
{
	emit(s, STORE(BPF_DW, BPF_REG_10, scratch + SCRATCH_RECORD, BPF_REG_0));
	emit(s, CALL(BPF_FUNC_ktime_get_ns));
	emit_record(s, BPF_REG_1, scratch);
	emit(s, STORE(BPF_DW, BPF_REG_1, offsetof(struct record, time_ns), BPF_REG_0));
	emit(s, CALL(BPF_FUNC_get_smp_processor_id));
	emit_record(s, BPF_REG_1, scratch);
	emit(s, STORE(BPF_W, BPF_REG_1, offsetof(struct record, cpu), BPF_REG_0));
	emit_task(s, facts->task_pid, offsetof(struct record, tid), sizeof(int32_t), scratch);
	emit_task(s, facts->task_comm, offsetof(struct record, comm), 16, scratch);
}

static void emit_text(struct sequence *s, const struct printk *printk, const struct format *format,
		      int32_t scratch)
{
	emit_record(s, BPF_REG_1, scratch);
	emit(s, ADD_IMM(BPF_REG_1, offsetof(struct record, text)));
	emit(s, MOV_IMM(BPF_REG_2, (int32_t)text_size(format)));
	emit_map_value(s, BPF_REG_3, printk->formats_fd, format->offset);
	emit(s, MOV_REG(BPF_REG_4, BPF_REG_10));
	emit(s, ADD_IMM(BPF_REG_4, scratch + SCRATCH_ARGS));
	emit(s, MOV_IMM(BPF_REG_5, ARGS * 8));
	emit(s, CALL(BPF_FUNC_snprintf));
	emit_record(s, BPF_REG_1, scratch);
	emit(s, STORE(BPF_W, BPF_REG_1, offsetof(struct record, length), BPF_REG_0));
	/* The program may want the result. */
	emit(s, STORE(BPF_DW, BPF_REG_10, scratch + SCRATCH_ARGS, BPF_REG_0));
}

static void make_sequence(const struct printk *printk, const struct flow_state *state,
			  const struct format *format, int32_t scratch, struct sequence *s)
{
	uint32_t size = (uint32_t)offsetof(struct record, text) + text_size(format);
	uint32_t branch, skip;

	s->count = 0;
	emit_arguments(s, state, scratch);
	emit_map(s, BPF_REG_1, printk->ring_fd);
	emit(s, MOV_IMM(BPF_REG_2, (int32_t)size));
	emit(s, MOV_IMM(BPF_REG_3, 0));
	emit(s, CALL(BPF_FUNC_ringbuf_reserve));
	branch = s->count;
	emit(s, JUMP_IF_ZERO(BPF_REG_0, 0));
	emit_header(s, printk->hp->image.facts, scratch);
	emit_text(s, printk, format, scratch);
	emit_record(s, BPF_REG_1, scratch);
	emit(s, MOV_IMM(BPF_REG_2, 0));
	emit(s, CALL(BPF_FUNC_ringbuf_submit));
	emit(s, LOAD(BPF_DW, BPF_REG_0, BPF_REG_10, scratch + SCRATCH_ARGS));
	skip = s->count;
	emit(s, INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0));
	s->insns[branch].off = (int16_t)(s->count - branch - 1);
	emit_map_value(s, BPF_REG_1, printk->lost_fd, 0);
	emit(s, MOV_IMM(BPF_REG_2, 1));
	emit(s, ATOMIC_ADD(BPF_DW, BPF_REG_1, 0, BPF_REG_2));
	emit(s, MOV_IMM(BPF_REG_0, -ENOSPC));
	s->insns[skip].off = (int16_t)(s->count - skip - 1);
}

/* From the end, so that the analysis holds for what is still to come. */
static int replace_calls(const struct printk *printk, const struct flow *flow,
			 struct bytecode *code)
{
	int32_t scratch = (flow_lowest_frame_offset(flow, code) & ~7) - SCRATCH_SIZE;
	struct sequence sequence;
	struct format wanted;
	int err = 0;

	if (scratch < -STACK_SIZE)
		return 0;
	for (uint32_t i = flow->count; i-- > 0 && !err;) {
		const struct flow_state *s = flow_at(flow, i);
		const struct format *format;

		if (!s || !is_printk(&code->insns[i]) || !read_format(s, &wanted))
			continue;
		format = find_format(printk, &wanted);
		if (!format || format->refused)
			continue;
		make_sequence(printk, s, format, scratch, &sequence);
		err = bytecode_replace(code, i, sequence.insns, sequence.count);
	}
	return err;
}

/* Types of programs that got bpf_snprintf() later than those that trace. */
static bool type_has_snprintf(enum bpf_prog_type type)
{
	return libbpf_probe_bpf_helper(type, BPF_FUNC_snprintf, NULL) > 0;
}

static int copy_code(struct bytecode *to, const struct bytecode *from)
{
	int err = bytecode_copy(to, from->insns, from->count, from->func_info,
				from->func_info_count, from->line_info, from->line_info_count);

	to->prologue = from->prologue;
	return err;
}

int printk_rewrite(const struct hotprobe *hp, const struct plan *plan, struct bytecode *code)
{
	struct bytecode copy;
	struct flow flow;
	int err;

	if (!hp->printk || !has_printk(code))
		return 0;
	if (!load_runs_in_task(plan) && !type_has_snprintf(plan->type)) {
		note(hp, HOTPROBE_WARNING,
		     "messages of a %s program go to trace_pipe: in this kernel it may not "
		     "format them itself",
		     libbpf_bpf_prog_type_str(plan->type));
		return 0;
	}
	err = copy_code(&copy, code);
	if (err)
		return err;
	err = flow_analyse(&flow, &copy);
	if (!err) {
		err = replace_calls(hp->printk, &flow, &copy);
		flow_free(&flow);
	}
	if (err) {
		bytecode_free(&copy);
		if (err != -ERANGE)
			return err;
		note(hp, HOTPROBE_WARNING,
		     "messages of a program go to trace_pipe: it is too long for more code");
		return 0;
	}
	bytecode_free(code);
	*code = copy;
	return 0;
}

/* ---- What the calls need
 * --------------------------------------------------------------------------- */

static void warn(const struct hotprobe_program *program, const struct bpf_line_info *line,
		 const char *text, const char *hint)
{
	struct hotprobe *hp = program->hp;

	add_diagnostic(hp, HOTPROBE_WARNING, image_str(&hp->image, program->image->file),
		       BPF_LINE_INFO_LINE_NUM(line->line_col),
		       BPF_LINE_INFO_LINE_COL(line->line_col), text, hint);
}

#define STAYS "this message goes to the machine's trace_pipe, as "

static void look_at_call(struct printk *printk, const struct hotprobe_program *program,
			 const struct flow_state *s, const struct bpf_line_info *info, bool room,
			 int *err)
{
	struct format format = {.program = program};

	if (info)
		format.line = *info;
	if (!room)
		warn(program, &format.line, STAYS "the program needs its whole stack",
		     "make its variables smaller");
	else if (!read_format(s, &format))
		warn(program, &format.line, STAYS "its format is not known beforehand",
		     "keep formats constant, and shorter than 512 bytes");
	else
		*err = add_format(printk, &format);
}

static int look_at_code(struct printk *printk, const struct hotprobe_program *program,
			const struct bytecode *code)
{
	struct flow flow;
	int err = flow_analyse(&flow, code);
	bool room;

	if (err)
		return err;
	room = (flow_lowest_frame_offset(&flow, code) & ~7) - SUBMIT_SCRATCH - SCRATCH_SIZE >=
	       -STACK_SIZE;
	for (uint32_t i = 0; i < code->count && !err; i++)
		if (flow_at(&flow, i) && is_printk(&code->insns[i]))
			look_at_call(printk, program, flow_at(&flow, i), bytecode_line(code, i),
				     room, &err);
	flow_free(&flow);
	return err;
}

static int look_at_program(struct printk *printk, const struct hotprobe_program *program)
{
	const struct image_program *p = program->image;
	const struct image *img = &program->hp->image;
	struct bytecode code;
	int err = bytecode_copy(&code, img->insns + p->first_insn, p->insn_count, NULL, 0,
				img->line_info + p->first_line_info, p->line_info_count);

	if (err)
		return err;
	if (has_printk(&code))
		err = look_at_code(printk, program, &code);
	bytecode_free(&code);
	return err;
}

/* Constant memory: nobody can write it once it is frozen. */
static int make_formats(struct printk *printk)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_RDONLY_PROG);
	char *text = calloc(1, printk->formats_size);
	uint32_t key = 0;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < printk->formats.count; i++)
		memcpy(text + printk->formats.at[i].offset, printk->formats.at[i].text,
		       printk->formats.at[i].size);
	printk->formats_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_format", sizeof(key),
					    printk->formats_size, 1, &opts);
	if (printk->formats_fd < 0 || bpf_map_update_elem(printk->formats_fd, &key, text, 0) ||
	    bpf_map_freeze(printk->formats_fd))
		err = -errno;
	free(text);
	return err;
}

/* Which formats the kernel knows depends on its version: it is asked. */
static bool kernel_takes(const struct printk *printk, const struct format *format)
{
	const struct bpf_insn insns[] = {
		STORE_IMM(BPF_DW, BPF_REG_10, -8, 0),
		STORE_IMM(BPF_DW, BPF_REG_10, -16, 0),
		STORE_IMM(BPF_DW, BPF_REG_10, -24, 0),
		MOV_IMM(BPF_REG_1, 0),
		MOV_IMM(BPF_REG_2, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_3, BPF_PSEUDO_MAP_VALUE, 0,
		     printk->formats_fd),
		INSN(0, 0, 0, 0, (int32_t)format->offset),
		MOV_REG(BPF_REG_4, BPF_REG_10),
		ADD_IMM(BPF_REG_4, -24),
		MOV_IMM(BPF_REG_5, ARGS * 8),
		CALL(BPF_FUNC_snprintf),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_try", "GPL", insns,
			       sizeof(insns) / sizeof(*insns), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int make_lost(struct printk *printk)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	void *memory;

	printk->lost_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_lost", sizeof(uint32_t),
					 sizeof(uint64_t), 1, &opts);
	if (printk->lost_fd < 0)
		return -errno;
	memory = mmap(NULL, printk->page_size, PROT_READ, MAP_SHARED, printk->lost_fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	printk->lost = memory;
	return 0;
}

static int make_ring(struct printk *printk)
{
	uint64_t wanted = (uint64_t)printk->page_size * PAGES * (unsigned)kernel_possible_cpus();

	printk->ring_size = (uint32_t)printk->page_size;
	while (printk->ring_size < wanted && printk->ring_size < 1u << 26)
		printk->ring_size *= 2;
	printk->ring_fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "hotprobe_printk", 0, 0,
					 printk->ring_size, NULL);
	if (printk->ring_fd < 0)
		return -errno;
	return ring_buffer_open(&printk->ring, printk->ring_fd, printk->ring_size);
}

static bool facts_known(const struct image_facts *facts)
{
	return facts->task_pid != IMAGE_NONE && facts->task_comm != IMAGE_NONE && facts->task_comm;
}

static int make_all(struct printk *printk)
{
	static const struct format plain = {.text = "", .size = 1};
	struct format format = plain;
	int err = add_format(printk, &format);
	bool works;

	if (!err)
		err = make_formats(printk);
	if (!err)
		err = make_lost(printk);
	if (!err)
		err = make_ring(printk);
	if (err)
		return err;
	works = kernel_takes(printk, find_format(printk, &plain));
	for (size_t i = 0; works && i < printk->formats.count; i++) {
		struct format *f = &printk->formats.at[i];

		if (!f->program)
			continue; /* the plain one */
		f->refused = !kernel_takes(printk, f);
		if (f->refused)
			warn(f->program, &f->line,
			     "the kernel does not take this format, and prints nothing for it",
			     "it takes at most three of %d %i %u %x %ld %llu %llx %c %s %p and "
			     "their like");
	}
	return works ? 0 : -EOPNOTSUPP;
}

static int give_up(struct hotprobe *hp, struct printk *printk, int err)
{
	printk_free(printk);
	if (err == -ENOMEM)
		return fail(hp, err, "out of memory");
	/* Without privilege that comes with the tables too, and is an error there. */
	if (err == -EPERM)
		note(hp, HOTPROBE_WARNING,
		     "messages of bpf_trace_printk go to the machine's trace_pipe: the kernel "
		     "refuses "
		     "a buffer of their own");
	else
		note(hp, HOTPROBE_WARNING,
		     "messages of bpf_trace_printk go to the machine's trace_pipe: it takes a "
		     "kernel "
		     "with BTF, bpf_snprintf() and ring buffers (Linux 5.13)");
	return 0;
}

int printk_plan(struct hotprobe *hp)
{
	struct printk *printk;
	int err = 0;

	if (hp->opts.trace_pipe)
		return 0;
	printk = calloc(1, sizeof(*printk));
	if (!printk)
		return fail(hp, -ENOMEM, "out of memory");
	printk->hp = hp;
	printk->formats_fd = printk->ring_fd = printk->lost_fd = -1;
	printk->page_size = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t i = 0; i < hp->program_count && !err; i++)
		err = look_at_program(printk, &hp->programs[i]);
	if (!err && !printk->formats.count) {
		printk_free(printk);
		return 0;
	}
	if (!err && facts_known(hp->image.facts))
		err = make_all(printk);
	else if (!err)
		err = -EOPNOTSUPP;
	if (err)
		return give_up(hp, printk, err);
	hp->printk = printk;
	return 0;
}

void printk_free(struct printk *printk)
{
	if (!printk)
		return;
	ring_buffer_close(&printk->ring);
	if (printk->lost)
		munmap(printk->lost, printk->page_size);
	if (printk->lost_fd >= 0)
		close(printk->lost_fd);
	if (printk->ring_fd >= 0)
		close(printk->ring_fd);
	if (printk->formats_fd >= 0)
		close(printk->formats_fd);
	array_free(&printk->formats);
	free(printk);
}

/* ---- Messages
 * -------------------------------------------------------------------------------------- */

static void deliver(void *ctx, const void *data, size_t size)
{
	const struct printk *printk = ctx;
	const struct hotprobe *hp = printk->hp;
	const struct record *r = data;
	struct hotprobe_printk message = {
		.sz = sizeof(message),
		.time_ns = r->time_ns,
		.cpu = (int)r->cpu,
		.tid = r->tid,
		.comm = r->comm,
		.text = r->length > 0 ? r->text : "",
	};

	(void)size;
	message.length = strlen(message.text);
	/* One line each, however it was written. */
	while (message.length && message.text[message.length - 1] == '\n')
		message.length--;
	if (hp->on_printk)
		hp->on_printk(hp->printk_ctx, &message);
}

int printk_fd(const struct printk *printk)
{
	return printk->ring_fd;
}

int printk_consume(struct printk *printk)
{
	return ring_buffer_consume(&printk->ring, deliver, printk);
}

uint64_t printk_lost(const struct printk *printk)
{
	return __atomic_load_n(printk->lost, __ATOMIC_RELAXED);
}

void hotprobe_on_printk(struct hotprobe *hp, hotprobe_printk_fn fn, void *ctx)
{
	hp->on_printk = fn;
	hp->printk_ctx = ctx;
}
