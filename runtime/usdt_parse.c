/* SPDX-License-Identifier: Apache-2.0 */
/* Operands as sys/sdt.h leaves them in a probe's note: SIZE@OPERAND, apart by spaces. */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "usdt.h"

enum { OPERAND_MAX = 256 };

struct operand {
	const char *at;
	struct usdt_argument *argument;
	uint64_t site;
	usdt_symbol_fn symbol;
	void *ctx;
};

static bool take(struct operand *o, char c)
{
	while (*o->at == ' ')
		o->at++;
	if (*o->at != c)
		return false;
	o->at++;
	return true;
}

static bool take_number(struct operand *o, int64_t *number)
{
	char *end;

	while (*o->at == ' ')
		o->at++;
	errno = 0;
	/* A constant may be written as one without sign. */
	*number = *o->at == '-' ? strtoll(o->at, &end, 0) : (int64_t)strtoull(o->at, &end, 0);
	if (errno || end == o->at)
		return false;
	o->at = end;
	return true;
}

static size_t word_length(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || (at[length] && strchr("_.$@", at[length])))
		length++;
	return length;
}

/* ---- x86 ---- */

/* struct pt_regs has them by their stem: "ax" for rax, eax, ax, al and ah; "r8" for r8, r8d, r8w
   and r8b; "si" for sil. */
static bool x86_register(const char *name, size_t length, int16_t *offset, uint8_t *shift)
{
	char stem[8] = "";

	*shift = 0;
	if (length < 2 || length > 4)
		return false;
	memcpy(stem, name, length);
	if (isdigit((unsigned char)stem[1])) {
		if (strchr("dwb", stem[length - 1]))
			stem[length - 1] = '\0';
	} else if (length == 3 && (stem[0] == 'r' || stem[0] == 'e')) {
		memmove(stem, stem + 1, sizeof(stem) - 1);
	} else if (length == 3 && stem[2] == 'l') {
		stem[2] = '\0';
	} else if (length == 2 && strchr("abcd", stem[0]) && strchr("lh", stem[1])) {
		*shift = stem[1] == 'h' ? 8 : 0;
		stem[1] = 'x';
	}
	*offset = (int16_t)arch_register_offset(&arch_x86, stem);
	return *offset >= 0;
}

static bool x86_take_register(struct operand *o, int16_t *offset, uint8_t *shift)
{
	size_t length;

	if (!take(o, '%'))
		return false;
	length = word_length(o->at);
	if (!x86_register(o->at, length, offset, shift))
		return false;
	o->at += length;
	return true;
}

/* Numbers and at most one symbol, added up: "8", "-4+counter", "counter+8". The symbol's address is
   counted from the site, which is where the instruction pointer is. */
static bool x86_take_displacement(struct operand *o, bool *has_symbol)
{
	struct usdt_argument *a = o->argument;
	char name[OPERAND_MAX];
	uint64_t address;
	int64_t number;
	size_t length;

	*has_symbol = false;
	while (*o->at && *o->at != '(') {
		if (*o->at == '+')
			o->at++;
		if (isdigit((unsigned char)*o->at) || *o->at == '-') {
			if (!take_number(o, &number))
				return false;
			a->displacement += number;
			continue;
		}
		length = word_length(o->at);
		if (!length || length >= sizeof(name) || *has_symbol || !o->symbol)
			return false;
		snprintf(name, sizeof(name), "%.*s", (int)length, o->at);
		if (o->symbol(o->ctx, name, &address))
			return false;
		a->displacement += (int64_t)(address - o->site);
		*has_symbol = true;
		o->at += length;
	}
	return true;
}

/* (BASE,INDEX,SCALE), all but one of which may be missing. */
static bool x86_take_registers(struct operand *o)
{
	struct usdt_argument *a = o->argument;
	int64_t scale = 1;
	uint8_t shift;

	if (*o->at == '%' && !x86_take_register(o, &a->base, &shift))
		return false;
	if (take(o, ',')) {
		if (!x86_take_register(o, &a->index, &shift))
			return false;
		if (take(o, ',') && !take_number(o, &scale))
			return false;
	}
	if (scale != 1 && scale != 2 && scale != 4 && scale != 8)
		return false;
	a->scale = (uint8_t)__builtin_ctz((unsigned)scale);
	return take(o, ')');
}

static bool x86_operand(struct operand *o)
{
	const int16_t ip = (int16_t)arch_register_offset(&arch_x86, "ip");
	struct usdt_argument *a = o->argument;
	bool has_symbol, is_address;

	if (*o->at == '%')
		return x86_take_register(o, &a->base, &a->shift) && !*o->at;
	is_address = take(o, '$');
	if (!*o->at || !x86_take_displacement(o, &has_symbol))
		return false;
	if (!is_address) {
		a->in_memory = true;
		if (take(o, '(') && !x86_take_registers(o))
			return false;
	}
	/* counter(%rip), and counter itself in a program that is not moved. */
	if (has_symbol && a->base >= 0 && a->base != ip)
		return false;
	if (has_symbol)
		a->base = ip;
	else if (a->base == ip)
		return false; /* relative to the next instruction, which is not known */
	return !*o->at;
}

/* ---- arm64 ---- */

/* x0, w0, sp, and xzr, which is no register but 0. */
static bool arm64_take_register(struct operand *o, int16_t *offset)
{
	size_t length = word_length(o->at);
	const int16_t sp = (int16_t)arch_register_offset(&arch_arm64, "sp");
	const char *name = o->at;
	char *end;
	long number;

	o->at += length;
	*offset = -1;
	if (length == 3 && (!strncmp(name, "xzr", 3) || !strncmp(name, "wzr", 3)))
		return true;
	if ((length == 2 && !strncmp(name, "sp", 2)) || (length == 3 && !strncmp(name, "wsp", 3))) {
		*offset = sp;
		return true;
	}
	if ((*name != 'x' && *name != 'w') || !isdigit((unsigned char)name[1]))
		return false;
	number = strtol(name + 1, &end, 10);
	if (end != name + length || number > 31)
		return false;
	*offset = (int16_t)(number == 31 ? sp : number * 8);
	return true;
}

/* What follows the index: "lsl #3", "uxtx", "sxtx 2". Indexes of 32 bits would have to be extended.
 */
static bool arm64_take_extension(struct operand *o)
{
	int64_t number = 0;

	take(o, ' ');
	if (strncmp(o->at, "lsl", 3) && strncmp(o->at, "uxtx", 4) && strncmp(o->at, "sxtx", 4))
		return false;
	o->at += word_length(o->at);
	take(o, '#');
	if (*o->at != ']' && !take_number(o, &number))
		return false;
	o->argument->scale = (uint8_t)number;
	return number >= 0 && number < 8;
}

/* [BASE], [BASE, 16], [BASE, #16], [BASE, INDEX], [BASE, INDEX, lsl #3] */
static bool arm64_take_memory(struct operand *o)
{
	struct usdt_argument *a = o->argument;

	a->in_memory = true;
	if (!arm64_take_register(o, &a->base) || a->base < 0)
		return false;
	if (take(o, ',')) {
		take(o, '#');
		if (isdigit((unsigned char)*o->at) || *o->at == '-') {
			if (!take_number(o, &a->displacement))
				return false;
		} else if (!arm64_take_register(o, &a->index) ||
			   (take(o, ',') && !arm64_take_extension(o))) {
			return false;
		}
	}
	return take(o, ']') && !*o->at;
}

static bool arm64_operand(struct operand *o)
{
	if (take(o, '['))
		return arm64_take_memory(o);
	take(o, '#');
	if (isdigit((unsigned char)*o->at) || *o->at == '-')
		return take_number(o, &o->argument->displacement) && !*o->at;
	return arm64_take_register(o, &o->argument->base) && !*o->at;
}

/* ---- The whole ---- */

/* Cuts the next operand off; spaces between brackets are part of it. */
static bool next_operand(const char **text, char operand[OPERAND_MAX])
{
	const char *at = *text + strspn(*text, " "), *start = at;
	bool inside = false;

	while (*at && (inside || *at != ' ')) {
		inside = *at == '[' || (inside && *at != ']');
		at++;
	}
	snprintf(operand, OPERAND_MAX, "%.*s", (int)(at - start), start);
	*text = at;
	return at != start;
}

/* SIZE@, with a minus for a signed one and an f for a floating-point number, whose bits are read;
   without it, as wide as a register. */
static bool take_size(struct operand *o)
{
	const char *mark = strchr(o->at, '@');
	int64_t size = 8;

	if (mark) {
		if (!take_number(o, &size))
			return false;
		take(o, 'f');
		if (o->at != mark)
			return false;
		o->at++;
	}
	o->argument->is_signed = size < 0;
	size = size < 0 ? -size : size;
	o->argument->size = (uint8_t)size;
	return size == 1 || size == 2 || size == 4 || size == 8;
}

int usdt_parse(struct usdt_arguments *arguments, int machine, const char *text, uint64_t site,
	       usdt_symbol_fn symbol, void *ctx)
{
	char operand[OPERAND_MAX];

	memset(arguments, 0, sizeof(*arguments));
	if (machine != EM_X86_64 && machine != EM_386 && machine != EM_AARCH64)
		return -EOPNOTSUPP;
	while (arguments->count < IMAGE_USDT_ARGS && next_operand(&text, operand)) {
		struct usdt_argument *a = &arguments->at[arguments->count++];
		struct operand o = {operand, a, site, symbol, ctx};
		bool good;

		a->base = a->index = -1;
		good = take_size(&o) &&
		       (machine == EM_AARCH64 ? arm64_operand(&o) : x86_operand(&o));
		if (good)
			continue;
		memset(a, 0, sizeof(*a));
		a->unreadable = true;
	}
	return 0;
}
