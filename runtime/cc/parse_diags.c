/* SPDX-License-Identifier: Apache-2.0 */
/* libclang's diagnostics, put in terms of the user's own files. */
#include <string.h>

#include "parse_diags.h"
#include "place.h"
#include "text.h"
#include "vfs.h"

static enum hotprobe_severity severity_of(CXDiagnostic diagnostic)
{
	switch (clang_getDiagnosticSeverity(diagnostic)) {
	case CXDiagnostic_Error:
	case CXDiagnostic_Fatal:
		return HOTPROBE_ERROR;
	case CXDiagnostic_Warning:
		return HOTPROBE_WARNING;
	default:
		return HOTPROBE_NOTE;
	}
}

/* A place of the user's among the notes: where the macro that went wrong is used, for one. */
static struct place place_from_notes(CXDiagnosticSet notes, const struct source *source)
{
	struct place place = {.file = ""};
	unsigned i;

	for (i = 0; i < clang_getNumDiagnosticsInSet(notes) && !place.line; i++)
		place = place_of(source,
				 clang_getDiagnosticLocation(clang_getDiagnosticInSet(notes, i)));
	return place;
}

/* Where in the generated headers it is: of use only beside a place of the user's. */
static char *tree_text(CXDiagnostic diagnostic, const char *text)
{
	unsigned line;
	CXFile file;

	clang_getExpansionLocation(clang_getDiagnosticLocation(diagnostic), &file, &line, NULL,
				   NULL);
	if (!file)
		return cc_strdup(text);
	return cc_printf("%s (line %u of %s, which comes before the source)", text, line,
			 place_string(clang_getFileName(file)));
}

/* BCC's macros make a struct NAME_table_t for each table. */
static char *in_users_words(char *text)
{
	static const char start[] = "redefinition of '", end[] = "_table_t'";
	size_t size = strlen(text), start_size = strlen(start), end_size = strlen(end);

	if (size <= start_size + end_size || strncmp(text, start, start_size) ||
	    strcmp(text + size - end_size, end))
		return text;
	return cc_printf("redefinition of table '%.*s'", (int)(size - start_size - end_size),
			 text + start_size);
}

/* Of a table that is declared twice or in a function, which is an error already. */
static bool is_said_already(const char *text)
{
	return !strncmp(text, "section does not match", 22) ||
	       !strncmp(text, "'used' attribute only applies", 29);
}

/* Clang only warns of log2(x), but cannot make code of it, and may come to grief. */
static bool needs_floating_point(const char *text)
{
	return !strncmp(text, "implicitly declaring library function", 37) &&
	       (strstr(text, "double") || strstr(text, "float"));
}

static void add_diagnostic(CXDiagnostic diagnostic, const struct source *source,
			   struct diag_list *diags)
{
	CXDiagnosticSet notes = clang_getChildDiagnostics(diagnostic);
	struct place place = place_of(source, clang_getDiagnosticLocation(diagnostic));
	enum hotprobe_severity severity = severity_of(diagnostic);
	char *text = in_users_words(place_string(clang_getDiagnosticSpelling(diagnostic)));
	CXDiagnostic note;
	unsigned i;

	if (!place.line && severity != HOTPROBE_ERROR)
		return;
	if (is_said_already(text))
		return;
	if (needs_floating_point(text))
		severity = HOTPROBE_ERROR;
	if (!place.line) {
		place = place_from_notes(notes, source);
		if (!place.line)
			text = tree_text(diagnostic, text);
	}
	diag_add(diags, severity, place.file, place.line, place.column, text, NULL);
	for (i = 0; i < clang_getNumDiagnosticsInSet(notes); i++) {
		note = clang_getDiagnosticInSet(notes, i);
		place = place_of(source, clang_getDiagnosticLocation(note));
		text = place_string(clang_getDiagnosticSpelling(note));
		if (place.line && strncmp(text, "expanded from", 13) &&
		    strncmp(text, "include the header <", 20))
			diag_add(diags, HOTPROBE_NOTE, place.file, place.line, place.column, text,
				 NULL);
	}
}

/* ---- Headers that no one has ---- */

struct include_walk {
	const struct source *source;
	struct diag_list *diags;
};

/* The top directories of the kernel's headers, and headers that BTF stands in for. */
static bool is_kernel_header(const char *name)
{
	static const char *const known[] = {
		"acpi/",    "asm/",	    "asm-generic/", "bcc/",	"bpf/",	     "crypto/",
		"drm/",	    "dt-bindings/", "generated/",   "keys/",	"kunit/",    "kvm/",
		"linux/",   "math-emu/",    "media/",	    "memory/",	"misc/",     "net/",
		"pcmcia/",  "ras/",	    "rdma/",	    "rv/",	"scsi/",     "soc/",
		"sound/",   "target/",	    "trace/",	    "uapi/",	"ufs/",	     "vdso/",
		"video/",   "xen/",	    "vmlinux.h",    "stdarg.h", "stdbool.h", "stddef.h",
		"stdint.h",
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strncmp(name, known[i], strlen(known[i])))
			return true;
	return false;
}

/* What an #include at offset names, with its quotes or brackets; NULL if it is no plain name. */
static char *included_name(const struct source *source, size_t offset)
{
	const char *start = source->text + offset, *end;
	size_t size = strcspn(start, "\"<\n");

	start += size;
	if (*start != '"' && *start != '<')
		return NULL;
	end = strpbrk(start + 1, *start == '"' ? "\"\n" : ">\n");
	return end && *end != '\n' ? cc_strndup(start, (size_t)(end + 1 - start)) : NULL;
}

/* The vfs makes up an empty file for every header of the kernel's; a slip in the name of one of
   the user's own must not pass as one. */
static void check_include(CXFile included, CXSourceLocation *stack, unsigned depth,
			  CXClientData data)
{
	struct include_walk *walk = data;
	struct place place;
	char *name, *path;

	if (!depth)
		return;
	place = place_of(walk->source, stack[0]);
	path = place_string(clang_getFileName(included));
	if (!place.is_main || !vfs_is_made_up(path))
		return;
	name = included_name(walk->source, place.offset);
	if (!name || is_kernel_header(name + 1))
		return;
	name[strlen(name) - 1] = 0;
	if (name[0] == '"')
		diag_add(walk->diags, HOTPROBE_ERROR, place.file, place.line, place.column,
			 cc_printf("'%s' file not found", name + 1), NULL);
	else
		diag_add(walk->diags, HOTPROBE_WARNING, place.file, place.line, place.column,
			 cc_printf("'%s' is no header of the kernel's; it was taken as empty",
				   name + 1),
			 "BPF programs cannot use the C library; leave it out.");
}

void parse_diags(CXTranslationUnit unit, const struct source *source, struct diag_list *diags)
{
	struct include_walk includes = {.source = source, .diags = diags};
	unsigned i, count = clang_getNumDiagnostics(unit);

	clang_getInclusions(unit, check_include, &includes);
	for (i = 0; i < count; i++)
		add_diagnostic(clang_getDiagnostic(unit, i), source, diags);
}
