/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a histogram's slots are powers of two. */
#include "slots.h"

#include <string.h>

#include "call.h"
#include "place.h"
#include "text.h"

/* ---- Powers of two in expressions ---------------------------------------------------------- */

static bool is_power_variable(const struct parsed *parsed, CXCursor variable)
{
	for (size_t i = 0; i < parsed->power_count; i++)
		if (clang_equalCursors(parsed->powers[i], variable))
			return true;
	return false;
}

/* bpf_log2l(), or a function of the source's that calls it. */
static bool makes_power(const struct parsed *parsed, CXCursor call)
{
	const struct parse_function *function;

	if (call_is(call, "bpf_log2") || call_is(call, "bpf_log2l"))
		return true;
	function = parse_find_function(parsed, place_string(clang_getCursorSpelling(call)));
	return function && function->makes_powers;
}

struct search {
	const struct parsed *parsed;
	bool found;
};

static enum CXChildVisitResult find_power(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct search *search = data;
	enum CXCursorKind kind = clang_getCursorKind(cursor);

	(void)parent;
	search->found = (kind == CXCursor_CallExpr && makes_power(search->parsed, cursor)) ||
			(kind == CXCursor_DeclRefExpr &&
			 is_power_variable(search->parsed, clang_getCursorReferenced(cursor)));
	return search->found ? CXChildVisit_Break : CXChildVisit_Recurse;
}

/* In what is below the cursor, or the cursor itself. */
static bool holds_power(const struct parsed *parsed, CXCursor cursor)
{
	struct search search = {.parsed = parsed};

	find_power(cursor, cursor, &search);
	if (!search.found)
		clang_visitChildren(cursor, find_power, &search);
	return search.found;
}

/* ---- Where they go ------------------------------------------------------------------------- */

/* The variable that key.slot or key is part of; null for anything else. */
static CXCursor variable_of(CXCursor expression)
{
	expression = below_implicit(expression);
	while (clang_getCursorKind(expression) == CXCursor_MemberRefExpr ||
	       clang_getCursorKind(expression) == CXCursor_ArraySubscriptExpr)
		expression = below_implicit(first_child(expression));
	if (clang_getCursorKind(expression) != CXCursor_DeclRefExpr)
		return clang_getNullCursor();
	return clang_getCursorReferenced(expression);
}

static void add_power_variable(struct parsed *parsed, CXCursor variable)
{
	if (clang_Cursor_isNull(variable) || is_power_variable(parsed, variable))
		return;
	parsed->powers = cc_grow(parsed->powers, parsed->power_count, sizeof(*parsed->powers));
	parsed->powers[parsed->power_count++] = variable;
}

static void from_call(CXCursor call, struct parsed *parsed)
{
	struct parse_function *function = &parsed->functions[parsed->function_count - 1];
	struct parse_table *table = call_table(call, parsed);
	int count = clang_Cursor_getNumArguments(call);

	if (!table && makes_power(parsed, call))
		function->makes_powers = true;
	if (!table || !table->kind || strcmp(table->kind, "histogram"))
		return;
	for (int i = 0; i < count; i++)
		if (holds_power(parsed, clang_Cursor_getArgument(call, (unsigned)i)))
			table->log2 = true;
}

void slots_from(CXCursor cursor, struct parsed *parsed)
{
	switch (clang_getCursorKind(cursor)) {
	case CXCursor_CallExpr:
		from_call(cursor, parsed);
		break;
	case CXCursor_VarDecl:
		if (holds_power(parsed, cursor))
			add_power_variable(parsed, cursor);
		break;
	case CXCursor_BinaryOperator: /* of an assignment, the left is what it assigns to */
		if (holds_power(parsed, last_child(cursor)))
			add_power_variable(parsed, variable_of(first_child(cursor)));
		break;
	default:
		break;
	}
}
