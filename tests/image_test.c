/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of images: it takes what the writer wrote, and nothing that could lead astray. */
#include "support.h"

#include <endian.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* An image with every kind of section. */
static void fill(struct image_writer *w)
{
	struct image_type types[] = {
		{.kind = IMAGE_TYPE_VOID},
		{.kind = IMAGE_TYPE_INT, .size = 4, .encoding = IMAGE_INT_SIGNED},
		{.kind = IMAGE_TYPE_INT, .size = 1, .encoding = IMAGE_INT_CHAR},
		{.kind = IMAGE_TYPE_ARRAY, .size = 16, .ref = 2, .count = 16},
		{.kind = IMAGE_TYPE_POINTER, .size = 8, .ref = 0},
		{.kind = IMAGE_TYPE_ENUM, .size = 4, .count = 2},
		{.kind = IMAGE_TYPE_STRUCT, .size = 32, .count = 4},
		{.kind = IMAGE_TYPE_TYPEDEF, .size = 32, .ref = 6},
		{.kind = IMAGE_TYPE_FLOAT, .size = 8},
		{.kind = IMAGE_TYPE_UNION, .size = 8, .first = 4, .count = 1},
	};
	struct image_member members[] = {
		{.type = 1},
		{.type = 3, .bit_offset = 32},
		{.type = 1, .bit_offset = 160, .bit_size = 3},
		{.type = 4, .bit_offset = 192},
		{.type = 8},
	};
	struct image_enumerator enumerators[] = {{.value = 0}, {.value = (uint64_t)-1}};
	struct image_table table = {
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 32,
		.max_entries = 8,
		.key_type = 2,
		.value_type = 8,
		.line = 2,
	};
	struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_func_info func_info = {.insn_off = 0, .type_id = 1};
	struct bpf_line_info line_info[] = {{.insn_off = 0}, {.insn_off = 2}};
	struct image_program program = {
		.insn_count = 4,
		.func_info_count = 1,
		.line_info_count = 2,
		.line = 3,
	};
	struct image_target target = {.program = 0};
	struct image_use use = {.kind = IMAGE_USE_MEMBER};
	struct image_facts facts = {.task_pid = IMAGE_NONE};

	*w = (struct image_writer){.flags = IMAGE_F_COMPILED};
	types[6].name = image_add_string(w, "event_t");
	members[1].name = image_add_string(w, "comm");
	enumerators[1].name = image_add_string(w, "NONE");
	image_add(w, IMAGE_TYPES, types, sizeof(*types), COUNT(types));
	image_add(w, IMAGE_MEMBERS, members, sizeof(*members), COUNT(members));
	image_add(w, IMAGE_ENUMERATORS, enumerators, sizeof(*enumerators), COUNT(enumerators));
	table.name = image_add_string(w, "counts");
	table.kind = image_add_string(w, "hash");
	table.file = image_add_string(w, "text.c");
	image_add(w, IMAGE_TABLES, &table, sizeof(table), 1);
	image_add(w, IMAGE_INSNS, insns, sizeof(*insns), COUNT(insns));
	image_add(w, IMAGE_FUNC_INFO, &func_info, sizeof(func_info), 1);
	image_add(w, IMAGE_LINE_INFO, line_info, sizeof(*line_info), COUNT(line_info));
	program.name = image_add_string(w, "kprobe__f");
	image_add(w, IMAGE_PROGRAMS, &program, sizeof(program), 1);
	target.spec = image_add_string(w, "uprobe:c:f");
	image_add(w, IMAGE_TARGETS, &target, sizeof(target), 1);
	use.name = image_add_string(w, "struct task_struct");
	use.member = image_add_string(w, "tgid");
	image_add(w, IMAGE_USES, &use, sizeof(use), 1);
	image_add(w, IMAGE_BTF, "not looked into", 1, 15);
	facts.license = image_add_string(w, "GPL");
	image_add(w, IMAGE_FACTS, &facts, sizeof(facts), 1);
	image_add_diag(w, 1, "text.c", 3, 5, "unused variable", "remove it");
	ck_assert_int_eq(w->failed, 0);
}

static char *make_image(size_t *size)
{
	struct image_writer w;
	void *data;

	fill(&w);
	ck_assert_int_eq(image_write(&w, &data, size), 0);
	image_writer_free(&w);
	return data;
}

/* Parses a copy that ends where its memory ends, so that a sanitizer sees a byte too many. */
static int parse_copy(const char *data, size_t size, const char **why)
{
	char *copy = calloc(1, size ? size : 1);
	struct image img;
	int err;

	memcpy(copy, data, size);
	err = image_parse(&img, copy, size, why);
	free(copy);
	return err;
}

/* Uses all of an image that was accepted, as the loader would: none of it may be out of bounds. */
static uint64_t touch_all(const struct image *img)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < img->count[IMAGE_DIAGS]; i++)
		sum += strlen(image_str(img, img->diags[i].file)) +
		       strlen(image_str(img, img->diags[i].text)) +
		       strlen(image_str(img, img->diags[i].hint));
	for (uint32_t i = 0; i < img->count[IMAGE_TYPES]; i++) {
		const struct image_type *t = &img->types[i];

		sum += strlen(image_str(img, t->name));
		if (t->kind == IMAGE_TYPE_STRUCT || t->kind == IMAGE_TYPE_UNION)
			for (uint32_t j = 0; j < t->count; j++) {
				const struct image_member *m = &img->members[t->first + j];

				sum += strlen(image_str(img, m->name));
				sum += img->types[m->type].size;
			}
		if (t->kind == IMAGE_TYPE_ENUM)
			for (uint32_t j = 0; j < t->count; j++)
				sum += strlen(image_str(img, img->enumerators[t->first + j].name));
		if (t->kind == IMAGE_TYPE_POINTER || t->kind == IMAGE_TYPE_ARRAY ||
		    t->kind == IMAGE_TYPE_TYPEDEF)
			sum += img->types[t->ref].size;
	}
	for (uint32_t i = 0; i < img->count[IMAGE_TABLES]; i++) {
		const struct image_table *t = &img->tables[i];

		sum += strlen(image_str(img, t->name)) + strlen(image_str(img, t->kind)) +
		       strlen(image_str(img, t->pin)) + strlen(image_str(img, t->file));
		sum += t->inner ? img->tables[t->inner - 1].map_type : 0;
		sum += t->key_type ? img->types[t->key_type - 1].size : 0;
		sum += t->value_type ? img->types[t->value_type - 1].size : 0;
		sum += t->event_type ? img->types[t->event_type - 1].size : 0;
	}
	for (uint32_t i = 0; i < img->count[IMAGE_PROGRAMS]; i++) {
		const struct image_program *p = &img->programs[i];

		sum += strlen(image_str(img, p->name)) + strlen(image_str(img, p->context)) +
		       strlen(image_str(img, p->file));
		for (uint32_t j = 0; j < p->insn_count; j++)
			sum += img->insns[p->first_insn + j].code;
		for (uint32_t j = 0; j < p->line_info_count; j++)
			sum += img->line_info[p->first_line_info + j].insn_off;
		for (uint32_t j = 0; j < p->func_info_count; j++)
			sum += img->func_info[p->first_func_info + j].insn_off;
	}
	if (!(img->flags & IMAGE_F_COMPILED))
		return sum; /* there is nothing to load: nobody looks at the rest */
	for (uint32_t i = 0; i < img->count[IMAGE_TARGETS]; i++)
		sum += strlen(image_str(img, img->targets[i].spec)) +
		       img->programs[img->targets[i].program].line;
	sum += strlen(image_str(img, img->facts->release)) +
	       strlen(image_str(img, img->facts->license));
	return sum;
}

START_TEST(what_was_written_is_read)
{
	size_t size;
	char *data = make_image(&size);
	const char *why = NULL;
	struct image img;

	ck_assert_int_eq(image_parse(&img, data, size, &why), 0);
	ck_assert_ptr_null(why);
	ck_assert_uint_eq(img.count[IMAGE_TYPES], 10);
	ck_assert_uint_eq(img.count[IMAGE_PROGRAMS], 1);
	ck_assert_str_eq(image_str(&img, img.programs[0].name), "kprobe__f");
	ck_assert_str_eq(image_str(&img, img.programs[0].file), "");
	ck_assert_str_eq(image_str(&img, img.tables[0].name), "counts");
	ck_assert_str_eq(image_str(&img, img.tables[0].file), "text.c");
	ck_assert_str_eq(image_str(&img, img.types[6].name), "event_t");
	ck_assert_str_eq(image_str(&img, img.diags[0].text), "unused variable");
	ck_assert_str_eq(image_str(&img, img.diags[0].hint), "remove it");
	ck_assert_uint_eq(img.diags[0].column, 5);
	ck_assert_str_eq(image_str(&img, img.facts->license), "GPL");
	ck_assert_mem_eq(img.btf, "not looked into", 15);
	ck_assert_uint_gt(touch_all(&img), 0);
	free(data);
}
END_TEST

START_TEST(an_image_of_diagnostics_alone_is_read)
{
	struct image_writer w = {0};
	const char *why;
	struct image img;
	size_t size;
	void *data;

	image_add_diag(&w, 2, "a.c", 1, 2, "expected ';'", NULL);
	ck_assert_int_eq(image_write(&w, &data, &size), 0);
	image_writer_free(&w);
	ck_assert_int_eq(image_parse(&img, data, size, &why), 0);
	ck_assert_uint_eq(img.flags & IMAGE_F_COMPILED, 0);
	ck_assert_uint_eq(img.count[IMAGE_DIAGS], 1);
	ck_assert_str_eq(image_str(&img, img.diags[0].hint), "");
	free(data);
}
END_TEST

START_TEST(an_image_cut_anywhere_is_refused)
{
	size_t size;
	char *data = make_image(&size);
	const char *why;

	for (size_t n = 0; n < size; n++) {
		why = NULL;
		ck_assert_int_lt(parse_copy(data, n, &why), 0);
		ck_assert_ptr_nonnull(why);
	}
	free(data);
}
END_TEST

START_TEST(an_image_that_is_cut_and_says_so_is_refused_or_sound)
{
	size_t size;
	char *data = make_image(&size);
	struct image img;
	const char *why;

	for (size_t n = sizeof(struct image_header); n < size; n++) {
		char *copy = malloc(n);

		memcpy(copy, data, n);
		((struct image_header *)copy)->size = n;
		if (!image_parse(&img, copy, n, &why))
			touch_all(&img);
		free(copy);
	}
	free(data);
}
END_TEST

START_TEST(no_flipped_bit_leads_out_of_the_image)
{
	size_t size;
	char *data = make_image(&size);
	struct image img;
	const char *why;
	char *copy = malloc(size);

	for (size_t bit = 0; bit < size * 8; bit++) {
		memcpy(copy, data, size);
		copy[bit / 8] ^= (char)(1 << bit % 8);
		if (!image_parse(&img, copy, size, &why))
			touch_all(&img);
	}
	free(copy);
	free(data);
}
END_TEST

/* Every aligned word in turn becomes what an attacker would try. */
START_TEST(no_hostile_number_leads_out_of_the_image)
{
	static const uint32_t hostile[] = {
		0,	    1,		2,	    7,		8,	    0x7f,	0xff,
		0x100,	    0xffff,	0x10000,    0x1fffffff, 0x20000000, 0x40000000, 0x7fffffff,
		0x80000000, 0x80000001, 0xfffffff0, 0xfffffff8, 0xfffffffe, 0xffffffff,
	};
	size_t size;
	char *data = make_image(&size);
	struct image img;
	const char *why;
	char *copy = malloc(size);

	for (size_t at = 0; at + 4 <= size; at += 4)
		for (size_t i = 0; i < COUNT(hostile); i++) {
			memcpy(copy, data, size);
			memcpy(copy + at, &hostile[i], 4);
			if (!image_parse(&img, copy, size, &why))
				touch_all(&img);
		}
	free(copy);
	free(data);
}
END_TEST

START_TEST(random_damage_leads_nowhere)
{
	size_t size;
	char *data = make_image(&size);
	struct image img;
	const char *why;
	char *copy = malloc(size);
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		memcpy(copy, data, size);
		for (int n = rand_r(&seed) % 8; n >= 0; n--)
			copy[(size_t)rand_r(&seed) % size] = (char)rand_r(&seed);
		if (!image_parse(&img, copy, size, &why))
			touch_all(&img);
	}
	free(copy);
	free(data);
}
END_TEST

START_TEST(an_empty_answer_or_text_is_no_image)
{
	const char *why;
	char text[256];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(parse_copy("", 0, &why), -EINVAL);
	ck_assert_str_eq(why, "it is no image");
	ck_assert_int_eq(parse_copy(text, sizeof(text), &why), -EINVAL);
	ck_assert_str_eq(why, "it is no image");
}
END_TEST

START_TEST(another_version_is_told_apart_from_damage)
{
	size_t size;
	char *data = make_image(&size);
	const char *why;

	((struct image_header *)data)->version = IMAGE_VERSION + 1;
	ck_assert_int_eq(parse_copy(data, size, &why), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(why, "newer version"));
	((struct image_header *)data)->version = IMAGE_VERSION - 1;
	ck_assert_int_eq(parse_copy(data, size, &why), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(why, "older version"));
	((struct image_header *)data)->magic = htobe32(IMAGE_MAGIC);
	ck_assert_int_eq(parse_copy(data, size, &why), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(why, "big-endian"));
	free(data);
}
END_TEST

/* One record changed, and the reason that must be given. */
static void check_refused(void (*damage)(struct image *img), const char *reason)
{
	size_t size;
	char *data = make_image(&size);
	const char *why = "";
	struct image img;

	ck_assert_int_eq(image_parse(&img, data, size, &why), 0);
	damage(&img);
	ck_assert_int_eq(image_parse(&img, data, size, &why), -EINVAL);
	ck_assert_msg(strstr(why, reason), "the reason is \"%s\", not \"%s\"", why, reason);
	free(data);
}

#define DAMAGE(name, section, change)                                                              \
	static void name(struct image *img)                                                        \
	{                                                                                          \
		((struct image_##section *)(uintptr_t)img->section##s)->change;                    \
	}

DAMAGE(name_beyond_the_strings, program, name = 0x10000)
DAMAGE(instructions_beyond_the_end, program, first_insn = 1)
DAMAGE(no_instructions, program, insn_count = 0)
DAMAGE(half_an_instruction, program, insn_count = 1)
DAMAGE(line_info_beyond_the_end, program, line_info_count = 3)
DAMAGE(table_is_its_own_inner, table, inner = 1)
DAMAGE(key_type_beyond_the_end, table, key_type = 11)
DAMAGE(severity_unknown, diag, severity = 3)

static void table_index_beyond_the_end(struct image *img)
{
	((struct bpf_insn *)(uintptr_t)img->insns)->imm = 1;
}

static void table_index_negative(struct image *img)
{
	((struct bpf_insn *)(uintptr_t)img->insns)->imm = -1;
}

static void line_info_out_of_order(struct image *img)
{
	((struct bpf_line_info *)(uintptr_t)img->line_info)[1].insn_off = 0;
}

static struct image_type *type_at(struct image *img, uint32_t index)
{
	return (struct image_type *)(uintptr_t)&img->types[index];
}

static void typedef_of_itself(struct image *img)
{
	type_at(img, 7)->ref = 7;
}

static void array_of_a_later_type(struct image *img)
{
	type_at(img, 3)->ref = 6;
}

static void array_larger_than_its_elements(struct image *img)
{
	type_at(img, 3)->count = 15;
}

static void member_of_its_own_struct(struct image *img)
{
	((struct image_member *)(uintptr_t)img->members)[0].type = 6;
}

static void member_beyond_its_struct(struct image *img)
{
	((struct image_member *)(uintptr_t)img->members)[3].bit_offset = 200;
}

static void bit_field_beyond_its_struct(struct image *img)
{
	((struct image_member *)(uintptr_t)img->members)[2].bit_offset = 254;
}

static void bit_field_too_wide(struct image *img)
{
	((struct image_member *)(uintptr_t)img->members)[2].bit_size = 65;
}

static void integer_of_three_bytes(struct image *img)
{
	type_at(img, 1)->size = 3;
}

static void target_of_no_program(struct image *img)
{
	((struct image_target *)(uintptr_t)img->targets)[0].program = 1;
}

static void target_beyond_the_strings(struct image *img)
{
	((struct image_target *)(uintptr_t)img->targets)[0].spec = 1 << 20;
}

static void use_unknown(struct image *img)
{
	((struct image_use *)(uintptr_t)img->uses)[0].kind = IMAGE_USE_KINDS;
}

static void use_beyond_the_strings(struct image *img)
{
	((struct image_use *)(uintptr_t)img->uses)[0].was = 1 << 20;
}

static struct image_section *section_of(struct image *img, uint32_t index)
{
	return (struct image_section *)((char *)(uintptr_t)img->data +
					sizeof(struct image_header)) +
	       index;
}

static void sections_overlap(struct image *img)
{
	section_of(img, 2)->offset = section_of(img, 1)->offset;
}

static void section_on_the_list(struct image *img)
{
	section_of(img, 0)->offset = sizeof(struct image_header);
}

static void count_that_overflows(struct image *img)
{
	section_of(img, 1)->count = 0xffffffff;
}

static void section_beyond_the_end(struct image *img)
{
	section_of(img, 1)->offset = ~7ULL;
}

static void kind_unknown(struct image *img)
{
	type_at(img, 0)->kind = IMAGE_TYPE_KINDS;
}

START_TEST(each_damage_has_its_reason)
{
	static const struct {
		void (*damage)(struct image *img);
		const char *reason;
	} cases[] = {
		{name_beyond_the_strings, "string is out of range"},
		{instructions_beyond_the_end, "instructions are out of range"},
		{no_instructions, "instructions are out of range"},
		{half_an_instruction, "half an instruction"},
		{line_info_beyond_the_end, "line info is out of range"},
		{table_is_its_own_inner, "inner table"},
		{key_type_beyond_the_end, "table's type is out of range"},
		{severity_unknown, "unknown severity"},
		{table_index_beyond_the_end, "table is out of range"},
		{table_index_negative, "table is out of range"},
		{line_info_out_of_order, "out of order"},
		{typedef_of_itself, "typedef"},
		{array_of_a_later_type, "array"},
		{array_larger_than_its_elements, "array"},
		{member_of_its_own_struct, "does not come before"},
		{member_beyond_its_struct, "outside its struct"},
		{bit_field_beyond_its_struct, "outside its struct"},
		{bit_field_too_wide, "bit-field"},
		{integer_of_three_bytes, "integer"},
		{kind_unknown, "kind is unknown"},
		{use_unknown, "use of the kernel is of an unknown kind"},
		{use_beyond_the_strings, "string of a use of the kernel"},
		{sections_overlap, "overlaps"},
		{section_on_the_list, "overlaps"},
		{count_that_overflows, "does not match its records"},
		{section_beyond_the_end, "outside the image"},
		{target_of_no_program, "function's target is out of range"},
		{target_beyond_the_strings, "function's target is out of range"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_refused(cases[i].damage, cases[i].reason);
}
END_TEST

START_TEST(equal_strings_are_stored_once)
{
	struct image_writer w = {0};

	ck_assert_uint_eq(image_add_string(&w, ""), 0);
	ck_assert_uint_eq(image_add_string(&w, NULL), 0);
	ck_assert_uint_eq(image_add_string(&w, "openat"), image_add_string(&w, "openat"));
	ck_assert_uint_ne(image_add_string(&w, "open"), image_add_string(&w, "openat"));
	ck_assert_str_eq(w.section[IMAGE_STRINGS].data + image_add_string(&w, "at"), "at");
	image_writer_free(&w);
}
END_TEST

START_TEST(records_beyond_all_memory_are_remembered_as_failed)
{
	struct image_writer w = {0};
	size_t size;
	void *data;

	image_add(&w, IMAGE_INSNS, "", SIZE_MAX / 2, 3);
	ck_assert_int_eq(w.failed, -ENOMEM);
	ck_assert_int_eq(image_write(&w, &data, &size), -ENOMEM);
	image_writer_free(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");

	add_test(suite, what_was_written_is_read, 10);
	add_test(suite, an_image_of_diagnostics_alone_is_read, 10);
	add_test(suite, an_image_cut_anywhere_is_refused, 10);
	add_test(suite, an_image_that_is_cut_and_says_so_is_refused_or_sound, 10);
	add_test(suite, no_flipped_bit_leads_out_of_the_image, 30);
	add_test(suite, no_hostile_number_leads_out_of_the_image, 30);
	add_test(suite, random_damage_leads_nowhere, 30);
	add_test(suite, an_empty_answer_or_text_is_no_image, 10);
	add_test(suite, another_version_is_told_apart_from_damage, 10);
	add_test(suite, each_damage_has_its_reason, 10);
	add_test(suite, equal_strings_are_stored_once, 10);
	add_test(suite, records_beyond_all_memory_are_remembered_as_failed, 10);
	return run_suite(suite);
}
