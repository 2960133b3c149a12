/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a message of the compilers: one line for those that BPF programs meet. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "diag.h"
#include "headers.h"
#include "headers_btf.h"
#include "text.h"

/* $1 and $2 in a hint are the first and second word that the message has in quotes. The first
   pattern that is part of the message counts. */
static const struct hint {
	const char *pattern;
	const char *hint;
} hints[] = {
	/* Names that nobody has. */
	{"did you mean", ""},
	{"undeclared identifier 'bpf_",
	 "The compiler knows no BPF helper $1: check its spelling, or declare it in the source."},
	{"use of undeclared identifier",
	 "Declare $1 in the source; if it is a constant, define it there or with -D $1=VALUE."},
	{"unknown type name",
	 "The kernel has no type $1, or only a module has it: declare it in the source."},
	{"redefinition of table", "Give each table a name of its own."},
	{"_table_t'", "That is no operation of this kind of table."},
	{"in 'struct tracepoint__",
	 "The tracepoint has no field $1: its format in /sys/kernel/tracing/events lists them."},
	{"'struct tracepoint__",
	 "The kernel has no such tracepoint: /sys/kernel/tracing/events lists what it has."},
	{"in 'struct pt_regs'",
	 "Where syscall tracepoints stand in for kprobes there are only a syscall's arguments and "
	 "its return value: use the function's parameters and PT_REGS_RC(ctx)."},
	{"no member named",
	 "This kernel's type has no member $1: it may have another name or place than in the "
	 "kernel that this was written for."},
	{"implicit declaration of function",
	 "$1 is no BPF helper, and a kernel's function cannot be called: define it in the source "
	 "as static inline."},
	{"which could not be resolved",
	 "$1 is no BPF helper, and a kernel's function cannot be called: define it in the source "
	 "as static inline."},
	{"incomplete definition of type",
	 "The kernel has no $1, or only a module has it: declare it in the source."},
	{"incomplete type 'char[]'", ""},
	{"incomplete type",
	 "The kernel has no such type, or only a module has it: declare it in the source."},
	{"file not found", "Put $1 beside the source, or name its directory with -I DIR."},
	/* Names that two have. */
	{"redefinition of",
	 "Give each a name of its own; if the kernel has it, leave it out of the source."},
	{"conflicting types for",
	 "The kernel or the source has another $1 already: give each a name of its own."},
	/* Syntax. */
	{"expected ';'", "A semicolon is missing, here or at the end of the line before."},
	{"expected '}'", "A brace is opened and not closed."},
	{"extraneous closing brace", "A brace is closed that was not opened."},
	{"expected ')'", "A parenthesis is opened and not closed, or an operator is missing."},
	{"expected identifier", ""},
	{"does not return a value", "Write return 0; at its end."},
	/* Pointers and what they point to. */
	{"pointer to integer conversion initializing",
	 "A pointer is put into a number: declare a pointer, and check it against NULL."},
	{"pointer to integer conversion assigning",
	 "A pointer is put into a number: declare a pointer, and check it against NULL."},
	{"address of an rvalue", "Put the value into a variable, and pass that one's address."},
	{"of incompatible type 'void *'", "Pass its address, with & in front."},
	{"comparison against a string literal",
	 "This compares addresses: compare the bytes, name[0] == 'c' && name[1] == 'a' ..."},
	{"is not assignable",
	 "An array gets its value where it is declared: char name[16] = \"...\";"},
	{"array initializer must be an initializer list or string literal",
	 "bpf_trace_printk() takes its format as a literal, \"...\", and not from a variable."},
	{"'section' attribute only applies", "Declare tables outside of functions."},
	{"too few arguments", "Compare the call with the declaration."},
	{"too many arguments to function", "Compare the call with the declaration."},
	{"too many arguments provided to function-like macro",
	 "Compare the call with the macro's definition."},
	/* What BPF or libbcc cannot do. */
	{"bcc only supports in-register parameters",
	 "A probe gets ctx and at most six arguments of the traced function."},
	{"BPF program definition must be named", "Give every parameter a name."},
	{"cannot call non-static helper function",
	 "Make the function that is called static inline: others are programs of their own."},
	{"cannot use map function inside a macro",
	 "Write the call out, or put it into a static inline function instead of a macro."},
	{"cannot use builtin inside a macro",
	 "Write the call out, or put it into a static inline function instead of a macro."},
	{"header type inside a macro", "Write the access out instead of using a macro."},
	{"reference to undefined table",
	 "Declare an extern table with BPF_TABLE(\"extern\", ...), the word written out."},
	{"invalid bpf_table operation", "That is no operation of this kind of table."},
	{"failed to open", "Declare the table before it is used, outside of every function."},
	{"unsupported map type", "Take one of BCC's BPF_ macros to declare the table."},
	{"histogram leaf type", "BPF_HISTOGRAM counts in u64; use BPF_HASH for other values."},
	{"get_stackid only available", "Declare the table with BPF_STACK_TRACE."},
	{"BPF stack limit",
	 "Keep large data in a BPF_PERCPU_ARRAY of one entry and look that up, instead of in "
	 "variables."},
	{"Dynamic stack allocation", "Give the array a size that is known when this is compiled."},
	{"nsupported dynamic stack allocation",
	 "Give the array a size that is known when this is compiled."},
	{"call to built-in function '__",
	 "BPF has no floating point and no division of 128 bits: calculate with integers of up to "
	 "64 bits."},
	{"call to built-in function",
	 "Use __builtin_$1 with a small size that is known when this is compiled."},
	{"call to global function", "Make the function that is called static inline."},
	{"too many args to", "Pass at most five arguments, or a pointer to a struct of them."},
	{"defined with too many args",
	 "Take at most five arguments, or a pointer to a struct of them."},
	{"only integer returns", "Return an integer, or pass a pointer to the result."},
	{"aggregate returns", "Return an integer, or pass a pointer to the result."},
	{"variadic functions", "BPF functions have a fixed number of arguments."},
	{"'sdiv'", "Make both sides of the division unsigned."},
	{"'srem'", "Make both sides of the division unsigned."},
	{"nsupport signed division", "Make both sides of the division unsigned."},
	{"static data",
	 "Keep values in a BPF_ARRAY, and a string in a local array: char s[] = \"...\";"},
	{"calls a function that is not part of it",
	 "Make the function that is called static inline; the kernel's own functions cannot be "
	 "called."},
	{"BPF_LICENSE cannot be specified", "Put #define BPF_LICENSE into the source instead."},
	{"only %d %u %x", "bpf_trace_printk() takes these and no other conversions."},
	{"more than 3 conversion specifiers", "Split the message into several."},
};

/* The number-th word in quotes, from 1; "" if there are fewer. Allocated. */
static char *quoted_word(const char *text, int number)
{
	const char *start, *end;

	while ((start = strchr(text, '\''))) {
		end = strchr(start + 1, '\'');
		if (!end)
			break;
		if (!--number)
			return cc_strndup(start + 1, (size_t)(end - start - 1));
		text = end + 1;
	}
	return cc_strdup("");
}

static bool is_constant_name(const char *name)
{
	for (; *name; name++)
		if (!isupper((unsigned char)*name) && !isdigit((unsigned char)*name) &&
		    *name != '_')
			return false;
	return true;
}

static char *fill_in(const char *hint, const char *text)
{
	struct text out = {0};
	const char *dollar;

	while ((dollar = strchr(hint, '$'))) {
		text_add(&out, hint, (size_t)(dollar - hint));
		text_puts(&out, quoted_word(text, dollar[1] - '0'));
		hint = dollar + 2;
	}
	text_puts(&out, hint);
	return out.data;
}

/* "no member named 'rq_disk' in 'struct request'": where this kernel has it, and how a source can
   ask. NULL if it is another message. */
static char *member_hint(const char *text, const struct headers_facts *facts)
{
	const char *member, *tag;
	char *near;

	if (!facts || !facts->btf || !strstr(text, "no member named"))
		return NULL;
	member = quoted_word(text, 1);
	tag = quoted_word(text, 2);
	if (strncmp(tag, "struct ", 7))
		return NULL;
	tag += 7;
	near = headers_near(facts, tag, member);
	if (!near && (!strcmp(tag, "pt_regs") || !btf_find_tag(facts->btf, tag, strlen(tag))))
		return NULL;
	if (!near)
		return cc_printf("It may have another name or place than in the kernel that this "
				 "was written for; a source for several kernels asks with #if "
				 "HOTPROBE_HAS_FIELD(%s, %s).",
				 tag, member);
	return cc_printf("This kernel has %s in struct %s; a source for several kernels asks with "
			 "#if HOTPROBE_HAS_FIELD(%s, %s).",
			 near, tag, tag, member);
}

char *hint_for(const char *text, const struct headers_facts *facts)
{
	char *word = member_hint(text, facts);
	size_t i;

	if (word)
		return word;
	if (strstr(text, "undeclared identifier '") && !strstr(text, "did you mean")) {
		word = quoted_word(text, 1);
		if (is_constant_name(word))
			return cc_printf(
				"A macro of the kernel's headers is not in its BTF: define "
				"%s with -D %s=VALUE or in the source.",
				word, word);
	}
	for (i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		if (strstr(text, hints[i].pattern))
			return fill_in(hints[i].hint, text);
	return cc_strdup("");
}
