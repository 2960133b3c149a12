/* SPDX-License-Identifier: Apache-2.0 */
/* Finds in the verifier's log what was refused, and where in the source that is. */
#include "verifier.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What beginners meet: a piece of the kernel's message (kernel/bpf/verifier.c) and the remedy. */
static const struct {
	const char *text, *hint;
} hints[] = {
	{"map_value_or_null", "a lookup may find nothing: check its result against NULL (0) first"},
	{"invalid mem access 'scalar'",
	 "this is no pointer the verifier knows: read kernel memory with bpf_probe_read_kernel()"},
	{"invalid mem access 'inv'",
	 "this is no pointer the verifier knows: read kernel memory with bpf_probe_read_kernel()"},
	{"invalid indirect read from stack",
	 "not all of what is read here was written: zero the variable first, padding included "
	 "(= {}), and give it the type of the table's key or value"},
	{"invalid read from stack",
	 "not all of what is read here was written: zero the variable first, padding included "
	 "(= {}), and give it the type of the table's key or value"},
	{"back-edge", "this loop has no bound the verifier can see: give it a constant one"},
	{"infinite loop", "this loop has no bound the verifier can see: give it a constant one"},
	{"too many instructions", "make the program smaller, or its loops shorter"},
	{"BPF program is too large", "make the program smaller, or its loops shorter"},
	{"unknown func", "this helper does not exist in this kernel, or not for this program type"},
	{"is not modifiable",
	 "only functions marked for error injection and security_ functions let "
	 "a program change what they return"},
	{"is not attachable", "no program can be put on this function: probe one that calls it"},
	{"is not sleepable", "here helpers that wait, such as bpf_copy_from_user, are not allowed: "
			     "use bpf_probe_read_user"},
	{"program of this type cannot use helper",
	 "this helper is not allowed in this type of program"},
	{"cannot use helper", "this helper is not allowed in this type of program"},
	{"cannot call GPL", "the helper is for GPL programs: #define BPF_LICENSE GPL"},
	{"GPL-restricted", "the helper is for GPL programs: #define BPF_LICENSE GPL"},
	{"invalid bpf_context access",
	 "this context has nothing at that offset: check the type of the function's first "
	 "parameter, "
	 "and for a kfunc that the kernel's function has as many parameters"},
	{"dereference of modified ctx",
	 "use the context through its fields, with constant offsets only"},
	{"unbounded memory access", "bound the size first, for instance with if (n > sizeof(buf))"},
	{"R2 min value is negative",
	 "bound the size first: it must be unsigned and not more than the buffer"},
	{"invalid access to map value", "check the index against the value's size first"},
	{"pointer arithmetic", "the verifier does not allow this arithmetic on a pointer"},
	{"!read_ok", "this value was never set on some path: initialise it"},
	{"math between", "the verifier does not allow this arithmetic on a pointer"},
	{"leaks addr", "a kernel pointer must not be stored where user space can read it"},
	{NULL, "the verifier's full log is shown with -v"},
};

static const char *find_hint(const char *message)
{
	size_t i = 0;

	while (hints[i].text && !strstr(message, hints[i].text))
		i++;
	return hints[i].hint;
}

/* Lines of the log that say what it did, not what was wrong. */
static bool is_state_line(const char *line, size_t length)
{
	static const char *const other[] = {
		"processed ", "verification time", "stack depth", ";",	  "from ",  "last_idx",
		"regs=",      "mark_precise",	   "parent ",	  "safe", "caller", "callee",
		"func#",      "propagating",	   "Live regs"};
	const char *at = line;

	while (at < line + length && isdigit((unsigned char)*at))
		at++;
	if (at > line && *at == ':')
		return true;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (!strncmp(line, other[i], strlen(other[i])))
			return true;
	return !length;
}

/* "12: (79) r1 = ...". Not by sscanf(), which looks for the end of the whole log each time. */
static bool is_insn_line(const char *line, unsigned *insn)
{
	size_t digits = strspn(line, "0123456789");
	const char *code = line + digits + strlen(": (");

	if (!digits || strncmp(line + digits, ": (", strlen(": (")) ||
	    !isxdigit((unsigned char)*code))
		return false;
	*insn = (unsigned)strtoul(line, NULL, 10);
	return true;
}

/* The instruction that was looked at last. */
static bool last_insn(const char *log, unsigned *insn)
{
	bool found = false;

	for (const char *line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		found |= is_insn_line(line, insn);
		if (!*line)
			break;
	}
	return found;
}

/* The last line that complains, malloc'ed. */
static char *last_message(const char *log)
{
	const char *found = NULL;
	size_t found_length = 0;

	for (const char *line = log; *line;) {
		size_t length = strcspn(line, "\n");

		if (!is_state_line(line, length)) {
			found = line;
			found_length = length;
		}
		line += length + (line[length] == '\n');
	}
	return found ? strndup(found, found_length) : NULL;
}

static void log_lines(const struct hotprobe *hp, const char *log)
{
	while (hp->opts.log && *log) {
		size_t length = strcspn(log, "\n");

		note(hp, HOTPROBE_NOTE, "verifier: %.*s", (int)length, log);
		log += length + (log[length] == '\n');
	}
}

struct place {
	const char *file;
	unsigned line, column;
};

static struct place find_place(const struct hotprobe_program *program, const struct bytecode *code,
			       const char *log)
{
	const struct image *img = &program->hp->image;
	struct place place = {
		.file = image_str(img, program->image->file),
		.line = program->image->line,
		.column = program->image->column,
	};
	const struct bpf_line_info *info = NULL;
	const char *file;
	unsigned insn;

	if (last_insn(log, &insn))
		info = bytecode_line(code, insn);
	file = info ? image_btf_string(img, info->file_name_off) : NULL;
	if (file && BPF_LINE_INFO_LINE_NUM(info->line_col)) {
		place.file = file;
		place.line = BPF_LINE_INFO_LINE_NUM(info->line_col);
		place.column = BPF_LINE_INFO_LINE_COL(info->line_col);
	}
	return place;
}

int verifier_explain(struct hotprobe_program *program, const struct bytecode *code, int err,
		     const char *log)
{
	struct place place = find_place(program, code, log);
	char *message = last_message(log);

	log_lines(program->hp, log);
	fail_at(program->hp, err, place.file, place.line, place.column,
		message ? find_hint(message) : "", "the verifier refuses %s: %s", program->name,
		message ? message : strerror(-err));
	free(message);
	return err;
}
