/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any instructions as a program: the analysis ends, the edits keep to their bounds, and jumps lead
 * where they led. What the instructions mean does not matter: the verifier has the last word on
 * that.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/printk.c" /* what it keeps of formats is made in the kernel otherwise */

#include "fuzz.h"
#include "submit.h"
#include "usdt.h"

enum {
	INSNS_MAX = 64,
	TABLES = 3,
	SOME = 3, /* instructions that take the place of one */
};

/* A handle with one program, as much of it as the passes look at. */
struct world {
	struct hotprobe hp;
	struct hotprobe_table tables[TABLES];
	struct image_table image_tables[TABLES];
	struct image_facts facts;
	struct image_program image;
	struct hotprobe_program program;
	struct bpf_insn insns[INSNS_MAX];
	struct bpf_line_info lines[INSNS_MAX];
	struct bpf_func_info func;
};

static bool is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* What image_parse() sees to. */
static void make_sound(struct bpf_insn *insns, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		insns[i].dst_reg %= FLOW_REGISTERS;
		insns[i].src_reg %= FLOW_REGISTERS;
		if (!is_wide(&insns[i]))
			continue;
		insns[i].src_reg = insns[i].src_reg % 2 ? BPF_PSEUDO_MAP_FD : 0;
		if (insns[i].src_reg)
			insns[i].imm = (int32_t)((uint32_t)insns[i].imm % TABLES);
		if (i + 1 == count) {
			insns[i] = EXIT();
			continue;
		}
		i++;
		insns[i] = INSN(0, 0, 0, 0, insns[i].imm);
	}
}

/* A line for every third instruction. */
static void make_lines(struct world *w)
{
	w->image.line_info_count = 0;
	for (uint32_t i = 0; i < w->image.insn_count; i += 3)
		w->lines[w->image.line_info_count++] = (struct bpf_line_info){.insn_off = i};
	w->image.func_info_count = 1;
}

static bool make_world(struct world *w, const uint8_t *data, size_t size)
{
	uint32_t count = (uint32_t)(size / sizeof(struct bpf_insn));

	if (!count || count > INSNS_MAX)
		return false;
	memset(w, 0, sizeof(*w));
	memcpy(w->insns, data, count * sizeof(*w->insns));
	make_sound(w->insns, count);
	w->image.insn_count = count;
	make_lines(w);
	w->facts = (struct image_facts){.task_pid = 100, .task_comm = 200};
	w->hp.image = (struct image){.strings = "",
				     .facts = &w->facts,
				     .insns = w->insns,
				     .line_info = w->lines,
				     .func_info = &w->func};
	w->hp.tables = w->tables;
	w->hp.table_count = TABLES;
	w->hp.lost_fd = 7;
	for (int i = 0; i < TABLES; i++)
		w->tables[i] = (struct hotprobe_table){.hp = &w->hp,
						       .image = &w->image_tables[i],
						       .name = "table",
						       .fd = 10 + i,
						       .uses_ring = i < 2};
	w->program = (struct hotprobe_program){.hp = &w->hp, .image = &w->image, .name = "fuzz"};
	return true;
}

static struct bytecode code_of(const struct world *w)
{
	struct bytecode code;

	if (bytecode_copy(&code, w->insns, w->image.insn_count, &w->func, 1, w->lines,
			  w->image.line_info_count))
		abort();
	return code;
}

/* ---- What must hold of code ---- */

static bool is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static bool is_end(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_EXIT) || insn->code == (BPF_JMP | BPF_JA);
}

static int64_t target(const struct bpf_insn *insns, uint32_t at)
{
	bool is_far = insns[at].code == (BPF_JMP32 | BPF_JA);

	return (int64_t)at + 1 + (is_far ? insns[at].imm : insns[at].off);
}

/* Does control stay within the code? */
static bool stays_within(const struct bpf_insn *insns, uint32_t count)
{
	if (!is_end(&insns[count - 1]))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (is_jump(&insns[i]) &&
		    (target(insns, i) < 0 || target(insns, i) >= (int64_t)count))
			return false;
		i += is_wide(&insns[i]);
	}
	return true;
}

static void check_code(const struct world *w, const struct bytecode *code)
{
	uint32_t more = code->count - w->image.insn_count;

	REQUIRE(code->count >= w->image.insn_count);
	for (uint32_t i = 0; i < code->count; i++) {
		REQUIRE(code->insns[i].dst_reg < FLOW_REGISTERS);
		REQUIRE(code->insns[i].src_reg < FLOW_REGISTERS);
		REQUIRE(!is_wide(&code->insns[i]) || i + 1 < code->count);
		i += is_wide(&code->insns[i]);
	}
	for (uint32_t i = 0; i < code->line_info_count; i++) {
		REQUIRE(code->line_info[i].insn_off < code->count);
		REQUIRE(code->line_info[i].insn_off >= w->lines[i].insn_off);
		REQUIRE(code->line_info[i].insn_off <= w->lines[i].insn_off + more);
		REQUIRE(!i || code->line_info[i].insn_off > code->line_info[i - 1].insn_off);
	}
	REQUIRE(!stays_within(w->insns, w->image.insn_count) ||
		stays_within(code->insns, code->count));
}

/* ---- The passes ---- */

static void check_flow(const struct world *w)
{
	struct bytecode code = code_of(w);
	struct flow flow;
	int32_t lowest;

	if (flow_analyse(&flow, &code))
		abort();
	REQUIRE(flow_at(&flow, 0));
	lowest = flow_lowest_frame_offset(&flow, &code);
	REQUIRE(lowest <= 0 && lowest >= -512);
	for (int64_t at = -520; at < 8; at += 3)
		REQUIRE(flow_frame_byte(flow_at(&flow, 0), at) == -1);
	flow_free(&flow);
	bytecode_free(&code);
}

static void check_view(const struct world *w, enum view view)
{
	/* A pointer, an int, one that programs may not read, and a long as the result. */
	static const struct signature signature = {
		.count = 3,
		.args = {{.size = 8, .is_pointer = true}, {.size = 4, .is_signed = true}, {0}},
		.result = {.size = 8, .is_signed = true},
		.ip_offset = 4,
	};
	struct bytecode code = code_of(w);
	struct view_problem problem;
	int err = bytecode_set_view(&code, view, &signature, &problem);

	REQUIRE(!err || err == -EOPNOTSUPP || err == -ERANGE);
	REQUIRE(err != -EOPNOTSUPP || problem.insn < w->image.insn_count);
	/* What cannot be fitted stays as it is; what can may take more instructions. */
	REQUIRE(err == -EOPNOTSUPP ? code.count == w->image.insn_count
				   : code.count >= w->image.insn_count);
	check_code(w, &code);
	bytecode_free(&code);
}

/* Where an instruction is after one at index at became several. */
static int64_t moved(int64_t index, uint32_t at, uint32_t more)
{
	return index > at ? index + more : index;
}

static void check_replace(const struct world *w, uint32_t at)
{
	const struct bpf_insn some[SOME] = {MOV_IMM(1, 1), MOV_IMM(1, 2), MOV_IMM(1, 3)};
	struct bytecode code = code_of(w);
	uint32_t more = SOME - 1;

	if (bytecode_replace(&code, at, some, SOME)) {
		bytecode_free(&code);
		return;
	}
	REQUIRE(code.count == w->image.insn_count + more);
	REQUIRE(!memcmp(code.insns + at, some, sizeof(some)));
	for (uint32_t i = 0; i < w->image.insn_count; i++) {
		uint32_t now = (uint32_t)moved(i, at, more);

		if (i == at)
			continue;
		REQUIRE(code.insns[now].code == w->insns[i].code);
		if (is_jump(&w->insns[i]))
			REQUIRE(target(code.insns, now) == moved(target(w->insns, i), at, more));
		i += is_wide(&w->insns[i]);
	}
	REQUIRE(!bytecode_prepend(&code, some, 2));
	REQUIRE(code.prologue == 2 && code.count == w->image.insn_count + more + 2);
	bytecode_free(&code);
}

static void check_submit(const struct world *w)
{
	struct bytecode code = code_of(w);

	if (!submit_rewrite(&w->hp, &code))
		check_code(w, &code);
	bytecode_free(&code);
}

static void check_printk(struct world *w)
{
	struct printk printk = {.hp = &w->hp, .formats_fd = 5, .ring_fd = 6, .lost_fd = 7};
	const struct plan plan = {.type = BPF_PROG_TYPE_KPROBE};
	struct bytecode code = code_of(w);

	if (look_at_program(&printk, &w->program))
		abort();
	for (size_t i = 0; i < printk.formats.count; i++) {
		const struct format *f = &printk.formats.at[i];

		REQUIRE(f->size == strlen(f->text) + 1 && f->size <= FORMAT_MAX);
		REQUIRE(text_size(f) <= TEXT_MAX);
	}
	w->hp.printk = &printk;
	if (!printk_rewrite(&w->hp, &plan, &code))
		check_code(w, &code);
	w->hp.printk = NULL;
	bytecode_free(&code);
	array_free(&printk.formats);
	free_diagnostics(&w->hp);
}

static void check_usdt(struct world *w)
{
	static const char text[] = "4@-20(%rbp) -8@%rax 8@$5 1@%ah 8@8(%rax,%rbx,8) 8f@%xmm0";
	struct plan plan = {.type = BPF_PROG_TYPE_KPROBE};
	struct bytecode code = code_of(w);
	struct usdt_arguments arguments;

	if (usdt_parse(&arguments, EM_X86_64, text, 0, NULL, NULL))
		abort();
	plan.usdt = &arguments;
	usdt_is_read(&w->program);
	if (!usdt_fill(&w->program, &plan, &code))
		check_code(w, &code);
	bytecode_free(&code);
	free_diagnostics(&w->hp);
	free(w->hp.error);
	w->hp.error = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	if (!size || !make_world(&w, data + 1, size - 1))
		return 0;
	switch (data[0] % 4) {
	case 0:
		check_flow(&w);
		check_view(&w, VIEW_SYSCALL_ENTER);
		check_view(&w, VIEW_SYSCALL_EXIT);
		check_view(&w, VIEW_FUNCTION_ENTRY);
		check_view(&w, VIEW_FUNCTION_RETURN);
		check_view(&w, VIEW_KPROBE_MULTI);
		break;
	case 1:
		check_submit(&w);
		check_replace(&w, data[0] / 4 % w.image.insn_count);
		break;
	case 2:
		check_printk(&w);
		break;
	default:
		check_usdt(&w);
	}
	return 0;
}

/* ---- Seeds: a program that does what a pass looks for ---- */

static size_t put(uint8_t *data, uint8_t pass, const struct bpf_insn *insns, size_t size)
{
	data[0] = pass;
	memcpy(data + 1, insns, size);
	return size + 1;
}

static size_t put_submit(uint8_t *data)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		STORE_IMM(BPF_DW, BPF_REG_10, -8, 5),
		STORE_IMM(BPF_W, BPF_REG_10, -16, 6),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0, 1),
		INSN(0, 0, 0, 0, 0),
		MOV_REG(BPF_REG_4, BPF_REG_10),
		ADD_IMM(BPF_REG_4, -16),
		MOV_REG(BPF_REG_1, BPF_REG_6),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_3, 0, 0, -1),
		INSN(0, 0, 0, 0, 0),
		MOV_IMM(BPF_REG_5, 16),
		CALL(BPF_FUNC_perf_event_output),
		JUMP_IF_ZERO(BPF_REG_0, -9),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	return put(data, 1 + 4 * 4, insns, sizeof(insns));
}

static size_t put_printk(uint8_t *data)
{
	const struct bpf_insn insns[] = {
		MOV_IMM(BPF_REG_1, 0),
		STORE(BPF_B, BPF_REG_10, -4, BPF_REG_1),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -8, 0x64252078), /* "x %d" */
		MOV_REG(BPF_REG_1, BPF_REG_10),
		ADD_IMM(BPF_REG_1, -8),
		MOV_IMM(BPF_REG_2, 5),
		MOV_IMM(BPF_REG_3, 42),
		CALL(BPF_FUNC_trace_printk),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	return put(data, 2, insns, sizeof(insns));
}

static size_t put_context(uint8_t *data)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_1, 112),
		MOV_REG(BPF_REG_7, BPF_REG_1),
		ADD_IMM(BPF_REG_7, 8),
		LOAD(BPF_DW, BPF_REG_8, BPF_REG_7, 96),
		LOAD(BPF_DW, BPF_REG_9, BPF_REG_1, 80),
		STORE(BPF_DW, BPF_REG_10, -8, BPF_REG_6),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	return put(data, 0, insns, sizeof(insns));
}

static size_t put_usdt(uint8_t *data)
{
	const struct bpf_insn insns[] = {
		STORE_IMM(BPF_DW, BPF_REG_10, -8, 0),
		MOV_REG(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -8),
		CALL(IMAGE_USDT_CALL + 1),
		CALL(IMAGE_USDT_CALL + 5),
		CALL(IMAGE_USDT_CALL + 3),
		EXIT(),
	};

	return put(data, 3, insns, sizeof(insns));
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	switch (n) {
	case 0:
		return put_context(data);
	case 1:
		return put_submit(data);
	case 2:
		return put_printk(data);
	case 3:
		return put_usdt(data);
	}
	return 0;
}
