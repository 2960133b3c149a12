/* SPDX-License-Identifier: Apache-2.0 */
#include "every_kind.h"

#include <string.h>

#include "support.h"

struct reader {
	const struct hotprobe_type *type;
	const void *data;
	size_t size;
};

static struct hotprobe_value get(const struct reader *r, const char *path, enum hotprobe_kind kind)
{
	struct hotprobe_value v;
	int err = hotprobe_field(r->type, r->data, r->size, path, &v);

	ck_assert_msg(!err, "%s: %s", path, strerror(-err));
	ck_assert_msg(v.kind == kind, "%s has kind %d", path, v.kind);
	return v;
}

static void check_signed(const struct reader *r, const char *path, int64_t wanted)
{
	struct hotprobe_value v = get(r, path, HOTPROBE_INT);

	ck_assert_msg(v.is_signed && v.i == wanted, "%s is %lld", path, (long long)v.i);
}

static void check_unsigned(const struct reader *r, const char *path, uint64_t wanted)
{
	struct hotprobe_value v = get(r, path, HOTPROBE_INT);

	ck_assert_msg(!v.is_signed && v.u == wanted, "%s is %llu", path, (unsigned long long)v.u);
}

static void check_string(const struct reader *r, const char *path, const char *wanted)
{
	struct hotprobe_value v = get(r, path, HOTPROBE_STRING);

	ck_assert_msg(v.string.length == strlen(wanted) &&
			      !memcmp(v.string.text, wanted, strlen(wanted)),
		      "%s is \"%.*s\"", path, (int)v.string.length, v.string.text);
}

static void check_enum(const struct reader *r, const char *path, int64_t number, const char *name)
{
	struct hotprobe_value v = get(r, path, HOTPROBE_ENUM);

	ck_assert_msg(v.i == number, "%s is %lld", path, (long long)v.i);
	ck_assert_str_eq(v.enumerator, name);
}

static void check_scalars(const struct reader *r)
{
	struct hotprobe_value v;

	check_unsigned(r, "u8_", 200);
	check_signed(r, "s8_", -100);
	check_unsigned(r, "u16_", 60000);
	check_signed(r, "s16_", -30000);
	check_unsigned(r, "u32_", 4000000000u);
	check_signed(r, "s32_", -2000000000);
	check_unsigned(r, "u64_", UINT64_MAX - 1);
	check_signed(r, "s64_", -INT64_MAX);
	ck_assert_uint_eq(get(r, "truth", HOTPROBE_BOOL).u, 1);
	ck_assert_int_eq(get(r, "letter", HOTPROBE_CHAR).i, 'Q');
	check_enum(r, "colour", -1, "COLOUR_NONE");
	ck_assert_uint_eq(get(r, "pointer", HOTPROBE_POINTER).u, 0xffff888101234567);
	v = get(r, "wide", HOTPROBE_INT128);
	ck_assert_uint_eq(v.u128.high, 0x0123456789abcdef);
	ck_assert_uint_eq(v.u128.low, 0xfedcba9876543210);
}

static void check_nested(const struct reader *r)
{
	check_string(r, "text", "ok");
	check_unsigned(r, "raw[2]", 255);
	check_signed(r, "numbers[0]", -1);
	check_signed(r, "numbers[2]", 1);
	get(r, "inner", HOTPROBE_STRUCT);
	check_unsigned(r, "inner.a", 1000);
	check_signed(r, "inner.b", -1);
	check_string(r, "inner.tag", "t");
	check_unsigned(r, "inners[1].a", 3);
	check_signed(r, "inners[1].b", -4);
	get(r, "either", HOTPROBE_UNION);
	check_unsigned(r, "either.word", 0x04030201);
	check_unsigned(r, "either.bytes[1]", 2);
	check_signed(r, "hidden", -77);
	check_unsigned(r, "deep", 0x00434241);
	check_string(r, "deep_text", "ABC");
	check_unsigned(r, "grid[0][1]", 2);
	check_unsigned(r, "grid[1][2]", 65535);
}

static void check_bit_fields(const struct reader *r)
{
	check_unsigned(r, "low", 5);
	check_signed(r, "middle", -16);
	check_unsigned(r, "high", 0xabcdef);
	check_unsigned(r, "long_low", 0xabcdef012345678);
	check_signed(r, "long_high", -8);
	check_enum(r, "narrow", 7, "GREEN");
}

void check_every_kind(const struct hotprobe_type *type, const void *data, size_t size)
{
	const struct reader r = {type, data, size};

	ck_assert_ptr_nonnull(type);
	ck_assert_uint_eq(hotprobe_type_size(type), sizeof(struct every_t));
	ck_assert_str_eq(hotprobe_type_name(type), "every_t");
	check_scalars(&r);
	check_nested(&r);
	check_bit_fields(&r);
}
