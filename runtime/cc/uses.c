/* SPDX-License-Identifier: Apache-2.0 */
/* Finds in the tree of libclang what a program uses of the kernel's types; see uses.h. */
#include <string.h>

#include "place.h"
#include "text.h"
#include "uses.h"
#include "vfs.h"

/* ---- What has been dealt with ---- */

static void set_grow(struct uses_set *set)
{
	size_t i, at;

	set->slot_count = set->slot_count ? 2 * set->slot_count : 256;
	set->slots = cc_alloc(set->slot_count * sizeof(*set->slots));
	for (i = 0; i < set->count; i++) {
		at = clang_hashCursor(set->cursors[i]);
		while (set->slots[at &= set->slot_count - 1])
			at++;
		set->slots[at] = (uint32_t)i + 1;
	}
}

/* False if it was there. */
static bool set_add(struct uses_set *set, CXCursor cursor)
{
	size_t at;

	if (2 * set->count >= set->slot_count)
		set_grow(set);
	at = clang_hashCursor(cursor);
	while (set->slots[at &= set->slot_count - 1]) {
		if (clang_equalCursors(set->cursors[set->slots[at] - 1], cursor))
			return false;
		at++;
	}
	set->cursors = cc_grow(set->cursors, set->count, sizeof(*set->cursors));
	set->cursors[set->count++] = cursor;
	set->slots[at] = (uint32_t)set->count;
	return true;
}

static bool is_there(const struct image_writer *w, const struct image_use *use)
{
	const struct image_use *all = (const void *)w->section[IMAGE_USES].data;
	size_t i, count = w->section[IMAGE_USES].size / sizeof(*all);

	for (i = 0; i < count; i++)
		if (all[i].kind == use->kind && all[i].name == use->name &&
		    all[i].member == use->member)
			return true;
	return false;
}

/* Equal strings have equal offsets. */
static void add_use(struct uses *uses, CXCursor cursor, enum image_use_kind kind, const char *name,
		    const char *member, uint32_t number)
{
	struct place place = place_of(
		uses->source, clang_getCursorLocation(uses->in_header ? uses->caller : cursor));
	struct image_use use = {
		.kind = kind,
		.name = image_add_string(uses->w, name),
		.member = image_add_string(uses->w, member),
		.number = number,
		.file = image_add_string(uses->w, place.file),
		.line = place.line,
	};

	if (!is_there(uses->w, &use))
		image_add(uses->w, IMAGE_USES, &use, sizeof(use), 1);
}

/* ---- Types ---- */

static CXType without_arrays(CXType type)
{
	type = clang_getCanonicalType(type);
	while (type.kind == CXType_ConstantArray || type.kind == CXType_IncompleteArray)
		type = clang_getCanonicalType(clang_getArrayElementType(type));
	return type;
}

/* Out of the tree, or real headers, which show in the same place. */
static bool is_kernels(CXCursor declaration)
{
	CXString name;
	CXFile file;
	bool below;

	clang_getExpansionLocation(clang_getCursorLocation(declaration), &file, NULL, NULL, NULL);
	if (!file)
		return false;
	name = clang_getFileName(file);
	below = !strncmp(clang_getCString(name), VFS_KERNEL "/", strlen(VFS_KERNEL "/"));
	clang_disposeString(name);
	return below;
}

/* "struct sock", or the typedef of one without a tag; NULL if it has neither. */
static char *record_name(CXType record)
{
	char *name = place_string(clang_getTypeSpelling(clang_getCanonicalType(record)));

	while (!strncmp(name, "const ", 6) || !strncmp(name, "volatile ", 9))
		name = strchr(name, ' ') + 1;
	return strchr(name, '(') ? NULL : name;
}

static bool is_record(CXType type)
{
	return clang_getCanonicalType(type).kind == CXType_Record;
}

static bool is_kernels_record(CXType type)
{
	return is_record(type) &&
	       is_kernels(clang_getTypeDeclaration(clang_getCanonicalType(type)));
}

/* Its size counts, or all of it. */
static void use_record(struct uses *uses, CXCursor cursor, enum image_use_kind kind, CXType type)
{
	char *name;

	type = without_arrays(type);
	if (!is_kernels_record(type))
		return;
	name = record_name(type);
	if (name)
		add_use(uses, cursor, kind, name, "", (uint32_t)clang_Type_getSizeOf(type));
}

static void use_record_once(struct uses *uses, CXCursor cursor, CXType type)
{
	CXCursor declaration = clang_getTypeDeclaration(without_arrays(type));

	if (is_record(without_arrays(type)) && set_add(&uses->seen, declaration))
		use_record(uses, cursor, IMAGE_USE_SIZE, type);
}

void uses_whole(struct uses *uses, CXCursor cursor, CXType type)
{
	use_record(uses, cursor, IMAGE_USE_LAYOUT, type);
}

/* ---- Members ---- */

struct holder {
	CXCursor record; /* one without a name */
	CXCursor field;	 /* the member of it in the record around it */
};

static enum CXVisitorResult find_holder(CXCursor field, CXClientData data)
{
	struct holder *holder = data;
	CXType type = without_arrays(clang_getCursorType(field));

	if (!clang_equalCursors(clang_getTypeDeclaration(type), holder->record))
		return CXVisit_Continue;
	holder->field = field;
	return CXVisit_Break;
}

static const char *array_marks(CXType type)
{
	type = clang_getCanonicalType(type);
	if (type.kind != CXType_ConstantArray && type.kind != CXType_IncompleteArray)
		return "";
	return cc_printf("[]%s", array_marks(clang_getArrayElementType(type)));
}

/* The path of a member from the innermost struct around it that has a name: "a.b[].c", without
   what is anonymous. */
static void use_member(struct uses *uses, CXCursor cursor, CXCursor field)
{
	long long offset = clang_Cursor_getOffsetOfField(field);
	char *path = place_string(clang_getCursorSpelling(field)), *name, *outer;
	CXCursor record = clang_getCursorSemanticParent(field);
	struct holder holder;

	if (!*path || strchr(path, '(') || !is_kernels(record))
		return;
	while (!(name = record_name(clang_getCursorType(record)))) {
		holder = (struct holder){record, clang_getNullCursor()};
		record = clang_getCursorLexicalParent(record);
		clang_Type_visitFields(clang_getCursorType(record), find_holder, &holder);
		if (clang_Cursor_isNull(holder.field))
			return; /* of no struct's: nothing else can hold it */
		offset += clang_Cursor_getOffsetOfField(holder.field);
		outer = place_string(clang_getCursorSpelling(holder.field));
		if (*outer && !strchr(outer, '('))
			path = cc_printf("%s%s.%s", outer,
					 array_marks(clang_getCursorType(holder.field)), path);
	}
	add_use(uses, cursor, IMAGE_USE_MEMBER, name, path, (uint32_t)offset);
}

/* ---- Expressions ---- */

struct operands {
	CXType type[2];
	int count;
};

static enum CXChildVisitResult take_operand(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct operands *operands = data;

	(void)parent;
	if (operands->count < 2)
		operands->type[operands->count++] = clang_getCursorType(cursor);
	return CXChildVisit_Continue;
}

static bool is_pointer(CXType type)
{
	return clang_getCanonicalType(type).kind == CXType_Pointer;
}

/* p + i, p += i, p++, p - q count in sizes of what p points to; p = q, p == q, &x do not. */
static void use_arithmetic(struct uses *uses, CXCursor cursor, enum CXCursorKind kind)
{
	struct operands o = {.count = 0};
	CXType type = clang_getCursorType(cursor);
	bool counts;

	clang_visitChildren(cursor, take_operand, &o);
	if (kind == CXCursor_UnaryOperator)
		counts = o.count && is_pointer(type) &&
			 clang_equalTypes(clang_getCanonicalType(type),
					  clang_getCanonicalType(o.type[0]));
	else if (o.count < 2)
		return;
	else if (is_pointer(type))
		counts = is_pointer(o.type[0]) != is_pointer(o.type[1]);
	else
		counts = is_pointer(o.type[0]) && is_pointer(o.type[1]) &&
			 clang_getCanonicalType(type).kind == CXType_Long;
	if (!counts)
		return;
	type = clang_getCanonicalType(is_pointer(o.type[0]) ? o.type[0] : o.type[1]);
	use_record_once(uses, cursor, clang_getPointeeType(type));
}

static void use_reference(struct uses *uses, CXCursor cursor)
{
	CXCursor to = clang_getCursorReferenced(cursor), definition;
	bool in_header = uses->in_header;
	enum CXCursorKind kind = clang_getCursorKind(to);
	char *tag;

	if (kind == CXCursor_EnumConstantDecl && is_kernels(to) && set_add(&uses->seen, to)) {
		tag = place_string(clang_getCursorSpelling(clang_getCursorSemanticParent(to)));
		add_use(uses, cursor, IMAGE_USE_ENUMERATOR,
			place_string(clang_getCursorSpelling(to)), strchr(tag, '(') ? "" : tag, 0);
	} else if (kind == CXCursor_FunctionDecl) {
		definition = clang_getCursorDefinition(to);
		if (clang_Cursor_isNull(definition) ||
		    place_is_users(clang_getCursorLocation(definition)) ||
		    !set_add(&uses->seen, definition))
			return;
		if (!in_header)
			uses->caller = cursor;
		uses->in_header = true;
		uses_of(uses, definition);
		uses->in_header = in_header;
	}
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData data);

/* (x).member is x.member, and &(x) is &x. */
static enum CXChildVisitResult visit_inner(struct uses *uses, CXCursor cursor)
{
	uses->inner = true;
	clang_visitChildren(cursor, visit, uses);
	uses->inner = false;
	return CXChildVisit_Continue;
}

/* An expression that is a struct: it is copied, or its sizeof is taken, unless it only leads on to
   a member or its address. */
static void use_value(struct uses *uses, CXCursor cursor, CXCursor parent, bool inner)
{
	enum CXCursorKind above = clang_getCursorKind(parent);

	if (!inner && above != CXCursor_MemberRefExpr && above != CXCursor_UnaryOperator)
		use_record_once(uses, cursor, clang_getCursorType(cursor));
}

/* sizeof(struct x); of a pointer to it the struct's size is no matter. */
static void use_sizeof(struct uses *uses, CXCursor named, CXCursor parent)
{
	CXType type = clang_getCursorType(clang_getCursorReferenced(named));
	CXEvalResult result;
	bool is_pointers;

	if (clang_getCursorKind(parent) != CXCursor_UnaryExpr)
		return;
	result = clang_Cursor_Evaluate(parent);
	is_pointers = result && clang_EvalResult_getKind(result) == CXEval_Int &&
		      clang_EvalResult_getAsLongLong(result) == sizeof(void *) &&
		      clang_Type_getSizeOf(type) != sizeof(void *);
	clang_EvalResult_dispose(result);
	if (!is_pointers)
		use_record_once(uses, named, type);
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
	enum CXCursorKind kind = clang_getCursorKind(cursor);
	struct uses *uses = data;
	bool inner = uses->inner;
	CXCursor field;

	if (kind == CXCursor_UnexposedExpr || kind == CXCursor_ParenExpr) {
		if (inner || clang_getCursorKind(parent) == CXCursor_MemberRefExpr ||
		    clang_getCursorKind(parent) == CXCursor_UnaryOperator)
			return visit_inner(uses, cursor);
		return CXChildVisit_Recurse;
	}
	uses->inner = false;
	switch (kind) {
	case CXCursor_MemberRefExpr:
	case CXCursor_MemberRef:
		field = clang_getCursorReferenced(cursor);
		if (clang_getCursorKind(field) == CXCursor_FieldDecl && set_add(&uses->seen, field))
			use_member(uses, cursor, field);
		break;
	case CXCursor_DeclRefExpr:
		use_reference(uses, cursor);
		break;
	case CXCursor_TypeRef:
		use_sizeof(uses, cursor, parent);
		break;
	case CXCursor_ArraySubscriptExpr:
		use_record_once(uses, cursor, clang_getCursorType(cursor));
		break;
	case CXCursor_BinaryOperator:
	case CXCursor_CompoundAssignOperator:
	case CXCursor_UnaryOperator:
		use_arithmetic(uses, cursor, kind);
		break;
	case CXCursor_InitListExpr:
	case CXCursor_FieldDecl:
		uses_whole(uses, cursor, clang_getCursorType(cursor));
		break;
	default:
		break;
	}
	if (clang_isExpression(kind) && kind != CXCursor_InitListExpr)
		use_value(uses, cursor, parent, inner);
	return CXChildVisit_Recurse;
}

void uses_of(struct uses *uses, CXCursor declaration)
{
	uses->inner = false;
	clang_visitChildren(declaration, visit, uses);
}
