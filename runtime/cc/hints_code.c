/* SPDX-License-Identifier: Apache-2.0 */
#include "hints_code.h"

#include <ctype.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "diag.h"
#include "exported.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What BCC's tables can do, how that is called, and what declares a table that can. */
static const struct operation {
	const char *name, *arguments, *macro;
	const char *more; /* that the macro needs behind the name */
} operations[] = {
	{"lookup", "&key", "BPF_HASH", ""},
	{"update", "&key, &value", "BPF_HASH", ""},
	{"insert", "&key, &value", "BPF_HASH", ""},
	{"delete", "&key", "BPF_HASH", ""},
	{"lookup_or_try_init", "&key, &value", "BPF_HASH", ""},
	{"lookup_or_init", "&key, &value", "BPF_HASH", ""},
	{"increment", "key", "BPF_HASH", ""},
	{"atomic_increment", "key", "BPF_HASH", ""},
	{"perf_submit", "ctx, &data, sizeof(data)", "BPF_PERF_OUTPUT", ""},
	{"perf_submit_skb", "skb, size, &data, sizeof(data)", "BPF_PERF_OUTPUT", ""},
	{"ringbuf_output", "&data, sizeof(data), 0", "BPF_RINGBUF_OUTPUT", ", 8"},
	{"ringbuf_reserve", "sizeof(TYPE)", "BPF_RINGBUF_OUTPUT", ", 8"},
	{"ringbuf_submit", "record, 0", "BPF_RINGBUF_OUTPUT", ", 8"},
	{"ringbuf_discard", "record, 0", "BPF_RINGBUF_OUTPUT", ", 8"},
	{"get_stackid", "ctx, flags", "BPF_STACK_TRACE", ", 1024"},
	{"push", "&value, 0", "BPF_QUEUE", ", TYPE, 1024"},
	{"pop", "&value", "BPF_QUEUE", ", TYPE, 1024"},
	{"peek", "&value", "BPF_QUEUE", ", TYPE, 1024"},
	{"call", "ctx, index", "BPF_PROG_ARRAY", ", 16"},
	{"perf_read", "CUR_CPU_IDENTIFIER", "BPF_PERF_ARRAY", ", NUM_CPUS"},
};

/* Names that other languages and libraries have for them. */
static const struct {
	const char *said, *meant;
} other_names[] = {
	{"get", "lookup"},    {"find", "lookup"},   {"set", "update"},
	{"put", "update"},    {"add", "increment"}, {"inc", "increment"},
	{"remove", "delete"}, {"erase", "delete"},  {"del", "delete"},
};

/* What the C library has, and what programs use instead. */
static const struct {
	const char *name, *instead;
} library[] = {
	{"printf", "use bpf_trace_printk(), or submit the values as an event"},
	{"sprintf", "submit the values as an event, and format them where it is received"},
	{"snprintf", "submit the values as an event, and format them where it is received"},
	{"strcmp", "compare byte by byte, in a loop that turns a fixed number of times"},
	{"strncmp", "compare byte by byte, in a loop that turns a fixed number of times"},
	{"strcpy", "copy with bpf_probe_read_kernel_str(to, sizeof(to), from)"},
	{"strncpy", "copy with bpf_probe_read_kernel_str(to, sizeof(to), from)"},
	{"malloc", "keep data in a table"},
	{"calloc", "keep data in a table"},
	{"free", "keep data in a table"},
	{"log2", "use bpf_log2() or bpf_log2l()"},
	{"log2l", "use bpf_log2() or bpf_log2l()"},
	{"log", "use bpf_log2() or bpf_log2l()"},
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const struct operation *find_operation(const char *name, size_t size)
{
	for (size_t i = 0; i < COUNT(operations); i++)
		if (strlen(operations[i].name) == size && !memcmp(operations[i].name, name, size))
			return &operations[i];
	return NULL;
}

/* One letter is missing, too many or another, or two are swapped. */
static bool is_slip(const char *a, size_t a_size, const char *b, size_t b_size)
{
	while (a_size && b_size && *a == *b)
		a++, b++, a_size--, b_size--;
	while (a_size && b_size && a[a_size - 1] == b[b_size - 1])
		a_size--, b_size--;
	if (a_size <= 1 && b_size <= 1)
		return true;
	return a_size == 2 && b_size == 2 && a[0] == b[1] && a[1] == b[0];
}

/* The first word in quotes. Allocated; "" if there is none. */
static char *first_quoted(const char *text)
{
	const char *start = strchr(text, '\'');

	return start ? cc_strndup(start + 1, strcspn(start + 1, "'")) : cc_strdup("");
}

/* ---- Operations of tables ---- */

static const struct operation *meant_operation(const char *name)
{
	for (size_t i = 0; i < COUNT(other_names); i++)
		if (!strcmp(other_names[i].said, name))
			return find_operation(other_names[i].meant, strlen(other_names[i].meant));
	for (size_t i = 0; i < COUNT(operations); i++)
		if (is_slip(operations[i].name, strlen(operations[i].name), name, strlen(name)))
			return &operations[i];
	return NULL;
}

/* "no member named 'lookups' in 'struct counts_table_t'" */
static char *operation_hint(const char *text)
{
	static const char end[] = "_table_t'";
	const char *table = strstr(text, " in 'struct ");
	const struct operation *operation;
	char *name;

	if (!strstr(text, "no member named '") || !table || !strstr(table, end))
		return NULL;
	table += strlen(" in 'struct ");
	name = first_quoted(text);
	operation = find_operation(name, strlen(name));
	if (operation)
		return cc_printf("%s() is for tables that %s or the like declares.", name,
				 operation->macro);
	operation = meant_operation(name);
	if (operation)
		return cc_printf("It is called %.*s.%s(%s).", (int)(strstr(table, end) - table),
				 table, operation->name, operation->arguments);
	return NULL;
}

/* A table that is not declared: "events.perf_submit(". */
static char *table_hint(const char *name, const char *line, unsigned column)
{
	const char *at = line + column - 1 + strlen(name), *end;
	const struct operation *operation;

	if (!column || column - 1 + strlen(name) >= strlen(line) || *at != '.')
		return NULL;
	for (end = ++at; is_word(*end); end++)
		;
	if (*end != '(')
		return NULL;
	operation = find_operation(at, (size_t)(end - at));
	return cc_printf("Declare the table above the function that uses it: %s(%s%s);",
			 operation ? operation->macro : "BPF_HASH", name,
			 operation ? operation->more : "");
}

/* ---- Calls ---- */

/* What is called by the parenthesis that closes at or behind the column: its end is *end. */
static const char *called(const char *line, unsigned column, const char **end)
{
	size_t size = strlen(line);
	const char *at = line + (column && column <= size ? column - 1 : size), *start;
	int depth = 0;

	for (; at >= line; at--) {
		depth += (*at == ')') - (*at == '(');
		if (depth < 0 || (!depth && *at == '('))
			break;
	}
	if (at < line)
		return NULL;
	for (start = at; start > line && is_word(start[-1]); start--)
		;
	*end = at;
	return start < at ? start : NULL;
}

/* "(*bpf_get_current_comm)(void *buf, int buf_size)" of libbcc's helpers.h: what is in the second
   parentheses, on one line; NULL if that is no helper. */
static char *helper_arguments(const char *name, size_t size)
{
	const char *helpers = exported_text(EXPORTED_DIR "helpers.h"), *at, *end;
	char *pattern = cc_printf("(*%.*s)(", (int)size, name), *arguments, *to;

	at = helpers ? strstr(helpers, pattern) : NULL;
	end = at ? strchr(at + strlen(pattern), ')') : NULL;
	if (!end)
		return NULL;
	at += strlen(pattern);
	arguments = to = cc_strndup(at, (size_t)(end - at));
	for (const char *from = arguments; *from; from++)
		if (!isspace((unsigned char)*from) || (to > arguments && to[-1] != ' '))
			*to++ = isspace((unsigned char)*from) ? ' ' : *from;
	*to = 0;
	return arguments;
}

static char *call_hint(const char *line, unsigned column)
{
	const struct operation *operation;
	const char *end, *start = called(line, column, &end);
	size_t size = start ? (size_t)(end - start) : 0;
	char *arguments;

	if (!start)
		return NULL;
	operation = start > line && start[-1] == '.' ? find_operation(start, size) : NULL;
	if (operation)
		return cc_printf("It is called so: %s(%s)", operation->name, operation->arguments);
	arguments = helper_arguments(start, size);
	return arguments ? cc_printf("It is called so: %.*s(%s)", (int)size, start, arguments)
			 : NULL;
}

/* ---- Names ---- */

/* A helper whose name is the same but for a letter, NULL if there is none. */
static const char *meant_helper(const char *name)
{
#define HELPER_NAME(name) "bpf_" #name
	static const char *const helpers[] = {__BPF_FUNC_MAPPER(HELPER_NAME)};

	for (size_t i = 0; i < COUNT(helpers); i++)
		if (is_slip(helpers[i], strlen(helpers[i]), name, strlen(name)))
			return helpers[i];
	return NULL;
}

static char *name_hint(const char *name, const char *line, unsigned column)
{
	static const struct {
		const char *name, *hint;
	} known[] = {
		{"ctx", "Name the function's first parameter so: struct pt_regs *ctx"},
		{"args", "Only the body of a TRACEPOINT_PROBE() has args; others have what the "
			 "function's parameters name."},
		{"True", "In C it is true."},
		{"False", "In C it is false."},
		{"nullptr", "In C it is NULL."},
		{"None", "In C it is NULL."},
		{"Null", "In C it is NULL."},
		{"null", "In C it is NULL."},
	};
	const char *helper;

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(name, known[i].name))
			return cc_strdup(known[i].hint);
	helper = !strncmp(name, "bpf_", 4) ? meant_helper(name) : NULL;
	return helper ? cc_printf("It is called %s().", helper) : table_hint(name, line, column);
}

static char *type_hint(const char *name)
{
	if (!strncmp(name, "BPF_", 4))
		return cc_printf("%s is a macro, with the table's name in parentheses: "
				 "%s(name, ...);",
				 name, name);
	if (!strcmp(name, "string"))
		return cc_strdup("C has no strings: declare an array, char name[16].");
	if (!strncmp(name, "uint", 4) ||
	    (!strncmp(name, "int", 3) && isdigit((unsigned char)name[3])) || !strcmp(name, "byte"))
		return cc_strdup("The kernel's numbers are u8, u16, u32, u64 and s8 to s64.");
	return NULL;
}

static char *library_hint(const char *name)
{
	for (size_t i = 0; i < COUNT(library); i++)
		if (!strcmp(name, library[i].name))
			return cc_printf("Programs cannot call the C library: %s.",
					 library[i].instead);
	return cc_strdup("Programs cannot call the C library.");
}

char *hint_for_code(const char *text, const char *line, unsigned column)
{
	if (strstr(text, "did you mean"))
		return NULL;
	if (strstr(text, "undeclared identifier '") ||
	    strstr(text, "implicit declaration of function '"))
		return name_hint(first_quoted(text), line, column);
	if (strstr(text, "unknown type name '"))
		return type_hint(first_quoted(text));
	if (strstr(text, "implicitly declaring library function '"))
		return library_hint(first_quoted(text));
	if (strstr(text, "arguments to function call"))
		return call_hint(line, column);
	return operation_hint(text);
}
