/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier's log put into words, in the forms of several kernels: 5.x says "inv" where 6.x says
 * "scalar", prints what it knows at jumps alone, and has other limits' names.
 */
#include "support.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "insns.h"
#include "internal.h"
#include "verifier.h"
#include "verifier_source.h"
#include "verifier_state.h"
#include "verifier_trace.h"

static struct log_text text_of(const char *text)
{
	return (struct log_text){text, strlen(text)};
}

/* ---- States ------------------------------------------------------------------------------------
 */

START_TEST(a_registers_state_is_put_into_words)
{
	static const struct {
		const char *state, *words;
	} cases[] = {
		{"scalar()", "a number of which nothing is known"},
		{"inv(id=0)", "a number of which nothing is known"},
		{"inv5", "the number 5"},
		{"invP7", "the number 7"},
		{"P0", "the number 0"},
		{"42", "the number 42"},
		{"-1", "the number -1"},
		{"0x80000000", "the number 2147483648"},
		{"scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff))", "a number between 0 and 255"},
		{"scalar(smin=smin32=0,smax=umax=smax32=umax32=1,var_off=(0x0; 0x1))",
		 "a number between 0 and 1"},
		{"inv(id=0,umax_value=255,var_off=(0x0; 0xff))", "a number between 0 and 255"},
		{"scalar(id=3,umin=4,umax=8,var_off=(0x0; 0xf))", "a number between 4 and 8"},
		{"inv(id=2,umin_value=2,umax_value=18,smin_value=2)", "a number between 2 and 18"},
		{"scalar(smin=smin32=-4095,smax=smax32=64)", "a number between -4095 and 64"},
		{"scalar(smin=0xffffffff80000000,smax=0x7fffffff)",
		 "a number between -2147483648 and 2147483647"},
		{"scalar(umin=1)", "a number between 1 and 18446744073709551615"},
		{"scalar(smax=5)", "a number of which nothing is known"},
		{"map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)",
		 "a pointer to a value of table counts (8 bytes), or NULL"},
		{"map_value_or_null(id=1,map=counts,ks=4,vs=8)",
		 "a pointer to a value of table counts (8 bytes), or NULL"},
		{"map_value(map=counts,ks=4,vs=64,off=4,smin=0,smax=umax=1020,var_off=(0x0; "
		 "0x3fc))",
		 "a pointer into a value of table counts (64 bytes), at byte 4 to 1024"},
		{"map_value(id=0,off=8,ks=4,vs=64,imm=0)",
		 "a pointer into a value of table counts (64 bytes), at byte 8"},
		{"map_value(ks=4,vs=1)", "a pointer to a value of table counts (1 byte)"},
		{"map_value(ks=4,vs=64,var_off=(0x0; 0xffffffffffffffff))",
		 "a pointer into a value of table counts (64 bytes), at a byte of which nothing is "
		 "known"},
		{"ringbuf_mem_or_null(id=2,ref_obj_id=2,sz=8)",
		 "a pointer to a record (8 bytes), or NULL"},
		{"pkt(off=14,r=20)",
		 "a pointer into the packet, of which 20 bytes are known to be there, at byte 14"},
		{"trusted_ptr_or_null_task_struct(id=1)",
		 "a pointer to the kernel's struct task_struct, or NULL"},
		{"ptr_sock(id=0,off=0,imm=0)", "a pointer to the kernel's struct sock"},
		{"fp-64", "a pointer to local variables, 64 bytes below the end of the stack"},
		{"ctx(id=0,off=0,imm=0)", "the context"},
		{"map_ptr(map=counts,ks=4,vs=8)", "the table counts"},
		/* Better nothing than something wrong. */
		{"fp0", NULL},
		{"dynptr_ringbuf(id=1)", NULL},
		{"", NULL},
		{"(", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct verifier_state state;
		char *words = NULL;

		if (verifier_state_read(&state, text_of(cases[i].state)))
			words = verifier_state_words(&state, "counts");
		ck_assert_msg(!words == !cases[i].words, "%s: %s", cases[i].state, words);
		if (words)
			ck_assert_str_eq(words, cases[i].words);
		free(words);
	}
}
END_TEST

/* ---- Lines -------------------------------------------------------------------------------------
 */

START_TEST(registers_are_found_wherever_a_kernel_puts_them)
{
	static const struct {
		const char *line;
		enum log_kind kind;
		int number; /* of the last register, -1: none */
		const char *state;
	} cases[] = {
		{"12: (79) r1 = *(u64 *)(r1 +0)  ; R1_w=scalar()", LOG_INSN, 1, "scalar()"},
		{"7: (15) if r0 == 0x0 goto pc-6 2: R0=0 R10=fp0 fp-8=mmmm????", LOG_INSN, 10,
		 "fp0"},
		{"7: (15) if r0 == 0x0 goto pc-6 ; while (R0) @ a.c:7", LOG_INSN, -1, NULL},
		{"7: (85) call f#7 ; frame1: R0_w=map_value(ks=4,var_off=(0x0; 0x8))", LOG_INSN, 0,
		 "map_value(ks=4,var_off=(0x0; 0x8))"},
		{"0: R1=ctx(id=0,off=0,imm=0) R10=fp0", LOG_STATE, 10, "fp0"},
		{"from 3 to 5: R0=inv(id=0)", LOG_STATE, 0, "inv(id=0)"},
		{"from 3 to 5 (speculative execution): R2_rw=P1", LOG_STATE, 2, "P1"},
		{" R0=inv5 R1_w=ctx(id=0,off=0,imm=0)", LOG_STATE, 1, "ctx(id=0,off=0,imm=0)"},
		{"from 7 to 11: safe", LOG_STATE, -1, NULL},
		{"R0 invalid mem access 'inv'", LOG_SAYS, -1, NULL},
		{"processed 7 insns (limit 1000000)", LOG_NOTHING, -1, NULL},
		{"; *count += 1; @ a.c:7", LOG_NOTHING, -1, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct log_register reg = {.number = -1};
		const char *log = cases[i].line;
		struct log_line line;
		struct log_text state;

		ck_assert(verifier_log_next(&log, &line));
		ck_assert_msg(line.kind == cases[i].kind, "%s", cases[i].line);
		state = line.state;
		while (verifier_log_register(&state, &reg))
			;
		ck_assert_msg(reg.number == cases[i].number, "%s", cases[i].line);
		if (cases[i].state)
			ck_assert_msg(reg.text.length == strlen(cases[i].state) &&
					      !memcmp(reg.text.at, cases[i].state, reg.text.length),
				      "%s: %.*s", cases[i].line, (int)reg.text.length, reg.text.at);
		ck_assert(!verifier_log_next(&log, &line));
	}
}
END_TEST

/* ---- Expressions -------------------------------------------------------------------------------
 */

static void check_expression(char *got, const char *wanted, const char *text)
{
	ck_assert_msg(!got == !wanted, "%s: %s", text, got);
	if (got)
		ck_assert_msg(!strcmp(got, wanted), "%s: %s", text, got);
	free(got);
}

START_TEST(the_pointer_is_found_in_the_statement)
{
	static const struct {
		const char *text;
		const char *at; /* where line info has it: the column is that of its first place */
		const char *pointer, *address, *array, *index;
	} cases[] = {
		{"*count += 1;", "+=", "count", NULL, NULL, NULL},
		{"(*count)++;", "++", "count", NULL, NULL, NULL},
		{"return *value;", "*", "value", "value", NULL, NULL},
		{"x = *(u32 *)(task + 8);", "*", "task + 8", "task + 8", NULL, NULL},
		{"x = *args->filename;", "*", "args->filename", "args->filename", NULL, NULL},
		{"x = a->b->c;", "c;", "a->b", "&a->b->c", NULL, NULL},
		{"x = a->b->c;", "b", "a", "&a->b", NULL, NULL},
		{"event->pid = pid;", "=", "event", "&event->pid", NULL, NULL},
		{"slots->slot[i & 7] += 1;", "+=", "slots->slot", "&slots->slot[i & 7]",
		 "slots->slot", "i & 7"},
		{"x = ctx->args[which];", "ctx", "ctx->args", "&ctx->args[which]", "ctx->args",
		 "which"},
		{"f(name[n - 1]);", "name", "name", "&name[n - 1]", "name", "n - 1"},
		{"u64 *count = f(*other);", "f", "other", NULL, NULL, NULL},
		{"u64 *count = f(*one, two->x);", "f", NULL, NULL, NULL, NULL},
		{"f(a * b);", "f", NULL, NULL, NULL, NULL},
		{"if (a[b[", "a", NULL, NULL, NULL, NULL},
		{"", "", NULL, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = cases[i].text;
		unsigned column = (unsigned)(strstr(text, cases[i].at) - text) + 1;

		check_expression(expr_pointer(text, column), cases[i].pointer, text);
		check_expression(expr_address(text, column), cases[i].address, text);
		check_expression(expr_array(text, column), cases[i].array, text);
		check_expression(expr_index(text, column), cases[i].index, text);
	}
}
END_TEST

START_TEST(calls_are_taken_apart)
{
	static const char call[] = "int n = (int)f(a, g(b, c), \"x,)\", &d[1]);";

	check_expression(expr_argument(call, "f", 1), "a", call);
	check_expression(expr_argument(call, "f", 2), "g(b, c)", call);
	check_expression(expr_argument(call, "f", 3), "\"x,)\"", call);
	check_expression(expr_argument(call, "f", 4), "&d[1]", call);
	check_expression(expr_argument(call, "f", 5), NULL, call);
	check_expression(expr_argument(call, "g", 2), "c", call);
	check_expression(expr_argument(call, "h", 1), NULL, call);
	check_expression(expr_argument("f(a", "f", 1), NULL, "f(a");
	check_expression(expr_assigned(call, "f"), "n", call);
	check_expression(expr_assigned("if (x == f(a))", "f"), NULL, "==");
	check_expression(expr_assigned("e->id = t.get_stackid(ctx, 0);", "t.get_stackid"), "e->id",
			 "e->id");
	check_expression(expr_method("x = counts.lookup(&key);", "counts"), "lookup", "lookup");
	check_expression(expr_method("x = mycounts.lookup(&key);", "counts"), NULL, "mycounts");
}
END_TEST

/* ---- All of it ---------------------------------------------------------------------------------
 */

enum {
	FD = 7,
	LINES_MAX = 16,
};

struct line {
	uint32_t insn, column;
	const char *text;
};

/* What hotprobe_diagnostic_ had, each in a line: "2:5 text | hint". */
static char *explain(const struct bpf_insn *insns, size_t count, const struct line *lines,
		     const char *log)
{
	static const char start[] = "\0a.c";
	char strings[2048], *said = NULL;
	struct bpf_line_info info[LINES_MAX];
	struct bytecode code = {.count = (uint32_t)count, .line_info = info};
	struct image_program image = {.line = 1, .column = 5};
	struct hotprobe_table table = {.name = "counts", .fd = FD};
	struct hotprobe hp = {.tables = &table, .table_count = 1};
	struct hotprobe_program program = {.hp = &hp, .image = &image, .name = "f"};
	size_t used = sizeof(start), size;
	FILE *out = open_memstream(&said, &size);
	struct btf_header *btf;

	memcpy(strings, start, sizeof(start));
	for (uint32_t i = 0; lines[i].text; i++) {
		info[i] = (struct bpf_line_info){.insn_off = lines[i].insn,
						 .file_name_off = 1,
						 .line_off = (uint32_t)used,
						 .line_col = (i + 1) << 10 | lines[i].column};
		strcpy(strings + used, lines[i].text);
		used += strlen(lines[i].text) + 1;
		code.line_info_count = i + 1;
	}
	btf = malloc(sizeof(*btf) + used);
	*btf = (struct btf_header){.magic = BTF_MAGIC,
				   .version = BTF_VERSION,
				   .hdr_len = sizeof(*btf),
				   .str_len = (uint32_t)used};
	memcpy(btf + 1, strings, used);
	hp.image = (struct image){.strings = "", .btf = btf, .line_info = info};
	hp.image.count[IMAGE_BTF] = (uint32_t)(sizeof(*btf) + used);
	hp.image.count[IMAGE_LINE_INFO] = code.line_info_count;
	code.insns = memcpy(malloc(count * sizeof(*insns)), insns, count * sizeof(*insns));

	ck_assert_int_eq(verifier_explain(&program, &code, -EACCES, log), -EACCES);
	for (size_t i = 0; i < hotprobe_diagnostic_count(&hp); i++) {
		const struct hotprobe_diagnostic *d = hotprobe_diagnostic_at(&hp, i);

		fprintf(out, "%u:%u %s%s%s\n", d->line, d->column, d->text, *d->hint ? " | " : "",
			d->hint);
	}
	fclose(out);
	free(code.insns);
	free(btf);
	free_diagnostics(&hp);
	free(hp.error);
	return said;
}

static const struct bpf_insn lookup[] = {
	LOAD(BPF_DW, BPF_REG_7, BPF_REG_1, 112),
	STORE(BPF_W, BPF_REG_10, -4, BPF_REG_7),
	LOAD_MAP(BPF_REG_1, FD),
	MOV_REG(BPF_REG_2, BPF_REG_10),
	ADD_IMM(BPF_REG_2, -4),
	CALL(BPF_FUNC_map_lookup_elem),
	MOV_REG(BPF_REG_6, BPF_REG_0),
	LOAD(BPF_DW, BPF_REG_1, BPF_REG_6, 0),
	EXIT(),
};
static const struct line lookup_lines[] = {
	{0, 1, "int f(struct pt_regs *ctx, u32 key)"},
	{2, 7, "u64 *v = counts.lookup(&key);"},
	{8, 4, "*v += 1;"},
	{0, 0, NULL},
};
#define LOOKUP_LOG                                                                                 \
	"0: (79) r7 = *(u64 *)(r1 +112)\n1: (63) *(u32 *)(r10 -4) = r7\n"                          \
	"2: (18) r1 = 0xffff888106f0d400\n4: (bf) r2 = r10\n5: (07) r2 += -4\n"

/* Linux 5.10 says at level 1 what it knows at the beginning and where it jumps to. */
START_TEST(a_log_of_linux_5_is_explained)
{
	char *said = explain(lookup, COUNT(lookup), lookup_lines,
			     "func#0 @0\n0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n" LOOKUP_LOG
			     "6: (85) call bpf_map_lookup_elem#1\n7: (bf) r6 = r0\n"
			     "; *v += 1;\n8: (79) r1 = *(u64 *)(r6 +0)\n"
			     "R6 invalid mem access 'map_value_or_null'\n"
			     "processed 8 insns (limit 1000000) max_states_per_insn 0\n");

	ck_assert_str_eq(said, "3:4 the verifier refuses f: v may be NULL (R6 invalid mem access "
			       "'map_value_or_null') | it is NULL if nothing was found: write if "
			       "(!v) return 0; first\n");
	free(said);
}
END_TEST

START_TEST(what_was_known_is_told_in_both_forms)
{
	static const char *const states[] = {
		"6: (85) call bpf_map_lookup_elem#1 ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,"
		"imm=0)\n7: (bf) r6 = r0\n"
		"from 7 to 8: R6_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)\n",
		"6: (85) call bpf_map_lookup_elem#1 ; R0=map_value_or_null(id=1,map=counts,ks=4,"
		"vs=8)\n7: (bf) r6 = r0 ; R0=map_value_or_null(id=1,map=counts,ks=4,vs=8) "
		"R6=map_value_or_null(id=1,map=counts,ks=4,vs=8)\n",
	};

	for (size_t i = 0; i < COUNT(states); i++) {
		char *log = format(LOOKUP_LOG "%s8: (79) r1 = *(u64 *)(r6 +0)\n"
					      "R6 invalid mem access 'map_value_or_null'\n",
				   states[i]);
		char *said = explain(lookup, COUNT(lookup), lookup_lines, log);

		ck_assert_str_eq(strchr(said, '\n') + 1,
				 "2:7 v is a pointer to a value of table counts (8 bytes), or "
				 "NULL: what counts.lookup() returned here\n");
		free(said);
		free(log);
	}
}
END_TEST

/* What was compared since is known better than it was printed last. */
START_TEST(what_may_have_changed_since_is_left_out)
{
	static const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_2, BPF_REG_1, 112),
		JUMP_IF_ZERO(BPF_REG_2, 2),
		MOV_REG(BPF_REG_1, BPF_REG_10),
		CALL(BPF_FUNC_probe_read_user),
		EXIT(),
	};
	static const struct line lines[] = {
		{0, 1, "int f(struct pt_regs *ctx, u64 n)"},
		{1, 2, "if (n)"},
		{2, 1, "bpf_probe_read_user(buf, n, 0);"},
		{0, 0, NULL},
	};
	char *said =
		explain(insns, COUNT(insns), lines,
			"0: (79) r2 = *(u64 *)(r1 +112)\nfrom 0 to 1: R2=inv(id=0)\n"
			"1: (15) if r2 == 0x0 goto pc+2\n2: (bf) r1 = r10\n"
			"3: (85) call bpf_probe_read_user#112\n"
			"R2 unbounded memory access, use 'var &= const' or 'if (var < const)'\n");

	ck_assert_str_eq(said,
			 "3:1 the verifier refuses f: n, the size that bpf_probe_read_user() gets, "
			 "may be larger than buf (R2 unbounded memory access, use 'var &= const' "
			 "or 'if (var < const)') | bound it first: if (n > sizeof(buf)) n = "
			 "sizeof(buf); it has to be unsigned\n");
	free(said);
}
END_TEST

/* Complaints of kernels other than this machine's. */
START_TEST(each_complaint_has_its_reason_and_remedy)
{
	static const struct {
		const char *says, *wanted;
	} cases[] = {
		{"R6 invalid mem access 'inv'", "v is a number to the verifier"},
		{"invalid indirect read from stack off -8+0 size 8", "have been written"},
		{"dereference of modified ctx ptr R6 off=8 disallowed", "ctx->MEMBER"},
		{"At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; "
		 "0x1)",
		 "it returns 2, and a function of this kind returns 0 to 1"},
		{"At program exit the register R0 has unknown scalar value should have been in [0, "
		 "3]",
		 "it may return anything, and a function of this kind returns 0 to 3"},
		{"At program exit the register R0 has smin=-5 smax=9 should have been in [0, 0]",
		 "it returns -5 to 9, and a function of this kind returns 0 "},
		{"back-edge from insn 7 to 3", "this loop may never end"},
		{"BPF program is too large. Processed 1000001 insn", "too long for it"},
		{"combined stack size of 3 calls is 544. Too large", "more than 512 bytes"},
		{"R1 !read_ok", "has no value on some path"},
		{"something that no kernel has said so far", "--verifier-log"},
		/* What follows the complaint makes it no other. */
		{"invalid access to map value, value_size=8 off=8 size=8\nR6 max value is outside "
		 "of the allowed memory range",
		 "8 bytes at byte 8 are no part of a value, which has 8 bytes"},
		{"infinite loop detected at insn 2\ncur state: R0=0\nold state: R0=0",
		 "this loop may never end"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char *log = format("7: (bf) r6 = r0\n8: (79) r1 = *(u64 *)(r6 +0)\n%s\n"
				   "processed 3 insns\n",
				   cases[i].says);
		char *said = explain(lookup, COUNT(lookup), lookup_lines, log);

		ck_assert_msg(strstr(said, cases[i].wanted), "%s: %s", cases[i].says, said);
		ck_assert_msg(strstr(said, " | "), "%s", said);
		free(said);
		free(log);
	}
}
END_TEST

START_TEST(complaints_stand_alone_or_behind_a_jump)
{
	char *said = explain(lookup, COUNT(lookup), lookup_lines, "unreachable insn 5\n");

	ck_assert_str_eq(said, "1:5 the verifier refuses f: something can never be reached "
			       "(unreachable insn 5) | take out what stands behind a return or an "
			       "endless loop\n");
	free(said);
	said = explain(lookup, COUNT(lookup), lookup_lines,
		       "8: (25) if r3 > 0x2 goto pc-7 BPF program is too large. Processed 1000001 "
		       "insn\nprocessed 1000001 insns\n");
	ck_assert_ptr_nonnull(strstr(said, "too long for it"));
	free(said);
	said = explain(lookup, COUNT(lookup), lookup_lines, "");
	ck_assert_str_eq(said, "1:5 the verifier refuses f: Permission denied | --verifier-log "
			       "shows all that the verifier said\n");
	free(said);
}
END_TEST

/* In a time that grows with its size: ten times as long does not end within the test's. */
START_TEST(a_long_log_is_read_once)
{
	static const char turn[] = "7: (bf) r6 = r0 ; R0=scalar(smin=0,smax=umax=255,var_off=(0x0; "
				   "0xff)) R6=scalar()\n";
	size_t turns = (32 << 20) / strlen(turn);
	char *log = malloc(turns * strlen(turn) + 100), *at = log, *said;

	for (size_t i = 0; i < turns; i++)
		at = stpcpy(at, turn);
	strcpy(at, "8: (79) r1 = *(u64 *)(r6 +0)\nR6 invalid mem access 'scalar'\n");
	said = explain(lookup, COUNT(lookup), lookup_lines, log);
	ck_assert_ptr_nonnull(strstr(said, "is a number to the verifier"));
	free(said);
	free(log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verifier");

	add_test(suite, a_registers_state_is_put_into_words, 10);
	add_test(suite, registers_are_found_wherever_a_kernel_puts_them, 10);
	add_test(suite, the_pointer_is_found_in_the_statement, 10);
	add_test(suite, calls_are_taken_apart, 10);
	add_test(suite, a_log_of_linux_5_is_explained, 10);
	add_test(suite, what_was_known_is_told_in_both_forms, 10);
	add_test(suite, what_may_have_changed_since_is_left_out, 10);
	add_test(suite, each_complaint_has_its_reason_and_remedy, 10);
	add_test(suite, complaints_stand_alone_or_behind_a_jump, 10);
	add_test(suite, a_long_log_is_read_once, 60);
	return run_suite(suite);
}
