/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text and back. */
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const struct image_type *resolve(const struct hotprobe_type *type)
{
	const struct image_type *types = type->image->types, *t = &types[type->index];

	while (t->kind == IMAGE_TYPE_TYPEDEF)
		t = &types[t->ref];
	return t;
}

/* The first of a union's largest members. */
static size_t largest_member(const struct hotprobe_type *type)
{
	const struct image_type *t = resolve(type);
	const struct image *img = type->image;
	uint32_t size = 0;
	size_t found = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		const struct image_member *m = &img->members[t->first + i];

		if (img->types[m->type].size > size && !m->bit_size) {
			size = img->types[m->type].size;
			found = i;
		}
	}
	return found;
}

/* ---- To text
 * -------------------------------------------------------------------------------------- */

struct text {
	char *buf;
	size_t size, length;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(left ? text->buf + text->length : NULL, left, format, args);
	va_end(args);
	text->length += n > 0 ? (size_t)n : 0;
}

static void put_bytes(struct text *text, const char *bytes, size_t size)
{
	size_t left = text->length < text->size ? text->size - text->length : 0;
	size_t fits = size < left ? size : left ? left - 1 : 0;

	if (left) {
		memcpy(text->buf + text->length, bytes, fits);
		text->buf[text->length + fits] = '\0';
	}
	text->length += size;
}

static void put_text(struct text *text, const char *string)
{
	put_bytes(text, string, strlen(string));
}

/* next: the character behind it, which must not be taken for a digit of an escape. */
static void put_char(struct text *text, unsigned char c, unsigned char next, char quote)
{
	static const char names[] = "\a\b\f\n\r\t\v\\", letters[] = "abfnrtv\\";
	const char *found = c ? strchr(names, c) : NULL;

	if (found)
		put_bytes(text, (const char[]){'\\', letters[found - names]}, 2);
	else if (c == (unsigned char)quote)
		put_bytes(text, (const char[]){'\\', (char)c}, 2);
	else if (isprint(c) || (c >= 0x80 && quote == '"'))
		put_bytes(text, (const char *)&c, 1);
	else
		put(text, next >= '0' && next <= '7' ? "\\%03o" : "\\%o", c);
}

static void put_string(struct text *text, const char *bytes, size_t length)
{
	put_text(text, "\"");
	for (size_t i = 0; i < length; i++)
		put_char(text, (unsigned char)bytes[i],
			 i + 1 < length ? (unsigned char)bytes[i + 1] : 0, '"');
	put_text(text, "\"");
}

static void put_integer(struct text *text, const struct hotprobe_value *v)
{
	if (v->is_signed)
		put(text, "%lld", (long long)v->i);
	else
		put(text, "%llu", (unsigned long long)v->u);
}

static void put_value(struct text *text, const struct hotprobe_value *v);

static void put_members(struct text *text, const struct hotprobe_value *v, char open, char close)
{
	struct hotprobe_value member;

	put_bytes(text, &open, 1);
	for (size_t i = 0; !hotprobe_member(v, i, &member); i++) {
		put_text(text, i ? ", " : " ");
		put_value(text, &member);
	}
	put_bytes(text, (const char[]){' ', close}, 2);
}

static void put_union(struct text *text, const struct hotprobe_value *v)
{
	struct hotprobe_value member;

	put_text(text, "{ ");
	if (!hotprobe_member(v, largest_member(v->type), &member))
		put_value(text, &member);
	put_text(text, " }");
}

static void put_value(struct text *text, const struct hotprobe_value *v)
{
	switch (v->kind) {
	case HOTPROBE_CHAR:
		put_text(text, "'");
		put_char(text, (unsigned char)v->u, 0, '\'');
		put_text(text, "'");
		break;
	case HOTPROBE_BOOL:
		if (v->u > 1)
			put_integer(text, v);
		else
			put_text(text, v->u ? "true" : "false");
		break;
	case HOTPROBE_ENUM:
		if (v->enumerator)
			put_text(text, v->enumerator);
		else
			put_integer(text, v);
		break;
	case HOTPROBE_POINTER:
		put(text, "%#llx", (unsigned long long)v->u);
		break;
	case HOTPROBE_INT128:
		if (v->bit_size) {
			put_integer(text, v);
			break;
		}
		put(text, v->u128.high ? "0x%llx%016llx" : "0x%.0llx%llx",
		    (unsigned long long)v->u128.high, (unsigned long long)v->u128.low);
		break;
	case HOTPROBE_FLOAT:
		put(text, "%.*g", v->size == sizeof(float) ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG,
		    v->f);
		break;
	case HOTPROBE_STRING:
		put_string(text, v->string.text, v->string.length);
		break;
	case HOTPROBE_ARRAY:
		put_members(text, v, '[', ']');
		break;
	case HOTPROBE_STRUCT:
		put_members(text, v, '{', '}');
		break;
	case HOTPROBE_UNION:
		put_union(text, v);
		break;
	default:
		put_integer(text, v);
	}
}

int hotprobe_format(const struct hotprobe_type *type, const void *data, size_t size, char *buf,
		    size_t buf_size)
{
	struct text text = {.buf = buf, .size = buf_size};
	struct hotprobe_value value;

	if (buf_size)
		buf[0] = '\0';
	if (!type || hotprobe_read(type, data, size, &value) || value.kind == HOTPROBE_VOID)
		return -EINVAL;
	put_value(&text, &value);
	return text.length > INT_MAX ? -EOVERFLOW : (int)text.length;
}

/* ---- From text
 * ------------------------------------------------------------------------------------ */

/* Where a value goes: bytes, or some bits of them. */
struct place {
	const struct hotprobe_type *type;
	unsigned char *data;
	uint32_t bit_offset, bit_size; /* of a bit-field, else 0 */
};

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t\n\r");
}

static bool take(const char **at, char c)
{
	skip_space(at);
	if (**at != c)
		return false;
	++*at;
	return true;
}

static size_t word_length(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || at[length] == '_')
		length++;
	return length;
}

static const struct hotprobe_type *type_at(const struct hotprobe_type *type, uint32_t index)
{
	return type - type->index + index;
}

static void store(const struct place *place, uint64_t number)
{
	size_t size = resolve(place->type)->size;

	if (!place->bit_size) {
		memcpy(place->data, &number, size < sizeof(number) ? size : sizeof(number));
		return;
	}
	for (uint32_t i = 0; i < place->bit_size; i++) {
		uint32_t bit = place->bit_offset + i;
		unsigned char mask = (unsigned char)(1 << bit % 8);

		if (number >> i & 1)
			place->data[bit / 8] |= mask;
		else
			place->data[bit / 8] &= (unsigned char)~mask;
	}
}

static int store_integer(const struct place *place, uint64_t magnitude, bool negative)
{
	const struct image_type *t = resolve(place->type);
	unsigned bits = place->bit_size ? place->bit_size : t->size * 8;
	bool is_signed = (t->kind == IMAGE_TYPE_INT || t->kind == IMAGE_TYPE_ENUM) &&
			 (t->encoding & IMAGE_INT_SIGNED);
	uint64_t most = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;

	if (is_signed)
		most = negative ? (most >> 1) + 1 : most >> 1;
	else if (negative && magnitude)
		return -ERANGE;
	if (magnitude > most)
		return -ERANGE;
	store(place, negative ? -magnitude : magnitude);
	return 0;
}

static int escaped_char(const char **at, unsigned char *c)
{
	static const char letters[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
	const char *found = **at ? strchr(letters, **at) : NULL;
	unsigned number = 0;
	int digits = 0;

	if (found) {
		++*at;
		*c = (unsigned char)values[found - letters];
		return 0;
	}
	if (**at == 'x') {
		for (++*at; isxdigit((unsigned char)**at) && digits < 2; ++*at, digits++)
			number = number * 16 +
				 (unsigned)(isdigit((unsigned char)**at)
						    ? **at - '0'
						    : tolower((unsigned char)**at) - 'a' + 10);
	} else {
		for (; **at >= '0' && **at <= '7' && digits < 3; ++*at, digits++)
			number = number * 8 + (unsigned)(**at - '0');
	}
	if (!digits || number > 255)
		return -EINVAL;
	*c = (unsigned char)number;
	return 0;
}

static int quoted_char(const char **at, unsigned char *c)
{
	if (!**at)
		return -EINVAL;
	if (**at != '\\') {
		*c = (unsigned char)*(*at)++;
		return 0;
	}
	++*at;
	return escaped_char(at, c);
}

static int parse_char(const char **at, const struct place *place)
{
	bool is_signed = resolve(place->type)->encoding & IMAGE_INT_SIGNED;
	unsigned char c;
	int err, number;

	++*at;
	err = quoted_char(at, &c);
	if (err)
		return err;
	if (**at != '\'')
		return -EINVAL;
	++*at;
	number = is_signed ? (signed char)c : c;
	return store_integer(place, (uint64_t)abs(number), number < 0);
}

static bool is_word(const char *at, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(word, at, length);
}

/* An enumerator, true, false. */
static int parse_word(const char **at, const struct place *place)
{
	const struct image_type *t = resolve(place->type);
	const struct image *img = place->type->image;
	size_t length = word_length(*at);
	const char *word = *at;

	*at += length;
	for (uint32_t i = 0; t->kind == IMAGE_TYPE_ENUM && i < t->count; i++) {
		const struct image_enumerator *e = &img->enumerators[t->first + i];

		if (is_word(word, length, image_str(img, e->name))) {
			store(place, e->value);
			return 0;
		}
	}
	if (is_word(word, length, "true"))
		return store_integer(place, 1, false);
	if (is_word(word, length, "false"))
		return store_integer(place, 0, false);
	*at = word;
	return -EINVAL;
}

static int digit_of(char c, unsigned base)
{
	int digit = isdigit((unsigned char)c)	? c - '0'
		    : isalpha((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
						: 99;

	return digit < (int)base ? digit : -1;
}

static int parse_digits(const char **at, unsigned __int128 *number)
{
	const unsigned __int128 max = ~(unsigned __int128)0;
	unsigned base = 10;
	const char *first;
	int digit;

	if (**at == '0' && tolower((unsigned char)(*at)[1]) == 'x') {
		base = 16;
		*at += 2;
	} else if (**at == '0') {
		base = 8;
	}
	*number = 0;
	for (first = *at; (digit = digit_of(**at, base)) >= 0; ++*at) {
		if (*number > (max - (unsigned)digit) / base)
			return -ERANGE;
		*number = *number * base + (unsigned)digit;
	}
	return *at == first || word_length(*at) ? -EINVAL : 0;
}

static int parse_integer(const char **at, const struct place *place)
{
	unsigned __int128 number;
	bool negative = false;
	int err;

	if (**at == '\'')
		return parse_char(at, place);
	if (isalpha((unsigned char)**at) || **at == '_')
		return parse_word(at, place);
	if (**at == '-' || **at == '+')
		negative = *(*at)++ == '-';
	err = parse_digits(at, &number);
	if (err)
		return err;
	if (resolve(place->type)->size == sizeof(number) && !place->bit_size) {
		number = negative ? -number : number;
		memcpy(place->data, &number, sizeof(number));
		return 0;
	}
	if (number > UINT64_MAX)
		return -ERANGE;
	return store_integer(place, (uint64_t)number, negative);
}

static int parse_float(const char **at, const struct place *place)
{
	size_t size = resolve(place->type)->size;
	char *end;
	double d = strtod(*at, &end);
	float f = (float)d;

	if (end == *at)
		return -EINVAL;
	*at = end;
	if (size == sizeof(f))
		memcpy(place->data, &f, sizeof(f));
	else if (size == sizeof(d))
		memcpy(place->data, &d, sizeof(d));
	else
		return -EINVAL;
	return 0;
}

static int parse_string(const char **at, const struct place *place)
{
	uint32_t size = resolve(place->type)->size, length = 0;
	unsigned char c;
	int err;

	for (++*at; **at != '"';) {
		err = quoted_char(at, &c);
		if (err)
			return err;
		if (length == size)
			return -ERANGE;
		place->data[length++] = c;
	}
	++*at;
	return 0;
}

static int parse_value(const char **at, const struct place *place);

static int parse_elements(const char **at, const struct place *array)
{
	const struct image_type *t = resolve(array->type);
	struct place element = {.type = type_at(array->type, t->ref)};
	char close = **at == '[' ? ']' : '}';
	uint32_t size = array->type->image->types[t->ref].size;
	int err;

	++*at;
	for (uint32_t i = 0; !take(at, close); i++) {
		if (i && !take(at, ','))
			return -EINVAL;
		if (i && take(at, close)) /* a comma behind the last, as C has it */
			return 0;
		if (i == t->count)
			return -ERANGE;
		element.data = array->data + (size_t)i * size;
		err = parse_value(at, &element);
		if (err)
			return err;
	}
	return 0;
}

static struct place member_place(const struct place *record, size_t index)
{
	const struct image *img = record->type->image;
	const struct image_member *m = &img->members[resolve(record->type)->first + index];

	return (struct place){
		.type = type_at(record->type, m->type),
		.data = record->data + m->bit_offset / 8,
		.bit_offset = m->bit_size ? m->bit_offset % 8 : 0,
		.bit_size = m->bit_size,
	};
}

/* ".name =": which member that is. */
static int designated(const char **at, const struct place *record, size_t *index)
{
	const struct image_type *t = resolve(record->type);
	const struct image *img = record->type->image;
	size_t length = word_length(*at);

	for (uint32_t i = 0; i < t->count; i++) {
		const char *name = image_str(img, img->members[t->first + i].name);

		if (!length || !is_word(*at, length, name))
			continue;
		*at += length;
		*index = i;
		return take(at, '=') ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int parse_members(const char **at, const struct place *record)
{
	const struct image_type *t = resolve(record->type);
	bool is_union = t->kind == IMAGE_TYPE_UNION;
	size_t index = is_union ? largest_member(record->type) : 0;
	struct place member;
	int err;

	++*at;
	for (bool first = true; !take(at, '}'); first = false, index++) {
		if (!first && !take(at, ','))
			return -EINVAL;
		if (!first && take(at, '}'))
			return 0;
		if (take(at, '.')) {
			err = designated(at, record, &index);
			if (err)
				return err;
		} else if (is_union && !first) {
			return -ERANGE;
		}
		if (index >= t->count)
			return -ERANGE;
		member = member_place(record, index);
		err = parse_value(at, &member);
		if (err)
			return err;
	}
	return 0;
}

static int parse_value(const char **at, const struct place *place)
{
	skip_space(at);
	switch (hotprobe_type_kind(place->type)) {
	case HOTPROBE_VOID:
		return -EINVAL;
	case HOTPROBE_FLOAT:
		return parse_float(at, place);
	case HOTPROBE_STRING:
		if (**at == '"')
			return parse_string(at, place);
		return **at == '[' || **at == '{' ? parse_elements(at, place) : -EINVAL;
	case HOTPROBE_ARRAY:
		return **at == '[' || **at == '{' ? parse_elements(at, place) : -EINVAL;
	case HOTPROBE_STRUCT:
	case HOTPROBE_UNION:
		return **at == '{' ? parse_members(at, place) : -EINVAL;
	default:
		return parse_integer(at, place);
	}
}

int hotprobe_parse(const struct hotprobe_type *type, const char *text, void *data, size_t size,
		   const char **at)
{
	struct place place = {.type = type, .data = data};
	const char *position = text;
	int err = -EINVAL;

	if (type && size >= hotprobe_type_size(type)) {
		memset(data, 0, size);
		err = parse_value(&position, &place);
		skip_space(&position);
		if (!err && *position)
			err = -EINVAL;
	}
	if (at)
		*at = position;
	return err;
}
