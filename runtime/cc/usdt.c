/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "../image.h"
#include "place.h"
#include "usdt.h"

/* Stores what the loader's instructions read, in the size of the variable that is to have it. */
static const char store[] =
	"static inline __attribute__((always_inline)) int _hotprobe_usdt_store("
	"unsigned long long value, unsigned long how, void *to, unsigned long size)\n"
	"{\n"
	"	value <<= how & 63;\n"
	"	if (how & 64)\n"
	"		value = (unsigned long long)((long long)value >> (how & 63));\n"
	"	else\n"
	"		value >>= how & 63;\n"
	"	if (size == 1)\n"
	"		*(unsigned char *)to = value;\n"
	"	else if (size == 2)\n"
	"		*(unsigned short *)to = value;\n"
	"	else if (size == 4)\n"
	"		*(unsigned int *)to = value;\n"
	"	else if (size == 8)\n"
	"		*(unsigned long long *)to = value;\n"
	"	else\n"
	"		return -1;\n"
	"	return 0;\n"
	"}\n";

_Static_assert(IMAGE_USDT_SIGNED == 64, "the text above has that number");

static void add_reader(const char *function, unsigned argument, struct text *text)
{
	char *name = cc_printf("#define _bpf_readarg_%s_%u(", function, argument);

	if (text->data && strstr(text->data, name))
		return;
	if (!text->data)
		text_puts(text, store);
	text_printf(text,
		    "%sctx, to, size) ({ unsigned long long _value = 0; "
		    "long _how = ((long (*)(void *, void *))0x%xul)(ctx, &_value); "
		    "_hotprobe_usdt_store(_value, _how, to, size); })\n",
		    name, IMAGE_USDT_CALL + argument);
}

/* The words of an expression, as long as they are one number: libbcc pastes them into a name. */
static bool number_at(const struct source *source, CXCursor argument, unsigned *number)
{
	struct place place = place_of(source, clang_getRangeStart(clang_getCursorExtent(argument)));
	char *end;

	if (!place.is_main || place.from_macro)
		return false;
	*number = (unsigned)strtoul(source->text + place.offset, &end, 10);
	return end != source->text + place.offset && end[strspn(end, " \t\r\n")] == ',';
}

void usdt_from_call(CXCursor call, const struct source *source, const char *function,
		    struct text *text, struct diag_list *diags)
{
	CXString spelling = clang_getCursorSpelling(call);
	const char *name = clang_getCString(spelling);
	bool reads =
		name && (!strcmp(name, "bpf_usdt_readarg") || !strcmp(name, "bpf_usdt_readarg_p"));
	unsigned number = 0;
	struct place place;

	clang_disposeString(spelling);
	if (!reads || clang_Cursor_getNumArguments(call) < 1)
		return;
	if (number_at(source, clang_Cursor_getArgument(call, 0), &number) && number &&
	    number <= IMAGE_USDT_ARGS) {
		add_reader(function, number, text);
		return;
	}
	place = place_of(source, clang_getCursorLocation(call));
	diag_error(diags, place.file, place.line, place.column,
		   "Write the number itself, as in bpf_usdt_readarg(1, ctx, &value).",
		   "the argument to read has to be a number from 1 to %d", IMAGE_USDT_ARGS);
}
