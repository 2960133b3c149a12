/* SPDX-License-Identifier: Apache-2.0 */
/* The type of what a program submits to a perf or ring buffer. */
#include <stdbool.h>
#include <string.h>

#include "call.h"
#include "events.h"
#include "place.h"
#include "text.h"

static const struct submit {
	const char *name;
	unsigned data, size; /* which arguments; the size's is 0 if it has none */
} submits[] = {
	{"perf_submit", 1, 2},
	{"perf_submit_skb", 2, 3},
	{"ringbuf_output", 0, 1},
	{"ringbuf_submit", 0, 0},
};

static bool is_untyped(CXType type)
{
	type = clang_getCanonicalType(type);
	return type.kind == CXType_Void || type.kind == CXType_Char_S ||
	       type.kind == CXType_Char_U || type.kind == CXType_UChar ||
	       type.kind == CXType_SChar || type.kind == CXType_Invalid;
}

/* What the data argument points to; an array stands for itself. */
static CXType pointed_to(CXCursor argument)
{
	CXType type = clang_getCursorType(argument);
	CXType canonical = clang_getCanonicalType(type);

	if (canonical.kind == CXType_Pointer) {
		if (type.kind != CXType_Pointer)
			type = canonical;
		return clang_getPointeeType(type);
	}
	if (canonical.kind == CXType_ConstantArray)
		return type;
	type.kind = CXType_Invalid;
	return type;
}

/* The type that sizeof names in an argument, invalid if the argument is no sizeof. */
static CXType size_type(CXCursor argument)
{
	CXType type = {.kind = CXType_Invalid};

	argument = below_implicit(argument);
	if (clang_getCursorKind(argument) != CXCursor_UnaryExpr)
		return type;
	argument = below_implicit(first_child(argument));
	return clang_Cursor_isNull(argument) ? type : clang_getCursorType(argument);
}

/* The size that a call of ringbuf_reserve() gave for this pointer. */
static CXType reserved_type(CXCursor pointer)
{
	CXType type = {.kind = CXType_Invalid};
	CXCursor call;

	if (clang_getCursorKind(pointer) != CXCursor_DeclRefExpr)
		return type;
	call = below_implicit(last_child(clang_getCursorReferenced(pointer)));
	while (clang_getCursorKind(call) == CXCursor_CStyleCastExpr)
		call = below_implicit(last_child(call));
	if (clang_getCursorKind(call) != CXCursor_CallExpr)
		return type;
	if (strcmp(place_string(clang_getCursorSpelling(call)), "ringbuf_reserve"))
		return type;
	return size_type(clang_Cursor_getArgument(call, 0));
}

static CXType submitted_type(CXCursor call, const struct submit *submit)
{
	CXCursor argument = below_implicit(clang_Cursor_getArgument(call, submit->data));
	CXType type = pointed_to(argument), named;

	/* (void *)&data: the cast hides the type. */
	while (is_untyped(type) && clang_getCursorKind(argument) == CXCursor_CStyleCastExpr) {
		argument = below_implicit(last_child(argument));
		named = pointed_to(argument);
		if (named.kind != CXType_Invalid)
			type = named;
	}
	if (!is_untyped(type))
		return type;
	named = submit->size ? size_type(clang_Cursor_getArgument(call, submit->size))
			     : reserved_type(argument);
	return named.kind == CXType_Invalid ? type : named;
}

static const struct submit *find_submit(CXCursor call)
{
	for (size_t i = 0; i < sizeof(submits) / sizeof(*submits); i++)
		if (call_is(call, submits[i].name))
			return &submits[i];
	return NULL;
}

void event_from_call(CXCursor call, const struct source *source, struct types *types,
		     struct uses *uses, struct parsed *parsed, struct diag_list *diags)
{
	const struct submit *submit = find_submit(call);
	struct parse_table *table;
	struct place place;
	uint32_t index;
	CXType type;

	if (!submit || clang_Cursor_getNumArguments(call) <= (int)submit->data)
		return;
	table = call_table(call, parsed);
	if (!table)
		return;
	type = submitted_type(call, submit);
	if (type.kind == CXType_Invalid || type.kind == CXType_Void ||
	    clang_Type_getSizeOf(type) < 0)
		return;
	uses_whole(uses, call, type);
	index = types_add(types, type) + 1;
	if (!table->event_type) {
		table->event_type = index;
	} else if (table->event_type != index) {
		place = place_of(source, clang_getCursorLocation(call));
		diag_add(diags, HOTPROBE_NOTE, place.file, place.line, place.column,
			 cc_printf("%s gets events of another type here; all are shown as the type "
				   "that is submitted to it first",
				   table->name),
			 "Use one table for each type of event.");
	}
}
