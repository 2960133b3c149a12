/* SPDX-License-Identifier: Apache-2.0 */
#include "submit.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flow.h"
#include "insns.h"

enum {
	STACK_SIZE = 512,
	COPY_INLINE = 128,    /* bytes; above that a helper copies */
	RECORD_MAX = 1 << 16, /* as with perf_event_output, whose size is 16 bits */
	SEQUENCE_MAX = 32 + 2 * (COPY_INLINE + 8),
};

/* One call of bpf_perf_event_output(), as far as it is known. */
struct call {
	uint32_t insn;
	uint32_t table;
	uint32_t size;
	bool in_frame; /* the bytes are on the stack, at frame_offset */
	int32_t frame_offset;
};

struct sequence {
	struct bpf_insn insns[SEQUENCE_MAX];
	uint32_t count;
};

/* ---- Finding the calls
 * ----------------------------------------------------------------------------- */

static bool is_helper_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg;
}

static bool is_constant(struct flow_value v, int64_t number)
{
	return v.kind == FLOW_CONSTANT && v.number == number;
}

/* True if the call can be changed; *call then tells how. */
static bool understand(const struct hotprobe *hp, const struct flow_state *s, struct call *call)
{
	struct flow_value table = s->value[BPF_REG_2], flags = s->value[BPF_REG_3];
	struct flow_value data = s->value[BPF_REG_4], size = s->value[BPF_REG_5];

	if (table.kind != FLOW_TABLE || (uint64_t)table.number >= hp->table_count)
		return false;
	call->table = (uint32_t)table.number;
	if (!is_constant(flags, BPF_F_CURRENT_CPU) || size.kind != FLOW_CONSTANT ||
	    size.number <= 0 || size.number > RECORD_MAX)
		return false;
	call->size = (uint32_t)size.number;
	if (data.kind == FLOW_CONTEXT || data.kind == FLOW_MIXED || data.kind == FLOW_DEAD)
		return false;
	call->in_frame = data.kind == FLOW_FRAME;
	/* The verifier refuses what is not in the frame: with the call that it was. */
	if (call->in_frame && (data.number < -STACK_SIZE || data.number + call->size > 0))
		return false;
	call->frame_offset = call->in_frame ? (int32_t)data.number : 0;
	return true;
}

/* The stack that a changed call needs: for the data's address unless it is in the frame, and for
   the CPU's number. */
static bool has_room(const struct flow *flow, const struct bytecode *code, int32_t *scratch)
{
	int32_t lowest = flow_lowest_frame_offset(flow, code);

	*scratch = (lowest & ~7) - 16;
	return *scratch >= -STACK_SIZE;
}

/* ---- The code
 * -------------------------------------------------------------------------------------- */

static void emit(struct sequence *s, struct bpf_insn insn)
{
	s->insns[s->count++] = insn;
}

static void emit_wide(struct sequence *s, uint8_t reg, uint8_t pseudo, int32_t low, int32_t high)
{
	emit(s, INSN(BPF_LD | BPF_DW | BPF_IMM, reg, pseudo, 0, low));
	emit(s, INSN(0, 0, 0, 0, high));
}

/* The largest access that is aligned at that offset and fits into what is left. */
static uint8_t access_size(int32_t offset, uint32_t left, uint32_t *bytes)
{
	static const struct {
		uint32_t bytes;
		uint8_t code;
	} sizes[] = {{8, BPF_DW}, {4, BPF_W}, {2, BPF_H}, {1, BPF_B}};
	int i = 0;

	while ((offset & (int32_t)(sizes[i].bytes - 1)) || left < sizes[i].bytes)
		i++;
	*bytes = sizes[i].bytes;
	return sizes[i].code;
}

/* From the stack to the record in R0, through R1. */
static void emit_copy(struct sequence *s, const struct call *call)
{
	uint32_t bytes;

	for (uint32_t done = 0; done < call->size; done += bytes) {
		int32_t from = call->frame_offset + (int32_t)done;
		uint8_t size = access_size(from, call->size - done, &bytes);

		emit(s, LOAD(size, BPF_REG_1, BPF_REG_10, from));
		emit(s, STORE(size, BPF_REG_0, sizeof(struct submit_header) + done, BPF_REG_1));
	}
}

/* The same by a helper; R0 is the record before and after. */
static void emit_call_copy(struct sequence *s, const struct call *call, int32_t scratch)
{
	if (call->in_frame) {
		emit(s, MOV_REG(BPF_REG_3, BPF_REG_10));
		emit(s, ADD_IMM(BPF_REG_3, call->frame_offset));
	} else {
		emit(s, LOAD(BPF_DW, BPF_REG_3, BPF_REG_10, scratch));
	}
	emit(s, STORE(BPF_DW, BPF_REG_10, scratch, BPF_REG_0));
	emit(s, MOV_REG(BPF_REG_1, BPF_REG_0));
	emit(s, ADD_IMM(BPF_REG_1, sizeof(struct submit_header)));
	emit(s, MOV_IMM(BPF_REG_2, call->size));
	emit(s, CALL(BPF_FUNC_probe_read_kernel));
	emit(s, LOAD(BPF_DW, BPF_REG_0, BPF_REG_10, scratch));
}

static void emit_reserve(struct sequence *s, const struct call *call, int32_t scratch)
{
	if (!call->in_frame)
		emit(s, STORE(BPF_DW, BPF_REG_10, scratch, BPF_REG_4));
	emit(s, CALL(BPF_FUNC_get_smp_processor_id));
	emit(s, STORE(BPF_DW, BPF_REG_10, scratch + 8, BPF_REG_0));
	emit_wide(s, BPF_REG_1, BPF_PSEUDO_MAP_FD, (int32_t)call->table, 0);
	emit(s, MOV_IMM(BPF_REG_2, call->size + sizeof(struct submit_header)));
	emit(s, MOV_IMM(BPF_REG_3, 0));
	emit(s, CALL(BPF_FUNC_ringbuf_reserve));
}

static void make_sequence(const struct hotprobe *hp, const struct call *call, int32_t scratch,
			  struct sequence *s)
{
	uint32_t branch, skip;

	s->count = 0;
	emit_reserve(s, call, scratch);
	branch = s->count;
	emit(s, JUMP_IF_ZERO(BPF_REG_0, 0));
	emit(s, LOAD(BPF_DW, BPF_REG_1, BPF_REG_10, scratch + 8));
	emit(s, STORE(BPF_DW, BPF_REG_0, 0, BPF_REG_1));
	if (call->in_frame && call->size <= COPY_INLINE)
		emit_copy(s, call);
	else
		emit_call_copy(s, call, scratch);
	emit(s, MOV_REG(BPF_REG_1, BPF_REG_0));
	emit(s, MOV_IMM(BPF_REG_2, 0));
	emit(s, CALL(BPF_FUNC_ringbuf_submit));
	emit(s, MOV_IMM(BPF_REG_0, 0));
	skip = s->count;
	emit(s, INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0));
	s->insns[branch].off = (int16_t)(s->count - branch - 1);
	emit_wide(s, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, hp->lost_fd,
		  (int32_t)(call->table * sizeof(uint64_t)));
	emit(s, MOV_IMM(BPF_REG_2, 1));
	emit(s, ATOMIC_ADD(BPF_DW, BPF_REG_1, 0, BPF_REG_2));
	emit(s, MOV_IMM(BPF_REG_0, -ENOSPC));
	s->insns[skip].off = (int16_t)(s->count - skip - 1);
}

int submit_rewrite(const struct hotprobe *hp, struct bytecode *code)
{
	struct sequence sequence;
	struct call call;
	struct flow flow;
	int32_t scratch;
	int err = 0;

	if (flow_analyse(&flow, code))
		return -ENOMEM;
	has_room(&flow, code, &scratch);
	/* From the end, so that the analysis holds for what is still to come. */
	for (uint32_t i = flow.count; i-- > 0 && !err;) {
		const struct flow_state *s = flow_at(&flow, i);

		if (!s || !is_helper_call(&code->insns[i]) ||
		    code->insns[i].imm != BPF_FUNC_perf_event_output || !understand(hp, s, &call) ||
		    !hp->tables[call.table].uses_ring)
			continue;
		make_sequence(hp, &call, scratch, &sequence);
		err = bytecode_replace(code, i, sequence.insns, sequence.count);
	}
	flow_free(&flow);
	return err;
}

/* ---- The decision
 * ---------------------------------------------------------------------------------- */

static void keep_perf(struct hotprobe *hp, uint32_t table, const char *why)
{
	struct hotprobe_table *t = &hp->tables[table];

	if (t->uses_ring)
		note(hp, HOTPROBE_NOTE, "%s: perf buffers, because %s", t->name, why);
	t->uses_ring = false;
}

static int note_size(struct hotprobe_table *table, uint32_t size)
{
	for (size_t i = 0; i < table->sizes.count; i++)
		if (table->sizes.at[i] == size)
			return 0;
	return array_push(&table->sizes, size) ? -ENOMEM : 0;
}

static int note_submit(struct hotprobe *hp, const struct flow_state *s)
{
	struct flow_value flags = s->value[BPF_REG_3], size = s->value[BPF_REG_5];
	uint64_t table = (uint64_t)s->value[BPF_REG_2].number;

	if (table >= hp->table_count)
		return 0;
	/* Packet data follows the record where the flags say so. */
	if (is_constant(flags, BPF_F_CURRENT_CPU) && size.kind == FLOW_CONSTANT &&
	    size.number > 0 && size.number <= RECORD_MAX)
		return note_size(&hp->tables[table], (uint32_t)size.number);
	hp->tables[table].sizes_unknown = true;
	return 0;
}

static void chooses_among_tables(struct hotprobe *hp)
{
	for (uint32_t i = 0; i < hp->table_count; i++) {
		hp->tables[i].sizes_unknown = true;
		keep_perf(hp, i, "a program chooses among tables");
	}
}

/* A program whose calls are not all understood settles it for the tables they may mean. */
static int look_at_call(struct hotprobe *hp, const struct bpf_insn *insn,
			const struct flow_state *s, bool room)
{
	bool submits = insn->imm == BPF_FUNC_perf_event_output;
	struct call call;

	if (submits && s->value[BPF_REG_2].kind != FLOW_TABLE) {
		chooses_among_tables(hp);
		return 0;
	}
	for (int r = BPF_REG_1; r <= BPF_REG_5; r++) {
		if (s->value[r].kind != FLOW_TABLE ||
		    (uint64_t)s->value[r].number >= hp->table_count)
			continue;
		if (!submits || r != BPF_REG_2)
			keep_perf(hp, s->value[r].number, "it is used for more than perf_submit");
		else if (!understand(hp, s, &call))
			keep_perf(hp, s->value[r].number,
				  "a perf_submit has no constant size, or packet data");
		else if (!room)
			keep_perf(hp, call.table,
				  "a program that submits to it needs its whole "
				  "stack");
	}
	return submits ? note_submit(hp, s) : 0;
}

static int copy_code(const struct hotprobe_program *program, struct bytecode *code)
{
	const struct image_program *p = program->image;
	const struct image *img = &program->hp->image;

	return bytecode_copy(code, img->insns + p->first_insn, p->insn_count, NULL, 0, NULL, 0);
}

static int look_at_program(struct hotprobe *hp, const struct hotprobe_program *program)
{
	struct bytecode code;
	struct flow flow;
	int32_t scratch;
	int err = 0;
	bool room;

	if (copy_code(program, &code))
		return -ENOMEM;
	if (flow_analyse(&flow, &code)) {
		bytecode_free(&code);
		return -ENOMEM;
	}
	room = has_room(&flow, &code, &scratch);
	for (uint32_t i = 0; i < code.count && !err; i++)
		if (flow_at(&flow, i) && is_helper_call(&code.insns[i]))
			err = look_at_call(hp, &code.insns[i], flow_at(&flow, i), room);
	flow_free(&flow);
	bytecode_free(&code);
	return err;
}

/* What remains is tried: a jump may no longer reach over the longer code. */
static int try_program(struct hotprobe *hp, const struct hotprobe_program *program)
{
	struct bytecode code;
	int err;

	if (copy_code(program, &code))
		return -ENOMEM;
	err = submit_rewrite(hp, &code);
	bytecode_free(&code);
	if (err != -ERANGE)
		return err;
	for (uint32_t i = 0; i < hp->table_count; i++)
		keep_perf(hp, i, "a program is too long");
	return 0;
}

static bool kernel_has_ring_buffers(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "hotprobe_try", 0, 0,
				(uint32_t)sysconf(_SC_PAGESIZE), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int make_counters(struct hotprobe *hp)
{
	size_t size = hp->table_count * sizeof(uint64_t);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	hp->lost_fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_lost", 4, (uint32_t)size, 1, &opts);
	if (hp->lost_fd < 0)
		return -errno;
	hp->lost_counts = mmap(NULL, size, PROT_READ, MAP_SHARED, hp->lost_fd, 0);
	if (hp->lost_counts != MAP_FAILED)
		return 0;
	hp->lost_counts = NULL;
	return -errno;
}

/* Without privilege the refusal comes with the tables, and is explained there. */
static bool can_use_rings(struct hotprobe *hp)
{
	if (hp->opts.perf_buffer)
		return false;
	if (kernel_has_ring_buffers() && !make_counters(hp))
		return true;
	note(hp, HOTPROBE_NOTE, "perf buffers, because this kernel makes no ring buffers");
	return false;
}

static bool has_perf_output(const struct hotprobe *hp)
{
	for (size_t i = 0; i < hp->table_count; i++)
		if (table_takes_perf_events(&hp->tables[i]))
			return true;
	return false;
}

int submit_plan(struct hotprobe *hp)
{
	bool rings;
	int err = 0;

	if (!has_perf_output(hp))
		return 0;
	rings = can_use_rings(hp);
	for (size_t i = 0; i < hp->table_count; i++)
		hp->tables[i].uses_ring = rings && table_takes_perf_events(&hp->tables[i]);
	for (size_t i = 0; i < hp->program_count && !err; i++)
		err = look_at_program(hp, &hp->programs[i]);
	for (size_t i = 0; i < hp->program_count && !err && rings; i++)
		err = try_program(hp, &hp->programs[i]);
	return err ? fail(hp, err, "out of memory") : 0;
}

void submit_free(struct hotprobe *hp)
{
	if (hp->lost_counts)
		munmap(hp->lost_counts, hp->table_count * sizeof(uint64_t));
	if (hp->lost_fd >= 0)
		close(hp->lost_fd);
	hp->lost_counts = NULL;
	hp->lost_fd = -1;
}

/* As the kernel pads it: with the u32 of its size before it, to 8 bytes. */
static size_t padded(size_t size)
{
	return ((size + sizeof(uint32_t) + 7) & ~(size_t)7) - sizeof(uint32_t);
}

size_t submit_size(const struct hotprobe_table *table, size_t size)
{
	size_t found = 0;

	if (table->sizes_unknown)
		return 0;
	for (size_t i = 0; i < table->sizes.count; i++) {
		if (padded(table->sizes.at[i]) != size)
			continue;
		if (found)
			return 0;
		found = table->sizes.at[i];
	}
	return found;
}

uint64_t submit_lost(const struct hotprobe_table *table)
{
	const struct hotprobe *hp = table->hp;

	if (!hp->lost_counts || !table->uses_ring)
		return 0;
	return __atomic_load_n(&hp->lost_counts[table - hp->tables], __ATOMIC_RELAXED);
}
