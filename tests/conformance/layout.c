/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every type of a kernel, written as C, is laid out by the compiler as BTF says.
 *
 * usage: layout [BTF [MODULE_BTF...]]
 *
 * Emits all structs, unions, enums and typedefs at once, parses them with libclang and compares
 * sizes and the offsets of all members, bit-fields included. Exit status 1 if one differs.
 */
#include <clang-c/Index.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cc/headers_cut.h"

struct layout {
	struct headers_btf btf;
	struct words words;
	struct cut cut;
	unsigned structs, fields, wrong;
};

/* The struct that is being visited, and how many of its members have been seen. */
struct visit {
	struct layout *layout;
	const char *name;
	uint32_t id;
	uint32_t next;
};

static void want_all(struct layout *l)
{
	l->cut = (struct cut){.btf = &l->btf,
			      .words = &l->words,
			      .state = cc_alloc(l->btf.count),
			      .align = cc_alloc(l->btf.count),
			      .types = cc_alloc(l->btf.count * sizeof(uint32_t))};
	for (uint32_t id = 1; id < l->btf.count; id++) {
		const struct btf_type *type = btf_at(&l->btf, id);

		if (!btf_is_composite(type) && !btf_is_enum(type) &&
		    btf_kind(type) != BTF_KIND_TYPEDEF)
			continue;
		if (btf_is_composite(type) && !*btf_name(&l->btf, id))
			continue;
		l->cut.state[id] = CUT_WANTED | CUT_FULL;
		l->cut.types[l->cut.type_count++] = id;
	}
}

/* A type that shares its name with another has its id behind it: "name___123". */
static uint32_t find_type(const struct layout *l, const char *name)
{
	const char *suffix = strstr(name, "___");
	uint32_t id = btf_find_tag(&l->btf, name, strlen(name));

	while (!id && suffix) {
		char *end;
		unsigned long number = strtoul(suffix + 3, &end, 10);

		if (!*end && end > suffix + 3)
			id = (uint32_t)number;
		suffix = strstr(suffix + 3, "___");
	}
	return id;
}

static bool is_padding(CXCursor cursor, const char *name)
{
	return (!*name && clang_Cursor_isBitField(cursor)) || !strncmp(name, "__gap", 5) ||
	       !strcmp(name, "__size");
}

static enum CXChildVisitResult visit_field(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct visit *v = data;
	struct layout *l = v->layout;
	CXString spelling = clang_getCursorSpelling(cursor);
	const char *name = clang_getCString(spelling);
	uint32_t count = btf_vlen(btf_at(&l->btf, v->id));
	long long offset = clang_Cursor_getOffsetOfField(cursor);
	struct btf_field field = {.name = "", .bit_offset = 0};

	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_FieldDecl || is_padding(cursor, name))
		goto out;
	while (v->next < count && !*field.name)
		field = btf_field_at(&l->btf, v->id, v->next++);
	l->fields++;
	if (strcmp(field.name, name) || (uint64_t)offset != field.bit_offset) {
		printf("%s.%s is at bit %lld, in BTF %s is at %" PRIu64 "\n", v->name, name, offset,
		       field.name, field.bit_offset);
		l->wrong++;
	}
out:
	clang_disposeString(spelling);
	return CXChildVisit_Continue;
}

static enum CXChildVisitResult visit_struct(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct layout *l = data;
	enum CXCursorKind kind = clang_getCursorKind(cursor);
	CXString spelling = clang_getCursorSpelling(cursor);
	const char *name = clang_getCString(spelling);
	struct visit visit = {.layout = l, .name = name};
	long long size;

	(void)parent;
	if ((kind != CXCursor_StructDecl && kind != CXCursor_UnionDecl) ||
	    !clang_isCursorDefinition(cursor))
		goto out;
	visit.id = find_type(l, name);
	if (!visit.id) /* the body of a typedef */
		goto out;
	size = clang_Type_getSizeOf(clang_getCursorType(cursor));
	l->structs++;
	if (size != (long long)btf_at(&l->btf, visit.id)->size) {
		printf("%s has %lld bytes, in BTF %u\n", name, size,
		       btf_at(&l->btf, visit.id)->size);
		l->wrong++;
	}
	clang_visitChildren(cursor, visit_field, &visit);
out:
	clang_disposeString(spelling);
	return CXChildVisit_Continue;
}

static unsigned print_errors(CXTranslationUnit unit)
{
	unsigned errors = 0;

	for (unsigned i = 0; i < clang_getNumDiagnostics(unit); i++) {
		CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
		CXString text =
			clang_formatDiagnostic(diagnostic, clang_defaultDiagnosticDisplayOptions());

		if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
			puts(clang_getCString(text));
			errors++;
		}
		clang_disposeString(text);
		clang_disposeDiagnostic(diagnostic);
	}
	return errors;
}

static int parse(struct layout *l, const struct text *text)
{
	static const char *const flags[] = {"-x", "c", "-ferror-limit=20"};
	struct CXUnsavedFile file = {"types.h", text->data, text->size};
	CXIndex index = clang_createIndex(0, 0);
	CXTranslationUnit unit =
		clang_parseTranslationUnit(index, "types.h", flags, 3, &file, 1, 0);

	if (!unit)
		return -1;
	l->wrong += print_errors(unit);
	clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_struct, l);
	clang_disposeTranslationUnit(unit);
	clang_disposeIndex(index);
	return 0;
}

static bool add_files(struct layout *l, char **paths)
{
	static char *kernel[] = {"/sys/kernel/btf/vmlinux", NULL};
	const char *why;

	for (paths = *paths ? paths : kernel; *paths; paths++) {
		int err = btf_add_file(&l->btf, *paths, &why);

		if (err) {
			printf("%s: %s\n", *paths, why ? why : strerror(-err));
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct layout layout;
	struct text text = {0};

	(void)argc;
	if (!add_files(&layout, argv + 1))
		return 2;
	want_all(&layout);
	emit_types(&layout.cut, &text);
	if (parse(&layout, &text))
		return 2;
	printf("%u structs and unions with %u members: %u differ\n", layout.structs, layout.fields,
	       layout.wrong);
	return layout.wrong ? 1 : 0;
}
