/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a skeleton's event struct. */
#include <stdio.h>
#include <string.h>

#include "skeleton.h"

enum {
	EVENT_SIZE = 400, /* of the 512 bytes that a program's stack has */
	HEAD_SIZE = 40,	  /* pid, comm, result, time */
	TEXT_MIN = 16,
	TEXT_MAX = 128,
	ARRAY_SIZE_MAX = 64,
	LINE_MAX = 92,
};

/* ---- Names ------------------------------------------------------------------------------------
 */

/* What the skeleton declares itself, what the language has, and what its macros would replace. */
static bool is_taken(const char *name)
{
	static const char *const taken[] = {
		"pid",	  "comm",     "ret",	"delta_ns", "start_ns", "ctx",	   "event",
		"events", "calls",    "call",	"id",	    "args",	"auto",	   "break",
		"case",	  "char",     "const",	"continue", "default",	"do",	   "double",
		"else",	  "enum",     "extern", "float",    "for",	"goto",	   "if",
		"inline", "int",      "long",	"register", "restrict", "return",  "short",
		"signed", "sizeof",   "static", "struct",   "switch",	"typedef", "typeof",
		"union",  "unsigned", "void",	"volatile", "while",	"asm",	   "bool",
		"true",	  "false",    "u8",	"u16",	    "u32",	"u64",	   "s8",
		"s16",	  "s32",      "s64",	"current",  "NULL",	"linux",   "unix",
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(taken[i], name))
			return true;
	return false;
}

static void choose_name(struct member *m, size_t index)
{
	const char *name = m->arg->name;

	if (!*name)
		snprintf(m->name, sizeof(m->name), "arg%zu", index + 1);
	else
		snprintf(m->name, sizeof(m->name), "%s%.64s", is_taken(name) ? "arg_" : "", name);
}

/* ---- Types ------------------------------------------------------------------------------------
 */

const char *integer_type(size_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? "s8" : "u8";
	case 2:
		return is_signed ? "s16" : "u16";
	case 4:
		return is_signed ? "int" : "u32";
	default:
		return is_signed ? "s64" : "u64";
	}
}

static void set_type(struct member *m, const char *type, size_t count, size_t size,
		     enum member_read read)
{
	snprintf(m->type, sizeof(m->type), "%s", type);
	m->count = count;
	m->size = size;
	m->read = read;
}

/* Does the argument say how many bytes there are at the one before it? */
static bool is_length(const struct hotprobe_arg *arg)
{
	static const char *const names[] = {"count", "size", "len", "length", "bufsiz", "nbytes"};
	size_t length = strlen(arg->name);

	if (arg->kind != HOTPROBE_INT)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t end = strlen(names[i]);

		if (length >= end && !strcmp(arg->name + length - end, names[i]))
			return true;
	}
	return false;
}

/* What a char pointer is worth: text, a buffer, or no more than an address. Its size is set once
   all are known. */
static void choose_text(struct member *m, const struct hotprobe_arg *next, enum member_read text,
			bool at_return)
{
	bool has_length = next && is_length(next);

	if (m->arg->is_user)
		text = READ_USER_TEXT;
	if (!has_length)
		set_type(m, "char", 1, 0, text);
	else if (m->arg->is_user && m->arg->is_const)
		set_type(m, "char", 1, 0, READ_BUFFER);
	else if (m->arg->is_user && at_return)
		set_type(m, "char", 1, 0, READ_RESULT);
	else
		set_type(m, "u64", 0, 8, READ_POINTER);
}

static bool is_relative(const struct hotprobe_arg *arg)
{
	return strstr(arg->declaration, "__rel_loc") != NULL;
}

static void choose_array(struct member *m)
{
	const struct hotprobe_arg *arg = m->arg;
	size_t element = arg->count ? arg->size / arg->count : 1;
	size_t count = arg->count;
	const char *type = integer_type(element, arg->is_signed);

	if (arg->is_dynamic) {
		set_type(m, "u32", 0, 4, is_relative(arg) ? READ_REL_LENGTH : READ_LENGTH);
		strncat(m->name, "_bytes", sizeof(m->name) - strlen(m->name) - 1);
		return;
	}
	/* Structs and the like as their bytes. */
	if (!count || arg->of == HOTPROBE_STRUCT || arg->of == HOTPROBE_UNION ||
	    (element != 1 && element != 2 && element != 4 && element != 8)) {
		type = "u8";
		element = 1;
		count = arg->size;
	}
	if (count * element > ARRAY_SIZE_MAX)
		count = ARRAY_SIZE_MAX / element;
	set_type(m, type, count, count * element, READ_BYTES);
}

static void choose_string(struct member *m)
{
	if (m->arg->is_dynamic)
		set_type(m, "char", 1, 0, is_relative(m->arg) ? READ_REL_LOC : READ_DATA_LOC);
	else
		set_type(m, "char", m->arg->size < ARRAY_SIZE_MAX ? m->arg->size : ARRAY_SIZE_MAX,
			 m->arg->size < ARRAY_SIZE_MAX ? m->arg->size : ARRAY_SIZE_MAX,
			 READ_KERNEL_TEXT);
}

static bool choose_type(struct member *m, const struct hotprobe_arg *next, enum member_read text,
			bool at_return)
{
	const struct hotprobe_arg *arg = m->arg;
	char type[80];

	switch (arg->kind) {
	case HOTPROBE_INT:
		set_type(m, integer_type(arg->size, arg->is_signed), 0, arg->size, READ_COPY);
		return arg->size && arg->size <= 8;
	case HOTPROBE_BOOL:
		set_type(m, "bool", 0, 1, READ_COPY);
		return true;
	case HOTPROBE_CHAR:
		set_type(m, "char", 0, 1, READ_COPY);
		return true;
	case HOTPROBE_ENUM:
		snprintf(type, sizeof(type), "enum %.70s", arg->tag);
		set_type(m, *arg->tag ? type : integer_type(arg->size, true), 0, arg->size,
			 READ_COPY);
		return true;
	case HOTPROBE_POINTER:
		if (arg->of == HOTPROBE_CHAR)
			choose_text(m, next, text, at_return);
		else
			set_type(m, "u64", 0, 8, READ_POINTER);
		return true;
	case HOTPROBE_STRING:
		choose_string(m);
		return true;
	case HOTPROBE_ARRAY:
		choose_array(m);
		return true;
	case HOTPROBE_STRUCT:
	case HOTPROBE_UNION:
		set_type(m, "u8", arg->size < ARRAY_SIZE_MAX ? arg->size : ARRAY_SIZE_MAX,
			 arg->size < ARRAY_SIZE_MAX ? arg->size : ARRAY_SIZE_MAX, READ_BYTES);
		return arg->size > 0;
	case HOTPROBE_VOID:
	case HOTPROBE_INT128:
	case HOTPROBE_FLOAT:
		break;
	}
	return false;
}

/* Texts share what the others leave. */
static void choose_sizes(struct members *members)
{
	size_t used = HEAD_SIZE, texts = 0, room;

	for (size_t i = 0; i < members->count; i++) {
		used += (members->at[i].size + 7) & ~(size_t)7;
		texts += !members->at[i].size;
	}
	room = texts && used < EVENT_SIZE ? (EVENT_SIZE - used) / texts & ~(size_t)15 : 0;
	if (room > TEXT_MAX)
		room = TEXT_MAX;
	if (room < TEXT_MIN)
		room = TEXT_MIN;
	used = HEAD_SIZE;
	for (size_t i = 0; i < members->count; i++) {
		struct member *m = &members->at[i];

		if (!m->size)
			m->size = m->count = room;
		used += (m->size + 7) & ~(size_t)7;
		if (used <= EVENT_SIZE)
			continue;
		members->left_out += members->count - i;
		members->count = i;
	}
}

void members_choose(struct members *members, const struct hotprobe_arg *args, size_t count,
		    enum member_read text, bool at_return)
{
	*members = (struct members){.cut_at = SIZE_MAX};
	for (size_t i = 0; i < count; i++) {
		struct member *m = &members->at[members->count];

		if (members->count == MEMBERS_MAX) {
			members->left_out += count - i;
			break;
		}
		*m = (struct member){.arg = &args[i]};
		choose_name(m, i);
		if (choose_type(m, i + 1 < count ? &args[i + 1] : NULL, text, at_return))
			members->count++;
		else
			members->left_out++;
	}
	choose_sizes(members);
}

const struct member *members_of(const struct members *members, const struct hotprobe_arg *arg)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->at[i].arg == arg)
			return &members->at[i];
	return NULL;
}

/* ---- Text -------------------------------------------------------------------------------------
 */

void put_member(struct text *text, const struct member *m)
{
	if (m->count)
		text_format(text, "\t%s %s[%zu];\n", m->type, m->name, m->count);
	else
		text_format(text, "\t%s %s;\n", m->type, m->name);
}

static void put_call(struct text *text, const char *helper, const struct member *m,
		     const char *into, const char *from)
{
	text_format(text, "%s(&%s%s, sizeof(%s%s), (void *)%s)", helper, into, m->name, into,
		    m->name, from);
}

/* length is an expression. */
static void put_buffer(struct text *text, const struct member *m, const char *into,
		       const char *from, const char *length)
{
	text_format(text,
		    "\tu64 %s_size = %s;\n"
		    "\tif (%s_size > sizeof(%s%s))\n"
		    "\t\t%s_size = sizeof(%s%s);\n"
		    "\tbpf_probe_read_user(&%s%s, %s_size, (void *)%s);\n",
		    m->name, length, m->name, into, m->name, m->name, into, m->name, into, m->name,
		    m->name, from);
}

bool member_is_plain(const struct member *m)
{
	return m->read == READ_COPY || m->read == READ_POINTER || m->read == READ_LENGTH ||
	       m->read == READ_REL_LENGTH;
}

void put_read(struct text *text, const struct member *m, const char *into, const char *from)
{
	char length[128];

	switch (m->read) {
	case READ_COPY:
		text_format(text, "\t%s%s = %s;\n", into, m->name, from);
		break;
	case READ_POINTER:
		text_format(text, "\t%s%s = (u64)%s;\n", into, m->name, from);
		break;
	case READ_KERNEL_TEXT:
	case READ_USER_TEXT:
	case READ_BYTES:
		text_char(text, '\t');
		put_call(text,
			 m->read == READ_USER_TEXT ? "bpf_probe_read_user_str"
			 : m->read == READ_BYTES   ? "bpf_probe_read_kernel"
						   : "bpf_probe_read_kernel_str",
			 m, into, from);
		text_string(text, ";\n");
		break;
	case READ_ANY_TEXT:
		text_string(text, "\tif (");
		put_call(text, "bpf_probe_read_kernel_str", m, into, from);
		text_string(text, " < 0)\n\t\t");
		put_call(text, "bpf_probe_read_user_str", m, into, from);
		text_string(text, ";\n");
		break;
	case READ_BUFFER: /* the length is in the event already */
		snprintf(length, sizeof(length), "%s%s", into, m[1].name);
		put_buffer(text, m, into, from, length);
		break;
	case READ_RESULT:
		snprintf(length, sizeof(length), "%sret > 0 ? %sret : 0", into, into);
		put_buffer(text, m, into, from, length);
		break;
	case READ_DATA_LOC:
		text_format(text, "\tTP_DATA_LOC_READ_STR(&%s%s, %s, sizeof(%s%s));\n", into,
			    m->name, m->arg->name, into, m->name);
		break;
	case READ_REL_LOC:
		text_format(text,
			    "\tbpf_probe_read_kernel_str(&%s%s, sizeof(%s%s),\n"
			    "\t\t(char *)args + %zu + (args->rel_loc_%s & 0xffff));\n",
			    into, m->name, into, m->name, m->arg->offset + 4, m->arg->name);
		break;
	case READ_LENGTH:
	case READ_REL_LENGTH:
		text_format(text, "\t%s%s = (u32)args->%s_loc_%s >> 16;\n", into, m->name,
			    m->read == READ_LENGTH ? "data" : "rel", m->arg->name);
		break;
	}
}

/* ---- Parameters -------------------------------------------------------------------------------
 */

size_t parameters_usable(const struct hotprobe_arg *args, size_t count, size_t max)
{
	size_t i;

	for (i = 0; i < count && i < max; i++)
		if (args[i].kind == HOTPROBE_STRUCT || args[i].kind == HOTPROBE_UNION ||
		    args[i].kind == HOTPROBE_INT128 || args[i].kind == HOTPROBE_FLOAT ||
		    args[i].kind == HOTPROBE_VOID)
			break;
	return i;
}

/* The declaration with another name: "struct file *file" is "struct file *arg_file". Types that
   have no name of their own are not repeated. */
static void declare(const struct hotprobe_arg *arg, const char *name, char *buf, size_t size)
{
	size_t length = strlen(arg->name), all = strlen(arg->declaration);
	const char *declaration = arg->declaration;
	const char *at = all > length ? declaration + all - length : NULL;

	if (strchr(declaration, '{'))
		snprintf(buf, size, "void *%s", name);
	else if (!strcmp(arg->name, name))
		snprintf(buf, size, "%s", declaration);
	else if (!length && !strchr(declaration, '('))
		snprintf(buf, size, "%s%s%s", declaration,
			 all && declaration[all - 1] == '*' ? "" : " ", name);
	else if (length && at && !strcmp(at, arg->name))
		snprintf(buf, size, "%.*s%s", (int)(all - length), declaration, name);
	else
		snprintf(buf, size, "void *%s", name);
}

void put_parameters(struct text *text, const struct members *members,
		    const struct hotprobe_arg *args, size_t count, size_t column)
{
	for (size_t i = 0; i < count; i++) {
		const struct member *m = members_of(members, &args[i]);
		char declaration[512], name[80];
		size_t length;

		snprintf(name, sizeof(name), "arg%zu", i + 1);
		declare(&args[i], m ? m->name : name, declaration, sizeof(declaration));
		length = strlen(declaration) + 2;
		if (column + length > LINE_MAX) {
			text_string(text, ",\n\t\t");
			column = 16;
		} else {
			text_string(text, ", ");
		}
		text_string(text, declaration);
		column += length;
	}
}
