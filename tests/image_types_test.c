/* SPDX-License-Identifier: Apache-2.0 */
/* Types of hostile images: none makes reading a value go astray, too deep, or on for ever. */
#include "support.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

enum {
	TYPES_MAX = 300,
};

/* Some types and their members, and the image of them. */
struct built {
	struct image_type types[TYPES_MAX];
	struct image_member members[2 * TYPES_MAX];
	uint32_t type_count, member_count;
};

static uint32_t add(struct built *b, struct image_type type)
{
	b->types[b->type_count] = type;
	return b->type_count++;
}

static uint32_t add_record(struct built *b, uint32_t kind, uint32_t size,
			   const struct image_member *members, uint32_t count)
{
	uint32_t first = b->member_count;

	memcpy(b->members + first, members, count * sizeof(*members));
	b->member_count += count;
	return add(b,
		   (struct image_type){.kind = kind, .size = size, .first = first, .count = count});
}

/* NULL if the reader takes it, else its reason. */
static const char *refused(const struct built *b)
{
	struct image_writer w = {0};
	const char *why = NULL;
	struct image img;
	size_t size;
	void *data;
	int err;

	image_add_string(&w, "");
	image_add(&w, IMAGE_TYPES, b->types, sizeof(*b->types), b->type_count);
	image_add(&w, IMAGE_MEMBERS, b->members, sizeof(*b->members), b->member_count);
	ck_assert_int_eq(image_write(&w, &data, &size), 0);
	image_writer_free(&w);
	err = image_parse(&img, data, size, &why);
	ck_assert_int_eq(err, why ? -EINVAL : 0);
	free(data);
	return why;
}

#define ck_assert_refused(b, reason)                                                               \
	do {                                                                                       \
		const char *why_ = refused(b);                                                     \
                                                                                                   \
		ck_assert_ptr_nonnull(why_);                                                       \
		ck_assert_msg(strstr(why_, reason), "the reason is \"%s\", not \"%s\"", why_,      \
			      reason);                                                             \
	} while (0)

static const struct image_type int_type = {.kind = IMAGE_TYPE_INT, .size = 4};

/* So many structs, each in the next. */
static struct built nested(uint32_t kind, uint32_t depth)
{
	struct built b = {0};
	uint32_t last = add(&b, int_type);

	while (depth--)
		last = kind == IMAGE_TYPE_TYPEDEF
			       ? add(&b, (struct image_type){.kind = kind, .size = 4, .ref = last})
			       : add_record(&b, kind, 4, &(struct image_member){.type = last}, 1);
	return b;
}

START_TEST(nesting_is_bounded)
{
	static const uint32_t kinds[] = {IMAGE_TYPE_STRUCT, IMAGE_TYPE_UNION, IMAGE_TYPE_TYPEDEF};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct built b = nested(kinds[i], 100);

		ck_assert_ptr_null(refused(&b));
		b = nested(kinds[i], 200);
		ck_assert_refused(&b, "nested too deep");
	}
}
END_TEST

/* Two of the former in each: 2^40 members in 4 bytes. */
START_TEST(unions_do_not_multiply_without_end)
{
	struct built b = {0};
	uint32_t last = add(&b, int_type);

	for (int i = 0; i < 40; i++)
		last = add_record(&b, IMAGE_TYPE_UNION, 4,
				  (struct image_member[]){{.type = last}, {.type = last}}, 2);
	ck_assert_refused(&b, "too many members and elements");
}
END_TEST

START_TEST(elements_without_size_are_bounded)
{
	struct built b = {0};
	uint32_t empty = add(&b, (struct image_type){.kind = IMAGE_TYPE_STRUCT});

	add(&b, (struct image_type){.kind = IMAGE_TYPE_ARRAY, .ref = empty, .count = 100});
	ck_assert_ptr_null(refused(&b));
	add(&b, (struct image_type){.kind = IMAGE_TYPE_ARRAY, .ref = empty, .count = UINT32_MAX});
	ck_assert_refused(&b, "too many members and elements");
}
END_TEST

START_TEST(values_of_a_large_type_are_all_taken)
{
	struct built b = {0};
	uint32_t byte = add(&b, (struct image_type){.kind = IMAGE_TYPE_INT, .size = 1});

	add(&b,
	    (struct image_type){
		    .kind = IMAGE_TYPE_ARRAY, .size = 1u << 30, .ref = byte, .count = 1u << 30});
	ck_assert_ptr_null(refused(&b));
}
END_TEST

/* Sixteen structs with the same members would be checked sixteen times. */
START_TEST(members_belong_to_one_struct)
{
	struct built b = {0};
	uint32_t last = add(&b, int_type);

	add_record(&b, IMAGE_TYPE_STRUCT, 4, &(struct image_member){.type = last}, 1);
	ck_assert_ptr_null(refused(&b));
	add(&b, b.types[1]);
	ck_assert_refused(&b, "members are out of range");
}
END_TEST

/* Its members would be read far behind the field. */
START_TEST(only_integers_are_bit_fields)
{
	struct built b = {0};
	uint32_t inner = add(&b, int_type), large, of;

	large = add_record(&b, IMAGE_TYPE_STRUCT, 64,
			   (struct image_member[]){{.type = inner, .bit_offset = 480}}, 1);
	of = add(&b, (struct image_type){.kind = IMAGE_TYPE_TYPEDEF, .size = 64, .ref = large});
	add_record(&b, IMAGE_TYPE_STRUCT, 4, (struct image_member[]){{.type = of, .bit_size = 3}},
		   1);
	ck_assert_refused(&b, "bit-field");
	b.members[1] = (struct image_member){.type = inner, .bit_size = 3};
	ck_assert_ptr_null(refused(&b));
	b.members[1].bit_size = 33;
	ck_assert_refused(&b, "bit-field");
}
END_TEST

/* Their values are kept in 8 bytes. */
START_TEST(chars_and_bools_have_their_sizes)
{
	static const struct {
		uint32_t encoding, size;
		bool good;
	} cases[] = {
		{IMAGE_INT_CHAR, 1, true}, {IMAGE_INT_CHAR, 16, false}, {IMAGE_INT_CHAR, 2, false},
		{IMAGE_INT_BOOL, 8, true}, {IMAGE_INT_BOOL, 16, false}, {0, 16, true},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct built b = {0};

		add(&b, (struct image_type){.kind = IMAGE_TYPE_INT,
					    .size = cases[i].size,
					    .encoding = cases[i].encoding});
		ck_assert_int_eq(!refused(&b), cases[i].good);
	}
}
END_TEST

START_TEST(nothing_is_made_of_void)
{
	struct built b = {0};
	uint32_t nothing = add(&b, (struct image_type){.kind = IMAGE_TYPE_VOID});

	add(&b, (struct image_type){.kind = IMAGE_TYPE_ARRAY, .ref = nothing, .count = 3});
	ck_assert_refused(&b, "void");
	b.type_count--;
	add_record(&b, IMAGE_TYPE_STRUCT, 4, &(struct image_member){.type = nothing}, 1);
	ck_assert_refused(&b, "void");
}
END_TEST

/* A thousand programs of the same thousand instructions take a million steps. */
START_TEST(instructions_belong_to_one_program)
{
	const struct bpf_insn insn = {.code = BPF_JMP | BPF_EXIT};
	const struct image_program program = {.insn_count = 1};

	for (uint32_t programs = 1; programs <= 2; programs++) {
		struct image_writer w = {0};
		const char *why = NULL;
		struct image img;
		size_t size;
		void *data;

		image_add_string(&w, "");
		image_add(&w, IMAGE_INSNS, &insn, sizeof(insn), 1);
		for (uint32_t i = 0; i < programs; i++)
			image_add(&w, IMAGE_PROGRAMS, &program, sizeof(program), 1);
		ck_assert_int_eq(image_write(&w, &data, &size), 0);
		image_writer_free(&w);
		ck_assert_int_eq(image_parse(&img, data, size, &why), programs == 1 ? 0 : -EINVAL);
		if (programs == 2)
			ck_assert_str_eq(why, "a program's instructions are out of range");
		free(data);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_types");

	add_test(suite, nesting_is_bounded, 10);
	add_test(suite, unions_do_not_multiply_without_end, 10);
	add_test(suite, elements_without_size_are_bounded, 10);
	add_test(suite, values_of_a_large_type_are_all_taken, 10);
	add_test(suite, members_belong_to_one_struct, 10);
	add_test(suite, only_integers_are_bit_fields, 10);
	add_test(suite, chars_and_bools_have_their_sizes, 10);
	add_test(suite, nothing_is_made_of_void, 10);
	add_test(suite, instructions_belong_to_one_program, 10);
	return run_suite(suite);
}
