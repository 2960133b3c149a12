/* SPDX-License-Identifier: Apache-2.0 */
/* Writes C types, as libclang knows them, into an image. */
#include <string.h>

#include "text.h"
#include "types.h"

static uint32_t add_clang_string(struct types *types, CXString string)
{
	const char *text = clang_getCString(string);
	uint32_t offset = 0;

	/* What has no name is described by its place in newer versions of clang. */
	if (text && !strchr(text, '('))
		offset = image_add_string(types->w, text);
	clang_disposeString(string);
	return offset;
}

static uint32_t declared_name(struct types *types, CXType type)
{
	return add_clang_string(types, clang_getCursorSpelling(clang_getTypeDeclaration(type)));
}

static uint32_t type_size(CXType type)
{
	long long size = clang_Type_getSizeOf(type);

	return size > 0 && size < INT32_MAX ? (uint32_t)size : 0;
}

static uint32_t add_record(struct types *types, const struct image_type *type)
{
	return image_add(types->w, IMAGE_TYPES, type, sizeof(*type), 1);
}

static bool is_signed(enum CXTypeKind kind)
{
	switch (kind) {
	case CXType_Char_S:
	case CXType_SChar:
	case CXType_Short:
	case CXType_Int:
	case CXType_Long:
	case CXType_LongLong:
	case CXType_Int128:
		return true;
	default:
		return false;
	}
}

static bool is_float(enum CXTypeKind kind)
{
	return kind == CXType_Float || kind == CXType_Double || kind == CXType_LongDouble;
}

static bool is_integer(enum CXTypeKind kind)
{
	return kind >= CXType_Bool && kind <= CXType_Int128;
}

static uint32_t builtin_name(struct types *types, CXType type)
{
	CXString spelling = clang_getTypeSpelling(clang_getCanonicalType(type));
	const char *text = clang_getCString(spelling);
	uint32_t offset;

	while (!strncmp(text, "const ", 6) || !strncmp(text, "volatile ", 9))
		text = strchr(text, ' ') + 1;
	offset = image_add_string(types->w, strcmp(text, "_Bool") ? text : "bool");
	clang_disposeString(spelling);
	return offset;
}

static uint32_t add_builtin(struct types *types, CXType type)
{
	struct image_type record = {
		.kind = is_float(type.kind) ? IMAGE_TYPE_FLOAT : IMAGE_TYPE_INT,
		.name = builtin_name(types, type),
		.size = type_size(type),
	};

	if (is_signed(type.kind))
		record.encoding |= IMAGE_INT_SIGNED;
	if (type.kind == CXType_Char_S || type.kind == CXType_Char_U)
		record.encoding |= IMAGE_INT_CHAR;
	if (type.kind == CXType_Bool)
		record.encoding |= IMAGE_INT_BOOL;
	return add_record(types, &record);
}

static uint32_t add_void(struct types *types)
{
	struct image_type record = {
		.kind = IMAGE_TYPE_VOID,
		.name = image_add_string(types->w, "void"),
	};

	return add_record(types, &record);
}

/* A struct that is only pointed to: its name is all that is known of it, which keeps cycles out. */
static uint32_t add_pointee_record(struct types *types, CXType type)
{
	CXCursor decl = clang_getTypeDeclaration(type);
	struct image_type record = {
		.kind = clang_getCursorKind(decl) == CXCursor_UnionDecl ? IMAGE_TYPE_UNION
									: IMAGE_TYPE_STRUCT,
		.name = declared_name(types, type),
	};

	return add_record(types, &record);
}

static uint32_t add_pointer(struct types *types, CXType type)
{
	CXType pointee = clang_getCanonicalType(clang_getPointeeType(type));
	struct image_type record = {
		.kind = IMAGE_TYPE_POINTER,
		.size = type_size(type),
	};

	if (is_integer(pointee.kind) || is_float(pointee.kind))
		record.ref = types_add(types, pointee);
	else if (pointee.kind == CXType_Record)
		record.ref = add_pointee_record(types, pointee);
	else
		record.ref = add_void(types);
	return add_record(types, &record);
}

static uint32_t add_array(struct types *types, CXType type)
{
	long long count = clang_getArraySize(type);
	struct image_type record = {
		.kind = IMAGE_TYPE_ARRAY,
		.size = type_size(type),
		.ref = types_add(types, clang_getArrayElementType(type)),
		.count = count > 0 && count < INT32_MAX ? (uint32_t)count : 0,
	};

	return add_record(types, &record);
}

struct member_list {
	struct types *types;
	struct image_member *items;
	size_t count;
};

static enum CXVisitorResult add_member(CXCursor field, CXClientData data)
{
	struct member_list *list = data;
	int bits = clang_getFieldDeclBitWidth(field);
	long long offset = clang_Cursor_getOffsetOfField(field);
	struct image_member member = {
		.type = types_add(list->types, clang_getCursorType(field)),
		.name = add_clang_string(list->types, clang_getCursorSpelling(field)),
		.bit_offset = offset > 0 ? (uint32_t)offset : 0,
		.bit_size = bits > 0 ? (uint32_t)bits : 0,
	};

	/* A bit-field without a name is padding. */
	if (bits >= 0 && !member.name)
		return CXVisit_Continue;
	list->items = cc_grow(list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = member;
	return CXVisit_Continue;
}

static uint32_t add_struct(struct types *types, CXType type)
{
	CXCursor decl = clang_getTypeDeclaration(type);
	struct member_list members = {.types = types};
	struct image_type record = {
		.kind = clang_getCursorKind(decl) == CXCursor_UnionDecl ? IMAGE_TYPE_UNION
									: IMAGE_TYPE_STRUCT,
		.name = declared_name(types, type),
		.size = type_size(type),
	};

	clang_Type_visitFields(type, add_member, &members);
	record.count = (uint32_t)members.count;
	record.first = image_add(types->w, IMAGE_MEMBERS, members.items, sizeof(*members.items),
				 members.count);
	return add_record(types, &record);
}

struct enumerator_list {
	struct types *types;
	bool is_signed;
	uint32_t first, count;
};

static enum CXChildVisitResult add_enumerator(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct enumerator_list *list = data;
	struct image_enumerator enumerator = {0};
	uint32_t index;

	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_EnumConstantDecl)
		return CXChildVisit_Continue;
	enumerator.name = add_clang_string(list->types, clang_getCursorSpelling(cursor));
	enumerator.value = list->is_signed ? (uint64_t)clang_getEnumConstantDeclValue(cursor)
					   : clang_getEnumConstantDeclUnsignedValue(cursor);
	index = image_add(list->types->w, IMAGE_ENUMERATORS, &enumerator, sizeof(enumerator), 1);
	if (!list->count++)
		list->first = index;
	return CXChildVisit_Continue;
}

static uint32_t add_enum(struct types *types, CXType type)
{
	CXCursor decl = clang_getTypeDeclaration(type);
	CXType integer = clang_getCanonicalType(clang_getEnumDeclIntegerType(decl));
	struct enumerator_list list = {.types = types, .is_signed = is_signed(integer.kind)};
	struct image_type record = {
		.kind = IMAGE_TYPE_ENUM,
		.name = declared_name(types, type),
		.size = type_size(type),
		.encoding = list.is_signed ? IMAGE_INT_SIGNED : 0,
	};

	clang_visitChildren(decl, add_enumerator, &list);
	record.first = list.first;
	record.count = list.count;
	return add_record(types, &record);
}

static uint32_t add_typedef(struct types *types, CXType type)
{
	CXCursor decl = clang_getTypeDeclaration(type);
	struct image_type record = {
		.kind = IMAGE_TYPE_TYPEDEF,
		.name = declared_name(types, type),
		.size = type_size(type),
		.ref = types_add(types, clang_getTypedefDeclUnderlyingType(decl)),
	};

	return add_record(types, &record);
}

/* Vectors and what else C has: their bytes. */
static uint32_t add_bytes(struct types *types, CXType type)
{
	struct image_type byte = {
		.kind = IMAGE_TYPE_INT,
		.name = image_add_string(types->w, "unsigned char"),
		.size = 1,
	};
	struct image_type record = {
		.kind = IMAGE_TYPE_ARRAY,
		.size = type_size(type),
		.count = type_size(type),
	};

	record.ref = add_record(types, &byte);
	return add_record(types, &record);
}

static uint32_t add_type(struct types *types, CXType type)
{
	CXType canonical;

	if (is_integer(type.kind) || is_float(type.kind))
		return add_builtin(types, type);
	switch (type.kind) {
	case CXType_Void:
		return add_void(types);
	case CXType_Pointer:
		return add_pointer(types, type);
	case CXType_ConstantArray:
	case CXType_IncompleteArray:
		return add_array(types, type);
	case CXType_Record:
		return add_struct(types, type);
	case CXType_Enum:
		return add_enum(types, type);
	case CXType_Typedef:
		return add_typedef(types, type);
	case CXType_Elaborated:
		return types_add(types, clang_Type_getNamedType(type));
	case CXType_Attributed:
		return types_add(types, clang_Type_getModifiedType(type));
	default:
		canonical = clang_getCanonicalType(type);
		if (clang_equalTypes(canonical, type))
			return add_bytes(types, type);
		return types_add(types, canonical);
	}
}

uint32_t types_add(struct types *types, CXType type)
{
	uint32_t index;
	size_t i;

	for (i = 0; i < types->seen_count; i++)
		if (clang_equalTypes(types->seen[i].type, type))
			return types->seen[i].index;
	index = add_type(types, type);
	types->seen = cc_grow(types->seen, types->seen_count, sizeof(*types->seen));
	types->seen[types->seen_count++] = (struct types_seen){.type = type, .index = index};
	return index;
}
