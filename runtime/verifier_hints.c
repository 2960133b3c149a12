/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_hints.h"

#include <stdio.h>
#include <string.h>

enum {
	ALTERNATIVES = 8,
};

/*
 * A piece of the kernel's message (kernel/bpf/verifier.c), and sentences in which {word} is
 * replaced by what that is here. Of the alternatives the first counts of which all words are known.
 */
struct rule {
	const char *text;
	const char *why[ALTERNATIVES], *hint[ALTERNATIVES];
};

#define MAY_BE_NULL                                                                                \
	{                                                                                          \
		"{if call}{argument} may be NULL, and {call} does not take that",                  \
			"{pointer} may be NULL", "{value} may be NULL",                            \
			"a pointer may be NULL here",                                              \
	}
#define CHECK_FOR_NULL                                                                             \
	{                                                                                          \
		"it is NULL if nothing was found: write if (!{value}) return {pass}; first",       \
			"check the pointer against NULL (0) before it is used",                    \
	}
#define NOT_A_POINTER                                                                              \
	{                                                                                          \
		"{if null}{pointer} is always NULL here",                                          \
			"{if user}{pointer} points to memory of the process, which a program "     \
			"cannot read directly",                                                    \
			"{if user}memory of the process cannot be read directly",                  \
			"{pointer} is a number to the verifier, and no pointer that may be "       \
			"followed",                                                                \
			"what is read through is a number to the verifier, and no pointer that "   \
			"may be followed",                                                         \
	}
#define COPY_FIRST                                                                                 \
	{                                                                                          \
		"{if null}use it only where it is not: behind if ({pointer})",                     \
			"{if user}copy it first: bpf_probe_read_user(&copy, sizeof(copy), "        \
			"{address}), or a string: bpf_probe_read_user_str()",                      \
			"{if user}copy it first, with bpf_probe_read_user(), or "                  \
			"bpf_probe_read_user_str() for a string",                                  \
			"{if kernel}copy it first: bpf_probe_read_kernel(&copy, sizeof(copy), "    \
			"{address})",                                                              \
			"copy it first: bpf_probe_read_kernel(&copy, sizeof(copy), {address}), "   \
			"or bpf_probe_read_user() if it is a process's memory",                    \
			"copy it first, with bpf_probe_read_kernel(), or bpf_probe_read_user() "   \
			"if it is a process's memory",                                             \
	}
#define NOT_WRITTEN                                                                                \
	{                                                                                          \
		"{if call}{call} reads {size} bytes of {argument}, and only {over} are there",     \
			"{if call}a helper reads {size} bytes of a variable, and only {over} are " \
			"there",                                                                   \
			"{if call}not all of the {size} bytes at {argument} that {call} reads "    \
			"have been written",                                                       \
			"not all of the bytes that are read here have been written",               \
	}
#define WRITE_FIRST                                                                                \
	{                                                                                          \
		"{if over}give the size of what is there: sizeof({variable})",                     \
			"{if over}give the size of what is there: sizeof({name})",                 \
			"{if over}give the size of what is there, with sizeof",                    \
			"set it where it is declared: {variable} = 0, or = {} for a struct, "      \
			"whose padding counts, too; and "                                          \
			"give it the type of the table's key or value",                            \
			"set the variable where it is declared: = 0, or = {} for a struct, whose " \
			"padding counts, too; and "                                                \
			"give it the type of the table's key or value",                            \
	}
#define TOO_LARGE                                                                                  \
	{                                                                                          \
		"{if negative}{argument}, the size that {call} gets, may be negative",             \
			"{argument}, the size that {call} gets, may be larger than {buffer}",      \
			"{argument}, the size that {call} gets, may be too large",                 \
			"{if call}the size that {call} gets may be too large",                     \
			"{array}[{index}] may lie outside of the {value size} bytes that are "     \
			"there",                                                                   \
			"{array}[{index}] may lie outside of what is there",                       \
			"what is accessed may lie outside of what is there",                       \
	}
#define BOUND_SIZE                                                                                 \
	{                                                                                          \
		"{if negative}{if call}check it first: if ({name} < 0) return {pass};",            \
			"bound it first: if ({name} > {capacity}) {name} = {capacity}; it has to " \
			"be "                                                                      \
			"unsigned",                                                                \
			"{if call}bound it first, to the size of the buffer; it has to be "        \
			"unsigned",                                                                \
			"check it first: if ({operand} >= ARRAY_SIZE({array})) return {pass}; it " \
			"has to be unsigned",                                                      \
			"check it against the size first; it has to be unsigned",                  \
	}
#define ENDLESS                                                                                    \
	{                                                                                          \
		"this loop may never end"                                                          \
	}
#define END_IT                                                                                     \
	{                                                                                          \
		"let it turn a number of times that is fixed: for (int i = 0; i < 100; i++)",      \
	}
#define TOO_MANY                                                                                   \
	{                                                                                          \
		"the verifier follows every path, each turn of a loop anew, and these are too "    \
		"long for it",                                                                     \
	}
#define DO_LESS                                                                                    \
	{                                                                                          \
		"let loops turn fewer times, and a number of times that is fixed: for (int i = "   \
		"0; i < 100; i++) if (i < n) ..., without break",                                  \
	}
#define WRONG_HELPER                                                                               \
	{                                                                                          \
		"a program of type {type} may not call {helper}(), or this kernel does not have "  \
		"it",                                                                              \
	}
#define OTHER_PROGRAM                                                                              \
	{                                                                                          \
		"{if packet}packets are handled in no process's name: go by what is in the "       \
		"packet, or attach to a function or tracepoint that the process calls",            \
			"call it in a function that is attached elsewhere, and hand on what it "   \
			"returned in a table",                                                     \
	}
#define NOT_GPL                                                                                    \
	{                                                                                          \
		"{helper}() is for programs under the GPL, and this one's licence is {licence}",   \
	}
#define BECOME_GPL                                                                                 \
	{                                                                                          \
		"take it out, or put the program under the GPL: #define BPF_LICENSE GPL",          \
	}
#define BAD_ARITHMETIC                                                                             \
	{                                                                                          \
		"{value} is a pointer: only bounded numbers can be added to it or taken away",     \
			"only bounded numbers can be added to a pointer or taken away",            \
	}
#define READ_ONLY                                                                                  \
	{                                                                                          \
		"this memory is the kernel's, and can only be read"                                \
	}
#define KEEP_IN_TABLE                                                                              \
	{                                                                                          \
		"keep what is to be remembered in a table; probes cannot change the kernel"        \
	}

static const struct rule rules[] = {
	/* Pointers. */
	{"_or_null'", MAY_BE_NULL, CHECK_FOR_NULL},
	{"_or_null expected=", MAY_BE_NULL, CHECK_FOR_NULL},
	{"null-check it first", MAY_BE_NULL, CHECK_FOR_NULL},
	{"Possibly NULL pointer passed", MAY_BE_NULL, CHECK_FOR_NULL},
	{"invalid mem access 'scalar'", NOT_A_POINTER, COPY_FIRST},
	{"invalid mem access 'inv'", NOT_A_POINTER, COPY_FIRST},
	{"type=scalar expected=ctx",
	 {"{argument} is not the context"},
	 {"pass the function's first parameter, ctx"}},
	{"type=inv expected=ctx",
	 {"{argument} is not the context"},
	 {"pass the function's first parameter, ctx"}},
	{"type=scalar expected=",
	 {"{argument} is a number, and {call} needs a pointer to memory of the program's own",
	  "a number is passed where a pointer to memory of the program's own is needed"},
	 {"{if method}pass its address: &{name}",
	  "copy what it points to into a variable first, and pass that one's address"}},
	{"type=inv expected=",
	 {"{argument} is a number, and {call} needs a pointer to memory of the program's own",
	  "a number is passed where a pointer to memory of the program's own is needed"},
	 {"{if method}pass its address: &{name}",
	  "copy what it points to into a variable first, and pass that one's address"}},
	{"expected=",
	 {"{argument} is nothing that {call} takes"},
	 {"copy what it points to into a variable first, and pass that one's address"}},
	{"prohibited", BAD_ARITHMETIC, {"calculate with what it points to, or with an index"}},
	{"math between", BAD_ARITHMETIC, {"bound what is added first, and let it be unsigned"}},
	{"pointer arithmetic",
	 BAD_ARITHMETIC,
	 {"calculate with what it points to, or with an index"}},
	{"invalid size of register spill",
	 {"a pointer is stored in fewer bytes than it has"},
	 {"store what it points to; if a number was meant, take away the & in front of it"}},
	{"leaks addr",
	 {"a kernel pointer would be stored where user space can read it"},
	 {"store what it points to instead"}},
	{"only read is supported", READ_ONLY, KEEP_IN_TABLE},
	{"cannot write into", READ_ONLY, KEEP_IN_TABLE},
	{"write into map forbidden",
	 {"this table can only be read"},
	 {"take another one to write to"}},
	{"access beyond struct",
	 {"struct {struct} has nothing there"},
	 {"give the pointer the type of what it points to"}},
	/* Sizes and indexes. */
	{"invalid access to packet",
	 {"{pointer} may reach beyond the packet's end", "this may lie beyond the packet's end"},
	 {"compare it with the end first: if ((void *)({pointer} + 1) > (void "
	  "*)(long)ctx->data_end) return {pass};",
	  "compare the end of what is read with ctx->data_end first"}},
	{"invalid write to stack",
	 {"{call} writes {size} bytes to {argument}, and only {over} are there",
	  "what is written may lie outside of the variable"},
	 {"give the size of what is there: sizeof({name})",
	  "give the size of what is there, with sizeof",
	  "let the index be unsigned, and check it against the size first"}},
	{"unbounded variable-offset", TOO_LARGE, BOUND_SIZE},
	{"variable-offset", TOO_LARGE, BOUND_SIZE},
	{"variable offset stack access", TOO_LARGE, BOUND_SIZE},
	{"invalid indirect read from stack", NOT_WRITTEN, WRITE_FIRST},
	{"invalid read from stack", NOT_WRITTEN, WRITE_FIRST},
	{"invalid indirect access to stack", NOT_WRITTEN, WRITE_FIRST},
	{"invalid zero-sized read",
	 {"{argument}, the size that {call} gets, may be 0", "a size may be 0"},
	 {"check it first: if (!{name}) return {pass};", "check it against 0 first"}},
	{"min value is negative", TOO_LARGE, BOUND_SIZE},
	{"unbounded memory access", TOO_LARGE, BOUND_SIZE},
	{"invalid access to map value",
	 {"{if varies}{array}[{index}] may lie outside of a value of table {table}, which has "
	  "{value size} bytes",
	  "{if varies}this may lie outside of a value of table {table}, which has {value size} "
	  "bytes",
	  "{if call}{call} is given {size} bytes of {argument}, a value of {value size}",
	  "{size} bytes at byte {offset} are no part of a value of table {table}, which has "
	  "{value size} bytes",
	  "{size} bytes at byte {offset} are no part of a value, which has {value size} bytes"},
	 {"{if varies}check it first: if ({operand} >= ARRAY_SIZE({array})) return {pass}; it has "
	  "to "
	  "be unsigned",
	  "{if varies}check the index first; it has to be unsigned",
	  "give {pointer} the type of {table}'s values, or {table} values of this type",
	  "give the pointer the type of {table}'s values, or {table} values of this type",
	  "give the pointer the type of the table's values"}},
	{"invalid access to memory",
	 {"{if varies}{array}[{index}] may lie outside of the {value size} bytes that are there",
	  "{size} bytes at byte {offset} are no part of the {value size} bytes that are there"},
	 {"{if varies}check it first: if ({operand} >= ARRAY_SIZE({array})) return {pass};",
	  "give the pointer the type of what is there, or make that larger"}},
	{"is not a known constant",
	 {"{argument}, the size that {call} gets, is not known when this is compiled",
	  "a size is not known when this is compiled"},
	 {"reserve a size that is fixed, sizeof(TYPE), or send what varies with "
	  "{table}.ringbuf_output(data, size, 0)",
	  "give it a number, or sizeof(TYPE)"}},
	{"misaligned",
	 {"what is accessed does not begin at a multiple of its size"},
	 {"copy it with __builtin_memcpy(), or leave out packed"}},
	{"!read_ok",
	 {"{if exit}it ends without a value to return",
	  "something that is used here has no value on some path"},
	 {"{if exit}write return {pass}; at its end",
	  "give every variable a value where it is declared"}},
	/* The context. */
	{"variable ctx access",
	 {"{array}[{index}] is read from the context, at a place that varies",
	  "the context is read at a place that varies"},
	 {"read it as other memory: bpf_probe_read_kernel(&value, sizeof(value), "
	  "&{array}[{index}])",
	  "read it as other memory, with bpf_probe_read_kernel(), or at places that are fixed"}},
	{"dereference of modified ctx",
	 {"the context is read through a pointer to its middle"},
	 {"use the context as the function gets it, ctx->MEMBER, with an index that is fixed"}},
	{"invalid bpf_context access",
	 {"the context has nothing of {size} bytes at byte {offset} that may be used so"},
	 {"check the type of the function's first parameter, and for a kfunc that the kernel's "
	  "function has as many parameters"}},
	/* Ways. */
	{"infinite loop", ENDLESS, END_IT},
	{"back-edge", ENDLESS, END_IT},
	{"too many instructions", TOO_MANY, DO_LESS},
	{"BPF program is too large", TOO_MANY, DO_LESS},
	{"jumps is too complex", TOO_MANY, DO_LESS},
	{"unreachable insn",
	 {"something can never be reached"},
	 {"take out what stands behind a return or an endless loop"}},
	{"At program exit the register R0",
	 {"it returns {returned}, and a function of this kind returns {allowed}",
	  "it may return anything, and a function of this kind returns {allowed}"},
	 {"return 0, or bound what is returned first"}},
	{"Unreleased reference",
	 {"on this path the record of {table} is neither submitted nor discarded",
	  "on this path something is acquired and not released"},
	 {"write {table}.ringbuf_discard({record}, 0); before each return",
	  "release it on every path"}},
	{"combined stack size",
	 {"the functions that call each other need more than 512 bytes of stack"},
	 {"keep large data in a BPF_PERCPU_ARRAY of one entry and look that up"}},
	{"the call stack of", {"functions call each other too deep"}, {"make them static inline"}},
	/* Helpers. */
	{"program of this type cannot use helper", WRONG_HELPER, OTHER_PROGRAM},
	{"cannot use helper", WRONG_HELPER, OTHER_PROGRAM},
	{"unknown func", WRONG_HELPER, OTHER_PROGRAM},
	{"helper call is not allowed", WRONG_HELPER, OTHER_PROGRAM},
	{"cannot call GPL", NOT_GPL, BECOME_GPL},
	{"GPL-restricted", NOT_GPL, BECOME_GPL},
	{"cannot pass map_type",
	 {"{call} does not take a table of the kind of {table}"},
	 {"declare the table by the macro that goes with the operation"}},
	/* Where it is attached. */
	{"is not modifiable",
	 {NULL},
	 {"only functions marked for error injection and security_ functions let a program "
	  "change what they return"}},
	{"is not attachable",
	 {NULL},
	 {"no program can be put on this function: probe one that calls it"}},
	{"is not sleepable",
	 {NULL},
	 {"here helpers that wait, such as bpf_copy_from_user, are not allowed: use "
	  "bpf_probe_read_user"}},
};

static const struct {
	const char *name;
	enum word word;
} names[] = {
	{"pointer", WORD_POINTER},     {"array", WORD_ARRAY},
	{"index", WORD_INDEX},	       {"call", WORD_CALL},
	{"argument", WORD_ARGUMENT},   {"name", WORD_NAME},
	{"variable", WORD_VARIABLE},   {"buffer", WORD_BUFFER},
	{"capacity", WORD_CAPACITY},   {"helper", WORD_HELPER},
	{"table", WORD_TABLE},	       {"value", WORD_VALUE},
	{"type", WORD_TYPE},	       {"pass", WORD_PASS},
	{"licence", WORD_LICENCE},     {"record", WORD_RECORD},
	{"returned", WORD_RETURNED},   {"allowed", WORD_ALLOWED},
	{"size", WORD_SIZE},	       {"value size", WORD_VALUE_SIZE},
	{"offset", WORD_OFFSET},       {"over", WORD_OVER},
	{"struct", WORD_STRUCT},       {"if over", WORD_IF_OVER},
	{"operand", WORD_OPERAND},     {"if packet", WORD_IF_PACKET},
	{"address", WORD_ADDRESS},     {"if negative", WORD_IF_NEGATIVE},
	{"if method", WORD_IF_METHOD}, {"if null", WORD_IF_NULL},
	{"if user", WORD_IF_USER},     {"if kernel", WORD_IF_KERNEL},
	{"if varies", WORD_IF_VARIES}, {"if call", WORD_IF_CALL},
	{"if exit", WORD_IF_EXIT},
};

const struct rule *verifier_rule_find(const char *message)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (strstr(message, rules[i].text))
			return &rules[i];
	return NULL;
}

/* The value of the word that begins behind a brace, and its end; *end NULL if it is no word, such
   as the braces of C. */
static const char *value_of(const char *at, const struct words *words, const char **end)
{
	size_t length = strcspn(at, "}");

	*end = NULL;
	for (size_t i = 0; at[length] && i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i].name) != length || memcmp(at, names[i].name, length))
			continue;
		*end = at + length + 1;
		return words->at[names[i].word];
	}
	return NULL;
}

/* Malloc'ed; NULL if a word is not known or memory is out. */
static char *fill_in(const char *sentence, const struct words *words)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool known = true;

	if (!out)
		return NULL;
	for (const char *at = sentence; known && *at;) {
		const char *end, *value = *at == '{' ? value_of(at + 1, words, &end) : NULL;

		if (*at == '{' && end) {
			known = value;
			fputs(value ? value : "", out);
			at = end;
		} else {
			fputc(*at++, out);
		}
	}
	if (!fclose(out) && known)
		return text;
	free(text);
	return NULL;
}

static char *first_known(const char *const sentences[ALTERNATIVES], const struct words *words)
{
	char *text = NULL;

	for (int i = 0; i < ALTERNATIVES && sentences[i] && !text; i++)
		text = fill_in(sentences[i], words);
	return text;
}

char *verifier_rule_why(const struct rule *rule, const struct words *words)
{
	return first_known(rule->why, words);
}

char *verifier_rule_remedy(const struct rule *rule, const struct words *words)
{
	char *text = rule ? first_known(rule->hint, words) : NULL;

	return text ? text : strdup("--verifier-log shows all that the verifier said");
}

bool verifier_rule_is_about_path(const struct rule *rule)
{
	return !strcmp(rule->text, "!read_ok") || !strcmp(rule->text, "Unreleased reference");
}
