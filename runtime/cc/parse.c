/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a program with libclang; see parse.h. */
#include <clang-c/Index.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "exported.h"
#include "parse.h"
#include "parse_diags.h"
#include "place.h"
#include "prelude.h"
#include "ring_query.h"
#include "slots.h"
#include "text.h"
#include "types.h"
#include "usdt.h"
#include "uses.h"
#include "vfs.h"

/* One walk through the tree. */
struct walk {
	const struct source *source;
	struct diag_list *diags;
	struct parsed *parsed;
	struct types types;
	struct uses uses;
	/* Something spanned lines since the last offset in parsed->resync. */
	bool moved;
};

struct parse_table *parse_find_table(struct parsed *parsed, const char *name)
{
	size_t i;

	for (i = 0; i < parsed->table_count; i++)
		if (!strcmp(parsed->tables[i].name, name))
			return &parsed->tables[i];
	return NULL;
}

const struct parse_function *parse_find_function(const struct parsed *parsed, const char *name)
{
	size_t i;

	for (i = 0; i < parsed->function_count; i++)
		if (!strcmp(parsed->functions[i].name, name))
			return &parsed->functions[i];
	return NULL;
}

/* ---- Tables ---- */

static enum CXChildVisitResult find_annotation(CXCursor cursor, CXCursor parent, CXClientData data)
{
	char **kind = data, *word;

	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr)
		return CXChildVisit_Continue;
	word = place_string(clang_getCursorSpelling(cursor));
	if (strncmp(word, "maps/", 5))
		return CXChildVisit_Continue;
	word += 5;
	/* "hash:/sys/fs/bpf/x" is pinned there, "hash_of_maps$inner" holds maps like that. */
	word[strcspn(word, ":$")] = 0;
	*kind = word;
	return CXChildVisit_Break;
}

struct table_fields {
	struct types *types;
	struct parse_table *table;
};

/* What libbcc's macros give tables of stacks as their value. */
static bool names_stacks(CXType type)
{
	const char *name = place_string(clang_getTypeSpelling(type));

	return !strcmp(name, "struct bpf_stacktrace") ||
	       !strcmp(name, "struct bpf_stacktrace_buildid");
}

static enum CXVisitorResult add_table_field(CXCursor field, CXClientData data)
{
	struct table_fields *fields = data;
	char *name = place_string(clang_getCursorSpelling(field));
	CXType type = clang_getCursorType(field);

	if (!strcmp(name, "key"))
		fields->table->key_type = types_add(fields->types, type) + 1;
	if (strcmp(name, "leaf"))
		return CXVisit_Continue;
	fields->table->value_type = types_add(fields->types, type) + 1;
	fields->table->has_stacks = names_stacks(type);
	return CXVisit_Continue;
}

static void add_variable(struct walk *walk, CXCursor cursor)
{
	struct parsed *parsed = walk->parsed;
	struct parse_table table = {0};
	struct table_fields fields = {&walk->types, &table};
	struct place place;

	clang_visitChildren(cursor, find_annotation, &table.kind);
	if (!table.kind || !strcmp(table.kind, "export") || !strcmp(table.kind, "shared"))
		return;
	place = place_of(walk->source, clang_getCursorLocation(cursor));
	table.name = place_string(clang_getCursorSpelling(cursor));
	table.file = place.file;
	table.line = place.line;
	table.is_main = place.is_main;
	table.offset = place.offset;
	clang_Type_visitFields(clang_getCanonicalType(clang_getCursorType(cursor)), add_table_field,
			       &fields);
	parsed->tables = cc_grow(parsed->tables, parsed->table_count, sizeof(*parsed->tables));
	parsed->tables[parsed->table_count++] = table;
}

/* ---- Functions ---- */

/* A statement that begins its line: there the line can be stated anew. */
static void note_statement(struct walk *walk, CXCursor statement)
{
	struct parsed *parsed = walk->parsed;
	struct place start =
		place_of(walk->source, clang_getRangeStart(clang_getCursorExtent(statement)));
	size_t line_start;

	if (!start.is_main || start.from_macro)
		return;
	line_start = walk->source->lines[start.line - 1];
	if (line_start + strspn(walk->source->text + line_start, " \t") != start.offset)
		return;
	parsed->resync = cc_grow(parsed->resync, parsed->resync_count, sizeof(size_t));
	parsed->resync[parsed->resync_count++] = start.offset;
	walk->moved = false;
}

static bool spans_lines(const struct walk *walk, CXCursor cursor)
{
	CXSourceRange range = clang_getCursorExtent(cursor);

	return place_of(walk->source, clang_getRangeStart(range)).line !=
	       place_of(walk->source, clang_getRangeEnd(range)).line;
}

static void note(struct walk *walk, CXCursor cursor)
{
	slots_from(cursor, walk->parsed);
	if (clang_getCursorKind(cursor) != CXCursor_CallExpr)
		return;
	event_from_call(cursor, walk->source, &walk->types, &walk->uses, walk->parsed, walk->diags);
	ring_query_from_call(cursor, walk->source, walk->parsed);
	usdt_from_call(cursor, walk->source,
		       walk->parsed->functions[walk->parsed->function_count - 1].name,
		       &walk->parsed->usdt, walk->diags);
}

static enum CXChildVisitResult visit_calls(CXCursor cursor, CXCursor parent, CXClientData data)
{
	(void)parent;
	note(data, cursor);
	return CXChildVisit_Recurse;
}

static enum CXChildVisitResult visit_body(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct walk *walk = data;

	if (walk->moved && clang_getCursorKind(parent) == CXCursor_CompoundStmt)
		note_statement(walk, cursor);
	note(walk, cursor);
	if (walk->moved || !clang_isExpression(clang_getCursorKind(cursor)))
		return CXChildVisit_Recurse;
	walk->moved = spans_lines(walk, cursor);
	if (walk->moved)
		return CXChildVisit_Recurse;
	/* No part of it spans lines either. Extents of nested expressions take long to find. */
	clang_visitChildren(cursor, visit_calls, walk);
	return CXChildVisit_Continue;
}

static enum CXChildVisitResult find_body(CXCursor cursor, CXCursor parent, CXClientData data)
{
	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_CompoundStmt)
		return CXChildVisit_Continue;
	*(CXCursor *)data = cursor;
	return CXChildVisit_Break;
}

static char *context_of(CXCursor function)
{
	CXType type;
	char *name;

	if (clang_Cursor_getNumArguments(function) < 1)
		return "";
	type = clang_getCanonicalType(clang_getCursorType(clang_Cursor_getArgument(function, 0)));
	if (type.kind == CXType_Pointer)
		type = clang_getPointeeType(type);
	name = place_string(clang_getTypeSpelling(type));
	while (!strncmp(name, "const ", 6) || !strncmp(name, "volatile ", 9))
		name = strchr(name, ' ') + 1;
	return name;
}

/* An attribute of the user's between the definition's start and its body. */
static bool names_section(const struct source *source, const struct parse_function *function)
{
	const char *at = source->text + function->start;
	const char *end = source->text + function->brace;

	for (; function->brace != PARSE_NOWHERE && at + 7 <= end; at++)
		if (!strncmp(at, "section", 7))
			return true;
	return false;
}

static enum CXChildVisitResult add_target(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct parse_function *function = data;
	size_t size = strlen(FLAGS_TARGET);
	char *word;

	(void)parent;
	if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr)
		return CXChildVisit_Continue;
	word = place_string(clang_getCursorSpelling(cursor));
	if (strncmp(word, FLAGS_TARGET, size))
		return CXChildVisit_Continue;
	function->targets =
		cc_grow(function->targets, function->target_count, sizeof(*function->targets));
	function->targets[function->target_count++] = word + size;
	return CXChildVisit_Continue;
}

static void check_targets(struct walk *walk, const struct parse_function *function)
{
	if (function->target_count && !function->external)
		diag_error(walk->diags, walk->source->name, function->line, function->column,
			   "Leave out static: a function to attach is not static.",
			   "HOTPROBE() names a target for %s, which is static", function->name);
}

/* What is written as the traced function's first argument is taken for the context. */
static void check_context(struct walk *walk, const struct parse_function *function, CXCursor cursor)
{
	CXCursor first;
	CXType type;

	if (!function->external || !function->parameters)
		return;
	first = clang_Cursor_getArgument(cursor, 0);
	type = clang_getCanonicalType(clang_getCursorType(first));
	if (type.kind == CXType_Pointer || type.kind == CXType_Invalid)
		return;
	diag_add(walk->diags, HOTPROBE_WARNING, walk->source->name, function->line,
		 function->column,
		 cc_printf("the first parameter of %s is its context, a pointer, and not %s",
			   function->name, place_string(clang_getTypeSpelling(type))),
		 "Write struct pt_regs *ctx first; the traced function's arguments follow it.");
}

static void add_function(struct walk *walk, CXCursor cursor)
{
	struct parsed *parsed = walk->parsed;
	struct place place = place_of(walk->source, clang_getCursorLocation(cursor));
	struct place start =
		place_of(walk->source, clang_getRangeStart(clang_getCursorExtent(cursor)));
	struct parse_function function = {
		.name = place_string(clang_getCursorSpelling(cursor)),
		.context = context_of(cursor),
		.line = place.line,
		.column = place.column,
		.start = start.offset,
		.brace = PARSE_NOWHERE,
		.parameters = clang_Cursor_getNumArguments(cursor),
		.external = clang_getCursorLinkage(cursor) == CXLinkage_External,
	};
	CXCursor body = clang_getNullCursor();

	/* Its name is not where it is: extents do not tell that. */
	function.from_macro = strncmp(walk->source->text + place.offset, function.name,
				      strlen(function.name)) != 0;
	clang_visitChildren(cursor, find_body, &body);
	if (clang_Cursor_isNull(body))
		return;
	clang_visitChildren(cursor, add_target, &function);
	check_targets(walk, &function);
	check_context(walk, &function, cursor);
	place = place_of(walk->source, clang_getRangeStart(clang_getCursorExtent(body)));
	if (place.is_main && !place.from_macro && walk->source->text[place.offset] == '{')
		function.brace = place.offset;
	function.has_section = names_section(walk->source, &function);
	parsed->functions =
		cc_grow(parsed->functions, parsed->function_count, sizeof(*parsed->functions));
	parsed->functions[parsed->function_count++] = function;
	walk->moved = false;
	clang_visitChildren(body, visit_body, walk);
}

static enum CXChildVisitResult visit_top(CXCursor cursor, CXCursor parent, CXClientData data)
{
	struct walk *walk = data;
	enum CXCursorKind kind = clang_getCursorKind(cursor);

	(void)parent;
	if (!place_is_users(clang_getCursorLocation(cursor)))
		return CXChildVisit_Continue;
	uses_of(&walk->uses, cursor);
	if (kind == CXCursor_VarDecl)
		add_variable(walk, cursor);
	else if (kind == CXCursor_FunctionDecl && clang_isCursorDefinition(cursor) &&
		 place_of(walk->source, clang_getCursorLocation(cursor)).is_main)
		add_function(walk, cursor);
	return CXChildVisit_Continue;
}

/* ---- The parse ---- */

static size_t unsaved_files(const struct source *source, struct CXUnsavedFile *unsaved)
{
	struct exported_file files[EXPORTED_MAX];
	size_t i, count = exported_files(files);
	const char *text;

	for (i = 0; i < count; i++) {
		text = *files[i].text;
		if (!strcmp(files[i].path, EXPORTED_DIR "helpers.h"))
			text = prelude_annotate(text);
		unsaved[i] = (struct CXUnsavedFile){files[i].path, text, strlen(text)};
	}
	unsaved[count++] = (struct CXUnsavedFile){SOURCE_PATH, source->text, source->size};
	return count;
}

int parse_source(const struct source *source, const struct flags *user, const struct arch *arch,
		 struct image_writer *w, struct diag_list *diags, struct parsed *parsed)
{
	struct CXUnsavedFile unsaved[EXPORTED_MAX + 1];
	struct walk walk = {.source = source,
			    .diags = diags,
			    .parsed = parsed,
			    .types = {.w = w},
			    .uses = {.w = w, .source = source}};
	struct flags flags = flags_for_parse(user, arch);
	size_t count = unsaved_files(source, unsaved);
	CXTranslationUnit unit;
	CXIndex index;

	memset(parsed, 0, sizeof(*parsed));
	if (count == 1)
		return -1;
	/* Parse in this thread, whose stack is larger than that of one of libclang's. */
	setenv("LIBCLANG_NOTHREADS", "1", 1);
	index = clang_createIndex(0, 0);
	if (clang_parseTranslationUnit2(index, SOURCE_PATH, flags.argv, (int)flags.count, unsaved,
					(unsigned)count, CXTranslationUnit_KeepGoing, &unit))
		return -1;
	clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_top, &walk);
	parse_diags(unit, source, diags);
	/* The process ends soon: giving the tree back would only take time. */
	return 0;
}
