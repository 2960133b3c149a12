/* SPDX-License-Identifier: Apache-2.0 */
/* Requests through the compiler process, and the images that come back. Needs the kernel's BTF and
   no privilege. */
#include "support.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "../runtime/image.h"
#include "../runtime/request.h"

struct answer {
	struct result result;
	struct image image;
};

static struct answer ask(struct request *r)
{
	const char *const argv[] = {build_path("hotprobe-cc"), NULL};
	struct answer answer;
	const char *why = "";

	ck_assert_int_eq(r->failed, 0);
	answer.result = run(argv, r->data, r->size);
	ck_assert_msg(!answer.result.status, "status %d: %s", answer.result.status,
		      answer.result.err);
	ck_assert_msg(!image_parse(&answer.image, answer.result.out, answer.result.out_size, &why),
		      "%s", why);
	free(r->data);
	return answer;
}

static struct answer ask_text(const char *text)
{
	struct request r = {0};

	request_add(&r, REQUEST_SOURCE, "x.c", NULL, text, strlen(text));
	return ask(&r);
}

static void check_compiled(const struct answer *answer)
{
	const struct image *image = &answer->image;

	if (!(image->flags & IMAGE_F_COMPILED))
		ck_abort_msg("line %u: %s", image->diags[0].line,
			     image_str(image, image->diags[0].text));
}

static const struct image_table *find_table(const struct image *image, const char *name)
{
	for (uint32_t i = 0; i < image->count[IMAGE_TABLES]; i++)
		if (!strcmp(image_str(image, image->tables[i].name), name))
			return &image->tables[i];
	ck_abort_msg("no table %s", name);
}

/* ---- Lines ---- */

static const char line_text[] =							 /* */
	"#include <linux/sched.h>\n"						 /* 1 */
	"struct v { u64 a; u64 b; };\n"						 /* 2 */
	"BPF_HASH(h, u64, struct v); BPF_PERF_OUTPUT(ev);\n"			 /* 3 */
	"static inline u64 twice(u64 x)\n"					 /* 4 */
	"{\n"									 /* 5 */
	"\treturn x * 2;\n"							 /* 6 */
	"}\n"									 /* 7 */
	"\n"									 /* 8 */
	"int syscall__openat(struct pt_regs *ctx,\n"				 /* 9 */
	"                    int dfd, const char __user *name,\n"		 /* 10 */
	"                    int flags) {\n"					 /* 11 */
	"\tstruct v v = {};\n"							 /* 12 */
	"\tu64 id = bpf_get_current_pid_tgid();\n"				 /* 13 */
	"\n"									 /* 14 */
	"\tv.a = twice(flags);\n"						 /* 15 */
	"\tv.b = dfd;\n"							 /* 16 */
	"\th.update(\n"								 /* 17 */
	"\t\t&id,\n"								 /* 18 */
	"\t\t&v\n"								 /* 19 */
	"\t);\n"								 /* 20 */
	"\tbpf_get_current_comm(&v, sizeof(v));\n"				 /* 21 */
	"\tif (ev.perf_submit(\n"						 /* 22 */
	"\t\t\tctx, &v,\n"							 /* 23 */
	"\t\t\tsizeof(v))) {\n"							 /* 24 */
	"\t\tid = bpf_ktime_get_ns();\n"					 /* 25 */
	"\t\th.delete(&id);\n"							 /* 26 */
	"\t}\n"									 /* 27 */
	"\treturn 0;\n"								 /* 28 */
	"}\n"									 /* 29 */
	"KFUNC_PROBE(vfs_open, struct path *path, struct file *file)\n"		 /* 30 */
	"{ u64 one = bpf_get_smp_processor_id(); h.delete(&one); return 0; }\n"; /* 31 */

/* The helper called on each of these lines must be on that line and on no other. */
static void check_call_line(const struct image *image, const struct image_program *program,
			    int helper, unsigned line)
{
	const struct bpf_line_info *lines = image->line_info + program->first_line_info;
	const struct bpf_insn *insns = image->insns + program->first_insn;
	unsigned found = 0;

	for (uint32_t i = 0; i < program->insn_count; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].imm != helper)
			continue;
		for (uint32_t j = 0; j < program->line_info_count && lines[j].insn_off <= i; j++)
			found = BPF_LINE_INFO_LINE_NUM(lines[j].line_col);
		ck_assert_uint_eq(found, line);
	}
	ck_assert_uint_ne(found, 0);
}

START_TEST(every_instruction_has_the_line_it_comes_from)
{
	struct answer answer;
	const struct image *image = &answer.image;
	struct btf *btf;

	NEED(no_btf());
	answer = ask_text(line_text);
	check_compiled(&answer);
	ck_assert_uint_eq(image->count[IMAGE_PROGRAMS], 2);
	check_call_line(image, &image->programs[0], BPF_FUNC_get_current_pid_tgid, 13);
	check_call_line(image, &image->programs[0], BPF_FUNC_map_update_elem, 17);
	check_call_line(image, &image->programs[0], BPF_FUNC_get_current_comm, 21);
	check_call_line(image, &image->programs[0], BPF_FUNC_perf_event_output, 22);
	check_call_line(image, &image->programs[0], BPF_FUNC_ktime_get_ns, 25);
	check_call_line(image, &image->programs[0], BPF_FUNC_map_delete_elem, 26);
	check_call_line(image, &image->programs[1], BPF_FUNC_get_smp_processor_id, 31);

	btf = btf__new(image->btf, image->count[IMAGE_BTF]);
	ck_assert_ptr_nonnull(btf);
	for (uint32_t i = 0; i < image->count[IMAGE_LINE_INFO]; i++) {
		const struct bpf_line_info *info = &image->line_info[i];
		const char *text = btf__name_by_offset(btf, info->line_off);
		unsigned line = BPF_LINE_INFO_LINE_NUM(info->line_col);
		const char *at = line_text;

		ck_assert_str_eq(btf__name_by_offset(btf, info->file_name_off), "x.c");
		ck_assert_uint_ge(line, 6);
		ck_assert_uint_le(line, 31);
		while (--line)
			at = strchr(at, '\n') + 1;
		at += strspn(at, " \t");
		ck_assert_uint_eq(strlen(text), strcspn(at, "\n"));
		ck_assert_mem_eq(text, at, strlen(text));
	}
	btf__free(btf);
	ck_assert_str_eq(image_str(image, image->programs[0].context), "struct pt_regs");
	ck_assert_uint_eq(image->programs[0].line, 9);
	ck_assert_uint_eq(image->programs[0].column, 5);
	ck_assert_uint_eq(image->programs[0].flags & IMAGE_PROGRAM_INDIRECT_SYSCALL,
			  IMAGE_PROGRAM_INDIRECT_SYSCALL);
	ck_assert_uint_eq(image->programs[1].line, 30);
	result_free(&answer.result);
}
END_TEST

/* ---- Tables ---- */

static const struct table_case {
	const char *declaration, *name, *kind;
	uint32_t type, key, value, entries, flags;
} tables[] = {
	{"BPF_HASH(t, u32, struct v, 9)", "t", "hash", BPF_MAP_TYPE_HASH, 4, 16, 9, 0},
	{"BPF_ARRAY(t, u32, 7)", "t", "array", BPF_MAP_TYPE_ARRAY, 4, 4, 7, 0},
	{"BPF_PERCPU_HASH(t)", "t", "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 10240, 0},
	{"BPF_HISTOGRAM(t)", "t", "histogram", BPF_MAP_TYPE_ARRAY, 4, 8, 64, 0},
	{"BPF_HISTOGRAM(t, struct v)", "t", "histogram", BPF_MAP_TYPE_HASH, 16, 8, 64, 0},
	{"BPF_LPM_TRIE(t, struct v)", "t", "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 16, 8, 10240,
	 BPF_F_NO_PREALLOC},
	{"BPF_STACK_TRACE(t, 100)", "t", "stacktrace", BPF_MAP_TYPE_STACK_TRACE, 4, 1016, 128, 0},
	{"BPF_PROG_ARRAY(t, 3)", "t", "prog", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 3, 0},
	{"BPF_PERF_OUTPUT(t)", "t", "perf_output", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 0, 0},
	{"BPF_RINGBUF_OUTPUT(t, 8)", "t", "ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 32768, 0},
	{"BPF_QUEUE(t, struct v, 5)", "t", "queue", BPF_MAP_TYPE_QUEUE, 0, 16, 5, 0},
	{"BPF_TABLE(\"lru_hash\", u32, u64, t, 6)", "t", "lru_hash", BPF_MAP_TYPE_LRU_HASH, 4, 8, 6,
	 0},
	{"BPF_TABLE_PUBLIC(\"hash\", u32, u64, t, 6)", "t", "hash", BPF_MAP_TYPE_HASH, 4, 8, 6, 0},
	{"BPF_HASH(a); BPF_ARRAY_OF_MAPS(t, \"a\", 2)", "t", "array_of_maps",
	 BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, 0},
	{"BPF_TASK_STORAGE(t, u64)", "t", "task_storage", BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0,
	 BPF_F_NO_PREALLOC},
};

START_TEST(tables_are_as_they_are_declared)
{
	const struct table_case *c = &tables[_i];
	const struct image_table *t;
	struct answer answer;
	char *text;

	NEED(no_btf());
	text = format("struct v { u64 a; u64 b; };\n\n%s;\n"
		      "int kprobe__f(struct pt_regs *ctx) { return 0; }\n",
		      c->declaration);
	answer = ask_text(text);
	check_compiled(&answer);
	t = find_table(&answer.image, c->name);
	ck_assert_str_eq(image_str(&answer.image, t->kind), c->kind);
	ck_assert_uint_eq(t->map_type, c->type);
	ck_assert_uint_eq(t->key_size, c->key);
	ck_assert_uint_eq(t->value_size, c->value);
	ck_assert_uint_eq(t->max_entries, c->entries);
	ck_assert_uint_eq(t->map_flags, c->flags);
	ck_assert_uint_eq(t->line, 3);
	ck_assert_str_eq(image_str(&answer.image, t->file), "x.c");
	if (c->type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		ck_assert_str_eq(image_str(&answer.image, answer.image.tables[t->inner - 1].name),
				 "a");
	result_free(&answer.result);
	free(text);
}
END_TEST

START_TEST(a_pinned_table_has_its_path)
{
	struct answer answer;

	NEED(no_btf());
	answer = ask_text("BPF_TABLE_PINNED(\"hash\", u64, u64, t, 8, \"/sys/fs/bpf/t\");\n"
			  "int kprobe__f(struct pt_regs *ctx) { return 0; }\n");
	check_compiled(&answer);
	ck_assert_str_eq(image_str(&answer.image, answer.image.tables[0].pin), "/sys/fs/bpf/t");
	result_free(&answer.result);
}
END_TEST

/* ---- Events ---- */

static const struct event_case {
	const char *body; /* of a function with d, a struct d, and p, a pointer to one */
	const char *name; /* of the event's type, below typedefs */
	uint32_t kind, size;
} events[] = {
	{"ev.perf_submit(ctx, &d, sizeof(d));", "d", IMAGE_TYPE_STRUCT, 16},
	{"ev.perf_submit(ctx, (void *)&d, sizeof(d));", "d", IMAGE_TYPE_STRUCT, 16},
	{"ev.perf_submit(ctx, p, sizeof(*p));", "d", IMAGE_TYPE_STRUCT, 16},
	{"void *v = &d; ev.perf_submit(ctx, v, sizeof(struct d));", "d", IMAGE_TYPE_STRUCT, 16},
	{"char *c = (char *)&d; ev.perf_submit(ctx, c, sizeof(d));", "d", IMAGE_TYPE_STRUCT, 16},
	{"ev.perf_submit(ctx, &d.b, sizeof(d.b));", "unsigned int", IMAGE_TYPE_INT, 4},
	{"char c[8] = {}; ev.perf_submit(ctx, c, sizeof(c));", "", IMAGE_TYPE_ARRAY, 8},
	{"rb.ringbuf_output(&d, sizeof(d), 0);", "d", IMAGE_TYPE_STRUCT, 16},
	{"struct d *r = rb.ringbuf_reserve(sizeof(struct d)); if (!r) return 0; r->a = 1; "
	 "rb.ringbuf_submit(r, 0);",
	 "d", IMAGE_TYPE_STRUCT, 16},
	{"void *r = rb.ringbuf_reserve(sizeof(struct d)); if (!r) return 0; "
	 "rb.ringbuf_submit(r, 0);",
	 "d", IMAGE_TYPE_STRUCT, 16},
};

START_TEST(an_event_is_of_the_type_that_is_submitted)
{
	const struct event_case *c = &events[_i];
	const struct image_type *type;
	const struct image_table *t;
	struct answer answer;
	char *text;

	NEED(no_btf());
	text = format("struct d { u64 a; u32 b; };\n"
		      "BPF_PERF_OUTPUT(ev);\nBPF_RINGBUF_OUTPUT(rb, 8);\n"
		      "BPF_PERCPU_ARRAY(scratch, struct d, 1);\n"
		      "int kprobe__f(struct pt_regs *ctx) {\n"
		      "\tint zero = 0;\n\tstruct d d = {}, *p = scratch.lookup(&zero);\n\n"
		      "\tif (!p)\n\t\treturn 0;\n\t%s\n\treturn 0;\n}\n",
		      c->body);
	answer = ask_text(text);
	check_compiled(&answer);
	t = find_table(&answer.image, strstr(c->body, "rb.") ? "rb" : "ev");
	ck_assert_uint_ne(t->event_type, 0);
	type = &answer.image.types[t->event_type - 1];
	while (type->kind == IMAGE_TYPE_TYPEDEF)
		type = &answer.image.types[type->ref];
	ck_assert_uint_eq(type->kind, c->kind);
	ck_assert_uint_eq(type->size, c->size);
	ck_assert_str_eq(image_str(&answer.image, type->name), c->name);
	result_free(&answer.result);
	free(text);
}
END_TEST

/* ---- What is refused ---- */

#define FUNCTION "int kprobe__f(struct pt_regs *ctx) {\n"

static const struct refusal {
	const char *text;
	unsigned line;
	const char *wanted;
} refusals[] = {
	{FUNCTION "\tu64 big[100] = {};\n\tbpf_get_current_comm(big, sizeof(big));\n\treturn 0;\n}",
	 2, "BPF stack limit"},
	{"BPF_HASH(h);\n#define UP(k) h.update(&k, &k)\n" FUNCTION
	 "\tu64 a = 1;\n\n\tUP(a);\n\treturn 0;\n}",
	 6, "inside a macro"},
	{"int g(int a) { return a; }\n" FUNCTION "\treturn g(1);\n}", 3, "non-static helper"},
	{"BPF_HASH(h);\nBPF_HASH(h, u32);\n" FUNCTION "\treturn 0;\n}", 2,
	 "redefinition of table 'h'"},
	{FUNCTION "\treturn 0;\n}\n" FUNCTION "\treturn 1;\n}", 4, "redefinition of"},
	{"int counter;\n" FUNCTION "\tcounter++;\n\treturn 0;\n}", 3, "static data"},
	{FUNCTION "\tdouble d = ctx->di;\n\treturn d * 2.5;\n}", 2, "not supported"},
	{FUNCTION "\treturn (long)ctx->di / (long)ctx->si;\n}", 2, "sdiv"},
	{FUNCTION "\treturn no_such_function(1);\n}", 2, "no_such_function"},
	{FUNCTION "\treturn 0;\n}\nint kprobe__g(struct pt_regs *ctx, int a, int b, int c, int d, "
		  "int e, int f, int g) {\n\treturn 0;\n}",
	 4, "too many arguments"},
	{"#include \"no_such_file.h\"\n" FUNCTION "\treturn 0;\n}", 1, "no_such_file.h"},
	{"#include \"/etc/passwd\"\n" FUNCTION "\treturn 0;\n}", 1, "/etc/passwd"},
	{FUNCTION "\tasm volatile(\".incbin \\\"/etc/passwd\\\"\");\n\treturn 0;\n}", 1,
	 "/etc/passwd"},
};

START_TEST(what_bpf_cannot_do_is_said_with_its_line_and_a_remedy)
{
	const struct refusal *c = &refusals[_i];
	const struct image_diag *d;
	struct answer answer;

	NEED(no_btf());
	answer = ask_text(c->text);
	ck_assert_uint_eq(answer.image.flags & IMAGE_F_COMPILED, 0);
	ck_assert_uint_eq(answer.image.count[IMAGE_PROGRAMS], 0);
	for (d = answer.image.diags; d->severity != HOTPROBE_ERROR; d++)
		ck_assert(d + 1 < answer.image.diags + answer.image.count[IMAGE_DIAGS]);
	ck_assert_msg(strstr(image_str(&answer.image, d->text), c->wanted), "%s",
		      image_str(&answer.image, d->text));
	ck_assert_str_eq(image_str(&answer.image, d->file), "x.c");
	ck_assert_uint_eq(d->line, c->line);
	if (!strstr(c->text, "incbin"))
		ck_assert_str_ne(image_str(&answer.image, d->hint), "");
	result_free(&answer.result);
}
END_TEST

START_TEST(a_long_expression_is_no_crash)
{
	size_t size = 300000, i;
	char *text = malloc(size + 200);
	struct answer answer;

	NEED(no_btf());
	strcpy(text, FUNCTION "\treturn 1");
	for (i = strlen(text); i < size; i += 2)
		memcpy(text + i, "+1", 3);
	strcpy(text + i, ";\n}\n");
	answer = ask_text(text);
	result_free(&answer.result);
	free(text);
}
END_TEST

START_TEST(a_damaged_request_is_refused)
{
	const char *const argv[] = {build_path("hotprobe-cc"), NULL};
	struct result result = run(argv, "no request at all", 17);

	ck_assert_int_ne(result.status, 0);
	ck_assert_uint_eq(result.out_size, 0);
	result_free(&result);
}
END_TEST

START_TEST(its_version_names_the_compilers)
{
	struct result result = RUN(build_path("hotprobe-cc"), "--version");

	ck_assert_int_eq(result.status, 0);
	ck_assert_ptr_nonnull(strstr(result.out, "hotprobe-cc " HOTPROBE_VERSION "\n"));
	ck_assert_ptr_nonnull(strstr(result.out, "libbcc "));
	ck_assert_ptr_nonnull(strstr(result.out, "LLVM "));
	result_free(&result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cc_image");

	add_test(suite, every_instruction_has_the_line_it_comes_from, 30);
	add_loop_test(suite, tables_are_as_they_are_declared, 30, COUNT(tables));
	add_test(suite, a_pinned_table_has_its_path, 30);
	add_loop_test(suite, an_event_is_of_the_type_that_is_submitted, 30, COUNT(events));
	add_loop_test(suite, what_bpf_cannot_do_is_said_with_its_line_and_a_remedy, 30,
		      COUNT(refusals));
	add_test(suite, a_long_expression_is_no_crash, 60);
	add_test(suite, a_damaged_request_is_refused, 10);
	add_test(suite, its_version_names_the_compilers, 20);
	return run_suite(suite);
}
