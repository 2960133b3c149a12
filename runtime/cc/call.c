/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and their arguments in libclang's tree. */
#include "call.h"

#include <string.h>

#include "place.h"

static enum CXChildVisitResult take_first(CXCursor cursor, CXCursor parent, CXClientData data)
{
	(void)parent;
	*(CXCursor *)data = cursor;
	return CXChildVisit_Break;
}

static enum CXChildVisitResult take_last(CXCursor cursor, CXCursor parent, CXClientData data)
{
	(void)parent;
	*(CXCursor *)data = cursor;
	return CXChildVisit_Continue;
}

CXCursor first_child(CXCursor cursor)
{
	CXCursor child = clang_getNullCursor();

	clang_visitChildren(cursor, take_first, &child);
	return child;
}

CXCursor last_child(CXCursor cursor)
{
	CXCursor child = clang_getNullCursor();

	clang_visitChildren(cursor, take_last, &child);
	return child;
}

CXCursor below_implicit(CXCursor cursor)
{
	CXCursor child;

	while (clang_getCursorKind(cursor) == CXCursor_UnexposedExpr ||
	       clang_getCursorKind(cursor) == CXCursor_ParenExpr) {
		child = first_child(cursor);
		if (clang_Cursor_isNull(child))
			break;
		cursor = child;
	}
	return cursor;
}

bool call_is(CXCursor call, const char *name)
{
	CXString spelling = clang_getCursorSpelling(call);
	const char *called = clang_getCString(spelling);
	bool is = called && !strcmp(called, name);

	clang_disposeString(spelling);
	return is;
}

struct parse_table *call_table(CXCursor call, struct parsed *parsed)
{
	CXCursor member = below_implicit(first_child(call));
	CXCursor base;

	if (clang_getCursorKind(member) != CXCursor_MemberRefExpr)
		return NULL;
	base = below_implicit(first_child(member));
	if (clang_getCursorKind(base) != CXCursor_DeclRefExpr)
		return NULL;
	return parse_find_table(parsed, place_string(clang_getCursorSpelling(base)));
}
