/* SPDX-License-Identifier: Apache-2.0 */
/* Values read out of bytes by their C types, against values that this program's C wrote. */
#include "support.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* An image under construction and, once it is sealed, the types that read by it. */
struct world {
	struct image_writer w;
	void *data;
	struct image img;
	struct hotprobe_type *types;
};

static uint32_t add_type(struct world *world, const char *name, struct image_type type)
{
	type.name = image_add_string(&world->w, name);
	return image_add(&world->w, IMAGE_TYPES, &type, sizeof(type), 1);
}

static uint32_t add_int(struct world *world, const char *name, uint32_t size, uint32_t encoding)
{
	return add_type(
		world, name,
		(struct image_type){.kind = IMAGE_TYPE_INT, .size = size, .encoding = encoding});
}

static uint32_t add_array(struct world *world, uint32_t of, uint32_t size, uint32_t count)
{
	return add_type(world, "",
			(struct image_type){
				.kind = IMAGE_TYPE_ARRAY, .ref = of, .size = size, .count = count});
}

struct member {
	const char *name;
	uint32_t type, bit_offset, bit_size;
};

static uint32_t add_record(struct world *world, enum image_type_kind kind, const char *name,
			   uint32_t size, const struct member *members, uint32_t count)
{
	struct image_type type = {.kind = kind, .size = size, .count = count};

	for (uint32_t i = 0; i < count; i++) {
		struct image_member m = {
			.name = image_add_string(&world->w, members[i].name),
			.type = members[i].type,
			.bit_offset = members[i].bit_offset,
			.bit_size = members[i].bit_size,
		};
		uint32_t index = image_add(&world->w, IMAGE_MEMBERS, &m, sizeof(m), 1);

		if (!i)
			type.first = index;
	}
	return add_type(world, name, type);
}

static void seal(struct world *world)
{
	const char *why;
	size_t size;

	ck_assert_int_eq(image_write(&world->w, &world->data, &size), 0);
	ck_assert_msg(!image_parse(&world->img, world->data, size, &why), "%s", why);
	world->types = calloc(world->img.count[IMAGE_TYPES], sizeof(*world->types));
	for (uint32_t i = 0; i < world->img.count[IMAGE_TYPES]; i++)
		world->types[i] = (struct hotprobe_type){.image = &world->img, .index = i};
}

static void destroy(struct world *world)
{
	image_writer_free(&world->w);
	free(world->types);
	free(world->data);
}

/* ---- One struct with a field of every kind
 * -------------------------------------------------------- */

enum colour {
	COLOUR_NONE = -1,
	RED,
	GREEN = 7,
};

struct inner {
	uint16_t a;
	int8_t b;
	char tag[5];
};

union either {
	uint32_t word;
	uint8_t bytes[4];
};

struct all {
	uint8_t u8;
	int8_t s8;
	uint16_t u16;
	int16_t s16;
	uint32_t u32;
	int32_t s32;
	uint64_t u64;
	int64_t s64;
	bool truth;
	char letter;
	float single;
	double twice;
	enum colour colour;
	void *pointer;
	char text[8];
	uint8_t raw[3];
	int32_t numbers[3];
	struct inner inner;
	struct inner inners[2];
	union either either;
	struct {
		int32_t hidden;
		union {
			uint32_t deep;
			char deep_text[4];
		};
	};
	unsigned __int128 wide;
	uint32_t low : 3;
	int32_t middle : 5;
	uint32_t high : 24;
	uint16_t grid[2][3];
};

#define AT(member) (uint32_t) offsetof(struct all, member) * 8

/* Indices of the types in the world of all(). */
static struct {
	uint32_t all, alias, u64, s32, text;
} ids;

static void add_enum(struct world *world, uint32_t *id)
{
	static const struct {
		const char *name;
		int64_t value;
	} values[] = {{"COLOUR_NONE", -1}, {"RED", 0}, {"GREEN", 7}};

	for (size_t i = 0; i < COUNT(values); i++) {
		struct image_enumerator e = {
			.name = image_add_string(&world->w, values[i].name),
			.value = (uint64_t)values[i].value,
		};

		image_add(&world->w, IMAGE_ENUMERATORS, &e, sizeof(e), 1);
	}
	*id = add_type(world, "colour",
		       (struct image_type){.kind = IMAGE_TYPE_ENUM,
					   .size = 4,
					   .encoding = IMAGE_INT_SIGNED,
					   .count = COUNT(values)});
}

static void describe_all(struct world *world)
{
	uint32_t u8, s8, u16, s16, u32, s32, u64, s64, truth, letter, single, twice, colour;
	uint32_t nothing, pointer, text, raw, numbers, tag, inner, inners, bytes4, either;
	uint32_t deep_text, deep, anonymous, wide, row, grid, alias32;

	*world = (struct world){0};
	u8 = add_int(world, "unsigned char", 1, 0);
	s8 = add_int(world, "signed char", 1, IMAGE_INT_SIGNED);
	u16 = add_int(world, "unsigned short", 2, 0);
	s16 = add_int(world, "short", 2, IMAGE_INT_SIGNED);
	u32 = add_int(world, "unsigned int", 4, 0);
	s32 = add_int(world, "int", 4, IMAGE_INT_SIGNED);
	u64 = add_int(world, "unsigned long long", 8, 0);
	s64 = add_int(world, "long long", 8, IMAGE_INT_SIGNED);
	truth = add_int(world, "_Bool", 1, IMAGE_INT_BOOL);
	letter = add_int(world, "char", 1, IMAGE_INT_CHAR | IMAGE_INT_SIGNED);
	single = add_type(world, "float", (struct image_type){.kind = IMAGE_TYPE_FLOAT, .size = 4});
	twice = add_type(world, "double", (struct image_type){.kind = IMAGE_TYPE_FLOAT, .size = 8});
	add_enum(world, &colour);
	nothing = add_type(world, "void", (struct image_type){.kind = IMAGE_TYPE_VOID});
	pointer = add_type(
		world, "",
		(struct image_type){.kind = IMAGE_TYPE_POINTER, .size = 8, .ref = nothing});
	text = add_array(world, letter, 8, 8);
	raw = add_array(world, u8, 3, 3);
	numbers = add_array(world, s32, 12, 3);
	tag = add_array(world, letter, 5, 5);
	inner = add_record(
		world, IMAGE_TYPE_STRUCT, "inner", sizeof(struct inner),
		(struct member[]){{"a", u16, 0, 0}, {"b", s8, 16, 0}, {"tag", tag, 24, 0}}, 3);
	inners = add_array(world, inner, 2 * sizeof(struct inner), 2);
	bytes4 = add_array(world, u8, 4, 4);
	either = add_record(world, IMAGE_TYPE_UNION, "either", 4,
			    (struct member[]){{"word", u32, 0, 0}, {"bytes", bytes4, 0, 0}}, 2);
	deep_text = add_array(world, letter, 4, 4);
	deep = add_record(world, IMAGE_TYPE_UNION, "", 4,
			  (struct member[]){{"deep", u32, 0, 0}, {"deep_text", deep_text, 0, 0}},
			  2);
	anonymous = add_record(world, IMAGE_TYPE_STRUCT, "", 8,
			       (struct member[]){{"hidden", s32, 0, 0}, {"", deep, 32, 0}}, 2);
	wide = add_int(world, "unsigned __int128", 16, 0);
	row = add_array(world, u16, 6, 3);
	grid = add_array(world, row, 12, 2);
	alias32 = add_type(world, "u32",
			   (struct image_type){.kind = IMAGE_TYPE_TYPEDEF, .size = 4, .ref = u32});
	const uint32_t bits = (uint32_t)(offsetof(struct all, wide) + 16) * 8;
	const struct member members[] = {
		{"u8", u8, AT(u8), 0},
		{"s8", s8, AT(s8), 0},
		{"u16", u16, AT(u16), 0},
		{"s16", s16, AT(s16), 0},
		{"u32", alias32, AT(u32), 0},
		{"s32", s32, AT(s32), 0},
		{"u64", u64, AT(u64), 0},
		{"s64", s64, AT(s64), 0},
		{"truth", truth, AT(truth), 0},
		{"letter", letter, AT(letter), 0},
		{"single", single, AT(single), 0},
		{"twice", twice, AT(twice), 0},
		{"colour", colour, AT(colour), 0},
		{"pointer", pointer, AT(pointer), 0},
		{"text", text, AT(text), 0},
		{"raw", raw, AT(raw), 0},
		{"numbers", numbers, AT(numbers), 0},
		{"inner", inner, AT(inner), 0},
		{"inners", inners, AT(inners), 0},
		{"either", either, AT(either), 0},
		{"", anonymous, AT(hidden), 0},
		{"wide", wide, AT(wide), 0},
		{"low", u32, bits, 3},
		{"middle", s32, bits + 3, 5},
		{"high", u32, bits + 8, 24},
		{"grid", grid, AT(grid), 0},
	};

	ids.all = add_record(world, IMAGE_TYPE_STRUCT, "all", sizeof(struct all), members,
			     COUNT(members));
	ids.alias = add_type(world, "all_t",
			     (struct image_type){.kind = IMAGE_TYPE_TYPEDEF,
						 .size = sizeof(struct all),
						 .ref = ids.all});
	ids.u64 = u64;
	ids.s32 = s32;
	ids.text = text;
	seal(world);
}

static const struct all sample = {
	.u8 = 200,
	.s8 = -100,
	.u16 = 60000,
	.s16 = -30000,
	.u32 = 4000000000u,
	.s32 = -2000000000,
	.u64 = UINT64_MAX - 1,
	.s64 = INT64_MIN + 1,
	.truth = true,
	.letter = 'Q',
	.single = 0.25f,
	.twice = -DBL_MAX,
	.colour = COLOUR_NONE,
	.pointer = (void *)0xffff888101234567,
	.text = "opens",
	.raw = {1, 0, 255},
	.numbers = {-1, 0, 1},
	.inner = {.a = 1000, .b = -1, .tag = "five"},
	.inners = {{.a = 1, .b = 2, .tag = {'f', 'u', 'l', 'l', '5'}}, {.a = 3, .b = -4}},
	.either = {.word = 0x04030201},
	.hidden = -77,
	.deep = 0x00434241,
	.wide = ((unsigned __int128)0x0123456789abcdef << 64) | 0xfedcba9876543210,
	.low = 5,
	.middle = -16,
	.high = 0xabcdef,
	.grid = {{1, 2, 3}, {4, 5, 65535}},
};

static struct hotprobe_value field(const struct world *world, const char *path)
{
	struct hotprobe_value v;
	int err = hotprobe_field(&world->types[ids.all], &sample, sizeof(sample), path, &v);

	ck_assert_msg(!err, "%s: %s", path, strerror(-err));
	return v;
}

static void check_signed(const struct world *world, const char *path, int64_t wanted)
{
	struct hotprobe_value v = field(world, path);

	ck_assert_msg(v.is_signed && v.i == wanted, "%s is %lld", path, (long long)v.i);
	ck_assert_int_eq(hotprobe_field_int(&world->types[ids.all], &sample, sizeof(sample), path),
			 wanted);
}

static void check_unsigned(const struct world *world, const char *path, uint64_t wanted)
{
	struct hotprobe_value v = field(world, path);

	ck_assert_msg(!v.is_signed && v.u == wanted, "%s is %llu", path, (unsigned long long)v.u);
	ck_assert_uint_eq(
		(uint64_t)hotprobe_field_int(&world->types[ids.all], &sample, sizeof(sample), path),
		wanted);
}

static void check_string(const struct world *world, const char *path, const char *wanted)
{
	struct hotprobe_value v = field(world, path);
	char buf[32];

	ck_assert_int_eq(v.kind, HOTPROBE_STRING);
	ck_assert_uint_eq(v.string.length, strlen(wanted));
	ck_assert_mem_eq(v.string.text, wanted, strlen(wanted));
	ck_assert_str_eq(hotprobe_field_string(&world->types[ids.all], &sample, sizeof(sample),
					       path, buf, sizeof(buf)),
			 wanted);
}

START_TEST(integers_of_every_width_and_sign)
{
	struct world world;

	describe_all(&world);
	check_unsigned(&world, "u8", sample.u8);
	check_signed(&world, "s8", sample.s8);
	check_unsigned(&world, "u16", sample.u16);
	check_signed(&world, "s16", sample.s16);
	check_unsigned(&world, "u32", sample.u32);
	check_signed(&world, "s32", sample.s32);
	check_unsigned(&world, "u64", sample.u64);
	check_signed(&world, "s64", sample.s64);
	ck_assert_int_eq(field(&world, "u64").kind, HOTPROBE_INT);
	ck_assert_uint_eq(field(&world, "u16").size, 2);
	destroy(&world);
}
END_TEST

START_TEST(bool_char_float_pointer_and_int128)
{
	struct world world;
	struct hotprobe_value v;

	describe_all(&world);
	ck_assert_int_eq(field(&world, "truth").kind, HOTPROBE_BOOL);
	check_unsigned(&world, "truth", 1);
	ck_assert_int_eq(field(&world, "letter").kind, HOTPROBE_CHAR);
	check_signed(&world, "letter", 'Q');
	ck_assert_int_eq(field(&world, "single").kind, HOTPROBE_FLOAT);
	ck_assert(field(&world, "single").f == 0.25);
	ck_assert(field(&world, "twice").f == -DBL_MAX);
	v = field(&world, "pointer");
	ck_assert_int_eq(v.kind, HOTPROBE_POINTER);
	ck_assert_uint_eq(v.u, 0xffff888101234567);
	v = field(&world, "wide");
	ck_assert_int_eq(v.kind, HOTPROBE_INT128);
	ck_assert_uint_eq(v.u128.high, 0x0123456789abcdef);
	ck_assert_uint_eq(v.u128.low, 0xfedcba9876543210);
	destroy(&world);
}
END_TEST

START_TEST(an_enum_has_its_value_and_its_name)
{
	struct world world;
	struct hotprobe_value v;
	struct all other = sample;

	describe_all(&world);
	v = field(&world, "colour");
	ck_assert_int_eq(v.kind, HOTPROBE_ENUM);
	ck_assert_int_eq(v.i, -1);
	ck_assert_str_eq(v.enumerator, "COLOUR_NONE");
	other.colour = GREEN;
	ck_assert_int_eq(hotprobe_field(&world.types[ids.all], &other, sizeof(other), "colour", &v),
			 0);
	ck_assert_str_eq(v.enumerator, "GREEN");
	other.colour = (enum colour)3;
	ck_assert_int_eq(hotprobe_field(&world.types[ids.all], &other, sizeof(other), "colour", &v),
			 0);
	ck_assert_int_eq(v.i, 3);
	ck_assert_ptr_null(v.enumerator);
	destroy(&world);
}
END_TEST

START_TEST(char_arrays_are_strings_and_byte_arrays_are_not)
{
	struct world world;
	char buf[4];

	describe_all(&world);
	check_string(&world, "text", "opens");
	check_string(&world, "inner.tag", "five");
	check_string(&world, "inners[0].tag", "full5");
	check_string(&world, "inners[1].tag", "");
	check_string(&world, "deep_text", "ABC");
	ck_assert_int_eq(field(&world, "raw").kind, HOTPROBE_ARRAY);
	check_unsigned(&world, "raw[2]", 255);
	check_signed(&world, "text[1]", 'p');
	ck_assert_str_eq(hotprobe_field_string(&world.types[ids.all], &sample, sizeof(sample),
					       "text", buf, sizeof(buf)),
			 "ope");
	ck_assert_str_eq(hotprobe_field_string(&world.types[ids.all], &sample, sizeof(sample), "u8",
					       buf, sizeof(buf)),
			 "");
	ck_assert_str_eq(
		hotprobe_field_string(NULL, &sample, sizeof(sample), "text", buf, sizeof(buf)), "");
	ck_assert_str_eq(hotprobe_field_string(&world.types[ids.all], &sample, sizeof(sample),
					       "text", buf, 0),
			 "");
	destroy(&world);
}
END_TEST

START_TEST(nested_structs_unions_and_arrays_are_found_by_path)
{
	struct world world;

	describe_all(&world);
	check_unsigned(&world, "inner.a", 1000);
	check_signed(&world, "inner.b", -1);
	check_unsigned(&world, "inners[1].a", 3);
	check_signed(&world, "inners[1].b", -4);
	check_unsigned(&world, "either.word", 0x04030201);
	check_unsigned(&world, "either.bytes[2]", 3);
	check_signed(&world, "numbers[0]", -1);
	check_unsigned(&world, "grid[1][2]", 65535);
	ck_assert_int_eq(field(&world, "").kind, HOTPROBE_STRUCT);
	ck_assert_int_eq(field(&world, "either").kind, HOTPROBE_UNION);
	ck_assert_str_eq(field(&world, "inner.a").name, "a");
	ck_assert_str_eq(field(&world, "inners[1]").name, "");
	destroy(&world);
}
END_TEST

START_TEST(members_of_anonymous_structs_are_found_by_their_own_name)
{
	struct world world;

	describe_all(&world);
	check_signed(&world, "hidden", -77);
	check_unsigned(&world, "deep", 0x00434241);
	destroy(&world);
}
END_TEST

START_TEST(bit_fields_of_a_struct_as_c_laid_it_out)
{
	struct world world;

	describe_all(&world);
	check_unsigned(&world, "low", 5);
	check_signed(&world, "middle", -16);
	check_unsigned(&world, "high", 0xabcdef);
	ck_assert_uint_eq(field(&world, "middle").bit_size, 5);
	ck_assert_uint_eq(field(&world, "u8").bit_size, 0);
	destroy(&world);
}
END_TEST

static void put_bits(unsigned char *bytes, unsigned offset, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++, offset++)
		if (value >> i & 1)
			bytes[offset / 8] |= (unsigned char)(1 << offset % 8);
		else
			bytes[offset / 8] &= (unsigned char)~(1 << offset % 8);
}

static uint64_t mask(unsigned width)
{
	return width < 64 ? (1ULL << width) - 1 : ~0ULL;
}

/* Every place and width, with ones or zeroes around it, read as signed and as unsigned. */
static void check_bit_field(unsigned offset, unsigned width)
{
	const uint64_t values[] = {0, 1, mask(width), 1ULL << (width - 1), 0x5a5a5a5aa5a5a5a5};
	uint32_t size = (offset + width + 7) / 8, u64, s64, record;
	struct world world = {0};

	u64 = add_int(&world, "u64", 8, 0);
	s64 = add_int(&world, "s64", 8, IMAGE_INT_SIGNED);
	record = add_record(&world, IMAGE_TYPE_STRUCT, "bits", size,
			    (struct member[]){{"u", u64, offset, width}, {"s", s64, offset, width}},
			    2);
	seal(&world);
	for (size_t i = 0; i < COUNT(values) * 2; i++) {
		uint64_t value = values[i / 2] & mask(width);
		int64_t negative =
			value >> (width - 1) ? (int64_t)(value | ~mask(width)) : (int64_t)value;
		unsigned char *bytes = malloc(size); /* no byte more, for the sanitizer's sake */

		memset(bytes, i % 2 ? 0xff : 0, size);
		put_bits(bytes, offset, width, value);
		ck_assert_uint_eq(
			(uint64_t)hotprobe_field_int(&world.types[record], bytes, size, "u"),
			value);
		ck_assert_int_eq(hotprobe_field_int(&world.types[record], bytes, size, "s"),
				 negative);
		free(bytes);
	}
	destroy(&world);
}

START_TEST(bit_fields_at_every_offset_and_width)
{
	for (unsigned offset = 0; offset < 72; offset++)
		for (unsigned width = 1; width <= 64; width++)
			check_bit_field(offset, width);
}
END_TEST

START_TEST(a_path_that_is_malformed_or_leads_nowhere_is_refused)
{
	static const struct {
		const char *path;
		int err;
	} cases[] = {
		{"nothing", -ENOENT},
		{"inner.nothing", -ENOENT},
		{"u8.a", -ENOENT},
		{"u8[0]", -ENOENT},
		{"inner[0]", -ENOENT},
		{"[0]", -ENOENT},
		{"numbers[3]", -ERANGE},
		{"inners[2].a", -ERANGE},
		{"grid[1][3]", -ERANGE},
		{"numbers.x", -ENOENT},
		{"numbers[]", -EINVAL},
		{"numbers[-1]", -EINVAL},
		{"numbers[0", -EINVAL},
		{"numbers[0x1]", -EINVAL},
		{"numbers[0]x", -EINVAL},
		{"inner.", -EINVAL},
		{".inner", -EINVAL},
		{"inner..a", -EINVAL},
		{"numbers[ 1]", -EINVAL},
		{"inners[1].", -EINVAL},
		{"inner.a.b", -ENOENT},
		{"numbers[99999999999999999999999999]", -ERANGE},
		{"numbers[4294967296]", -ERANGE},
	};
	struct world world;
	struct hotprobe_value v;

	describe_all(&world);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = hotprobe_field(&world.types[ids.all], &sample, sizeof(sample),
					 cases[i].path, &v);

		ck_assert_msg(err == cases[i].err, "%s: %d", cases[i].path, err);
		ck_assert_int_eq(hotprobe_field_int(&world.types[ids.all], &sample, sizeof(sample),
						    cases[i].path),
				 0);
	}
	destroy(&world);
}
END_TEST

START_TEST(too_few_bytes_are_refused)
{
	struct world world;
	struct hotprobe_value v;

	describe_all(&world);
	for (size_t size = 0; size < sizeof(sample); size += 13)
		ck_assert_int_eq(hotprobe_field(&world.types[ids.all], &sample, size, "u8", &v),
				 -EINVAL);
	ck_assert_int_eq(hotprobe_read(&world.types[ids.u64], &sample, 7, &v), -EINVAL);
	ck_assert_int_eq(hotprobe_read(&world.types[ids.u64], &sample, 8, &v), 0);
	destroy(&world);
}
END_TEST

START_TEST(more_bytes_than_the_type_are_as_good)
{
	struct world world;
	char bytes[sizeof(sample) + 7];

	describe_all(&world);
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, &sample, sizeof(sample));
	ck_assert_int_eq(hotprobe_field_int(&world.types[ids.all], bytes, sizeof(bytes), "s32"),
			 sample.s32);
	destroy(&world);
}
END_TEST

START_TEST(members_are_walked_by_index)
{
	struct world world;
	struct hotprobe_value whole, m;
	size_t count = 0;

	describe_all(&world);
	ck_assert_int_eq(hotprobe_read(&world.types[ids.all], &sample, sizeof(sample), &whole), 0);
	while (!hotprobe_member(&whole, count, &m))
		count++;
	ck_assert_uint_eq(count, 26);
	ck_assert_uint_eq(hotprobe_type_count(&world.types[ids.all]), 26);
	ck_assert_int_eq(hotprobe_member(&whole, count, &m), -ERANGE);
	ck_assert_int_eq(hotprobe_member(&whole, SIZE_MAX, &m), -ERANGE);
	m = field(&world, "u8");
	ck_assert_int_eq(hotprobe_member(&m, 0, &whole), -EINVAL);
	destroy(&world);
}
END_TEST

/* The same as a look-up in that record gives. */
static void check_reread(const struct hotprobe_value *there, const void *bytes,
			 const struct hotprobe_value *here)
{
	size_t offset = (size_t)((const char *)there->data - (const char *)bytes);
	struct hotprobe_value value = *there, member, expected;

	hotprobe_reread(&value, (const char *)&sample + offset);
	ck_assert_int_eq(value.kind, here->kind);
	ck_assert_ptr_eq(value.data, here->data);
	ck_assert_ptr_eq(value.enumerator, here->enumerator);
	ck_assert_uint_eq(value.bit_size, here->bit_size);
	if (value.kind == HOTPROBE_STRING) {
		ck_assert_ptr_eq(value.string.text, here->string.text);
		ck_assert_uint_eq(value.string.length, here->string.length);
	} else {
		ck_assert_uint_eq(value.u, here->u);
	}
	if (value.kind == HOTPROBE_INT128)
		ck_assert_uint_eq(value.u128.high, here->u128.high);
	for (size_t i = 0; !hotprobe_member(there, i, &member); i++) {
		ck_assert_int_eq(hotprobe_member(here, i, &expected), 0);
		check_reread(&member, bytes, &expected);
	}
}

START_TEST(a_member_that_was_found_once_is_read_from_any_record)
{
	struct hotprobe_value there, here;
	char other[sizeof(sample)];
	struct world world;

	describe_all(&world);
	memset(other, 0x5a, sizeof(other));
	ck_assert_int_eq(hotprobe_read(&world.types[ids.all], other, sizeof(other), &there), 0);
	ck_assert_int_eq(hotprobe_read(&world.types[ids.all], &sample, sizeof(sample), &here), 0);
	check_reread(&there, other, &here);
	destroy(&world);
}
END_TEST

START_TEST(typedefs_are_seen_through_and_keep_their_name)
{
	struct world world;
	const struct hotprobe_type *alias;

	describe_all(&world);
	alias = &world.types[ids.alias];
	ck_assert_str_eq(hotprobe_type_name(alias), "all_t");
	ck_assert_int_eq(hotprobe_type_kind(alias), HOTPROBE_STRUCT);
	ck_assert_uint_eq(hotprobe_type_size(alias), sizeof(struct all));
	ck_assert_uint_eq(hotprobe_type_count(alias), 26);
	ck_assert_int_eq(hotprobe_field_int(alias, &sample, sizeof(sample), "inners[1].b"), -4);
	ck_assert_str_eq(hotprobe_type_name(field(&world, "u32").type), "u32");
	ck_assert_str_eq(hotprobe_type_name(field(&world, "inner").type), "inner");
	ck_assert_uint_eq(hotprobe_type_count(&world.types[ids.text]), 8);
	ck_assert_uint_eq(hotprobe_type_count(&world.types[ids.s32]), 0);
	destroy(&world);
}
END_TEST

/* ---- Text of hostile or odd types
 * ----------------------------------------------------------------- */

START_TEST(a_char_without_its_quote_is_refused_where_it_ends)
{
	static const char *const texts[] = {"'", "'a", "'\\", "'\\x", "'\\n"};
	struct world world = {0};
	const char *at;
	char c;

	add_int(&world, "char", 1, IMAGE_INT_SIGNED | IMAGE_INT_CHAR);
	seal(&world);
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *text = strdup(texts[i]); /* a sanitizer sees a byte too many */

		ck_assert_int_eq(hotprobe_parse(&world.types[0], text, &c, 1, &at), -EINVAL);
		ck_assert(at >= text && at <= text + strlen(text));
		free(text);
	}
	destroy(&world);
}
END_TEST

START_TEST(an_enumerator_may_be_called_true)
{
	struct world world = {0};
	struct image_enumerator e = {.name = image_add_string(&world.w, "true"), .value = 5};
	uint32_t value = 0;
	char text[16];

	image_add(&world.w, IMAGE_ENUMERATORS, &e, sizeof(e), 1);
	add_type(&world, "answer",
		 (struct image_type){.kind = IMAGE_TYPE_ENUM, .size = 4, .count = 1});
	seal(&world);
	ck_assert_int_eq(hotprobe_parse(&world.types[0], "true", &value, 4, NULL), 0);
	ck_assert_uint_eq(value, 5);
	ck_assert_int_eq(hotprobe_format(&world.types[0], &value, 4, text, sizeof(text)), 4);
	ck_assert_str_eq(text, "true");
	destroy(&world);
}
END_TEST

/* Its type has 16 bytes, the struct around it one. */
START_TEST(a_bit_field_of_a_wide_integer_stays_in_its_place)
{
	struct world world = {0};
	uint32_t wide = add_int(&world, "__int128", 16, IMAGE_INT_SIGNED), narrow;
	const struct member member = {"n", wide, 2, 4};
	struct hotprobe_value value;
	unsigned char *byte = malloc(1);
	char text[16];

	narrow = add_record(&world, IMAGE_TYPE_STRUCT, "narrow", 1, &member, 1);
	seal(&world);
	ck_assert_int_eq(hotprobe_parse(&world.types[narrow], "{ -3 }", byte, 1, NULL), 0);
	ck_assert_uint_eq(*byte, 0xd << 2);
	ck_assert_int_gt(hotprobe_format(&world.types[narrow], byte, 1, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "{ -3 }");
	ck_assert_int_eq(hotprobe_field(&world.types[narrow], byte, 1, "n", &value), 0);
	ck_assert_int_eq((int64_t)value.u128.low, -3);
	ck_assert_uint_eq(value.u128.high, UINT64_MAX);
	ck_assert_int_eq(hotprobe_parse(&world.types[narrow], "{ 8 }", byte, 1, NULL), -ERANGE);
	free(byte);
	destroy(&world);
}
END_TEST

START_TEST(a_float_beyond_integers_is_cut_to_them)
{
	static const struct {
		double f;
		int64_t i;
	} cases[] = {{1e300, INT64_MAX},   {-1e300, INT64_MIN}, {0x1p63, INT64_MAX},
		     {-0x1p63, INT64_MIN}, {-1.5, -1},		{0.0 / 0.0, 0}};
	struct world world = {0};

	add_type(&world, "double", (struct image_type){.kind = IMAGE_TYPE_FLOAT, .size = 8});
	seal(&world);
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(hotprobe_field_int(&world.types[0], &cases[i].f, 8, ""),
				 cases[i].i);
	destroy(&world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("types");

	add_test(suite, integers_of_every_width_and_sign, 10);
	add_test(suite, bool_char_float_pointer_and_int128, 10);
	add_test(suite, an_enum_has_its_value_and_its_name, 10);
	add_test(suite, char_arrays_are_strings_and_byte_arrays_are_not, 10);
	add_test(suite, nested_structs_unions_and_arrays_are_found_by_path, 10);
	add_test(suite, members_of_anonymous_structs_are_found_by_their_own_name, 10);
	add_test(suite, bit_fields_of_a_struct_as_c_laid_it_out, 10);
	add_test(suite, bit_fields_at_every_offset_and_width, 60);
	add_test(suite, a_path_that_is_malformed_or_leads_nowhere_is_refused, 10);
	add_test(suite, too_few_bytes_are_refused, 10);
	add_test(suite, more_bytes_than_the_type_are_as_good, 10);
	add_test(suite, members_are_walked_by_index, 10);
	add_test(suite, a_member_that_was_found_once_is_read_from_any_record, 10);
	add_test(suite, typedefs_are_seen_through_and_keep_their_name, 10);
	add_test(suite, a_char_without_its_quote_is_refused_where_it_ends, 10);
	add_test(suite, an_enumerator_may_be_called_true, 10);
	add_test(suite, a_bit_field_of_a_wide_integer_stays_in_its_place, 10);
	add_test(suite, a_float_beyond_integers_is_cut_to_them, 10);
	return run_suite(suite);
}
