/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the user's files, as libclang gives them. */
#include <string.h>

#include "place.h"
#include "text.h"

char *place_string(CXString string)
{
	const char *text = clang_getCString(string);
	char *copy = cc_strdup(text ? text : "");

	clang_disposeString(string);
	return copy;
}

/* The tree is included by relative names, libbcc's own headers lie below /virtual. */
static bool is_users_file(const char *name)
{
	return name[0] == '/' && (strncmp(name, "/virtual/", 9) || !strcmp(name, SOURCE_PATH));
}

bool place_is_users(CXSourceLocation location)
{
	CXString name;
	CXFile file;
	bool is_users;

	clang_getExpansionLocation(location, &file, NULL, NULL, NULL);
	if (!file)
		return false;
	name = clang_getFileName(file);
	is_users = is_users_file(clang_getCString(name));
	clang_disposeString(name);
	return is_users;
}

struct place place_of(const struct source *source, CXSourceLocation location)
{
	unsigned line, column, offset, spelling_offset;
	struct place place = {.file = ""};
	CXFile file, spelling_file;
	char *name;

	clang_getExpansionLocation(location, &file, &line, &column, &offset);
	if (!file)
		return place;
	clang_getSpellingLocation(location, &spelling_file, NULL, NULL, &spelling_offset);
	place.from_macro = !spelling_file || !clang_File_isEqual(file, spelling_file) ||
			   offset != spelling_offset;
	name = place_string(clang_getFileName(file));
	place.is_main = !strcmp(name, SOURCE_PATH);
	if (!is_users_file(name))
		return place;
	place.file = place.is_main ? (char *)source->name : name;
	place.line = line;
	place.column = column;
	place.offset = offset;
	return place;
}
