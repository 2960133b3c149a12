/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier_words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier_message.h"
#include "verifier_source.h"
#include "verifier_state.h"

enum {
	STATEMENT_LINES = 8,
};

/* All that words are found in. */
struct about {
	const struct hotprobe_program *program;
	const struct bytecode *code;
	const struct trace *trace;
	const char *message;
	const struct place *place;
	char *statement;		 /* of the source, NULL if it is not known */
	const struct bpf_insn *insn;	 /* NULL if there is none */
	int number;			 /* of the register, or -1 */
	const struct trace_value *value; /* in it */
	struct verifier_state state;	 /* of it, if has_state */
	bool has_state;
	const char *table;	  /* that the value is about, or the call */
	const char *called_table; /* that is handed to what is called */
};

static char *words(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *words(const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? NULL : text;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static char *present(bool is)
{
	return is ? strdup("") : NULL;
}

/* ---- The source --------------------------------------------------------------------------------
 */

/* Up to a semicolon or brace outside of parentheses. */
static bool is_whole(const char *text)
{
	int depth = 0;

	for (; *text; text++) {
		depth += (*text == '(') - (*text == ')');
		if (!depth && (*text == ';' || *text == '{' || *text == '}'))
			return true;
	}
	return false;
}

/* The statement that begins on that line, NULL if the line is not known. */
static char *get_statement(const struct hotprobe *hp, const struct place *place)
{
	char *text = diagnostic_line(hp, place->file, place->line);

	for (unsigned i = 1; text && i < STATEMENT_LINES && !is_whole(text); i++) {
		char *more = diagnostic_line(hp, place->file, place->line + i), *joined;

		if (!more)
			break;
		joined = words("%s\n%s", text, more);
		free(more);
		free(text);
		text = joined;
	}
	return text;
}

bool verifier_place(const struct hotprobe_program *program, const struct bytecode *code,
		    uint32_t insn, struct place *place)
{
	const struct bpf_line_info *info = bytecode_line(code, insn);
	const char *file = info ? image_btf_string(&program->hp->image, info->file_name_off) : NULL;

	if (!file || !BPF_LINE_INFO_LINE_NUM(info->line_col))
		return false;
	*place = (struct place){
		.file = file,
		.line = BPF_LINE_INFO_LINE_NUM(info->line_col),
		.column = BPF_LINE_INFO_LINE_COL(info->line_col),
	};
	return true;
}

/* ---- The message -------------------------------------------------------------------------------
 */

/* The register that the message is about, or the one that the instruction accesses memory by; -1 if
   there is none. */
static int register_of(const char *message, const struct bpf_insn *insn)
{
	int number = message_register(message);

	if (number >= 0 || !insn)
		return number;
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return insn->src_reg;
	case BPF_ST:
	case BPF_STX:
		return insn->dst_reg;
	default:
		return -1;
	}
}

static void find_in_message(struct words *w, const struct about *about)
{
	const char *message = about->message;
	char *offset;
	int64_t at;

	w->at[WORD_SIZE] = message_number(message, "size=");
	if (!w->at[WORD_SIZE])
		w->at[WORD_SIZE] = message_number(message, "size ");
	w->at[WORD_VALUE_SIZE] = message_number(message, "value_size=");
	if (!w->at[WORD_VALUE_SIZE])
		w->at[WORD_VALUE_SIZE] = message_number(message, "mem_size=");
	offset = w->at[WORD_OFFSET] = message_number(message, "off=");
	w->at[WORD_ALLOWED] = message_allowed(message);
	w->at[WORD_RETURNED] = message_returned(message);
	w->at[WORD_STRUCT] = message_struct(message);
	if (!offset || !w->at[WORD_SIZE] || !strstr(message, "stack"))
		return;
	at = strtoll(offset, NULL, 10);
	if (at < 0 && at >= -512 && strtoll(w->at[WORD_SIZE], NULL, 10) > -at)
		w->at[WORD_OVER] = words("%" PRId64, -at);
}

/* ---- Tables ------------------------------------------------------------------------------------
 */

static const char *table_of_fd(const struct hotprobe *hp, int fd)
{
	for (size_t i = 0; fd >= 0 && i < hp->table_count; i++)
		if (hp->tables[i].fd == fd)
			return hp->tables[i].name;
	return NULL;
}

/* The kernel has but the beginning of a long name. */
static const char *table_of_name(const struct hotprobe *hp, struct log_text name)
{
	const char *found = NULL;

	for (size_t i = 0; name.length && i < hp->table_count; i++) {
		const char *table = hp->tables[i].name;

		if (strncmp(table, name.at, name.length) ||
		    (table[name.length] && name.length < BPF_OBJ_NAME_LEN - 1))
			continue;
		if (found)
			return NULL;
		found = table;
	}
	return found;
}

static const char *find_table(const struct about *about)
{
	const struct hotprobe *hp = about->program->hp;
	const char *table = NULL;

	if (about->value && about->value->kind == TRACE_CALL)
		table = table_of_fd(hp, about->value->table);
	if (!table && about->has_state)
		table = table_of_name(hp, about->state.table);
	return table ? table : about->called_table;
}

static const char *find_called_table(const struct about *about)
{
	const struct trace_value *v = about->trace->registers;
	const char *table = NULL;

	for (int i = BPF_REG_1; i <= BPF_REG_5 && !table; i++)
		if (v[i].kind == TRACE_TABLE && verifier_trace_called(about->trace->code).at)
			table = table_of_fd(about->program->hp, (int)v[i].number);
	return table;
}

/* ---- Calls -------------------------------------------------------------------------------------
 */

/*
 * Which argument of a table's operation a register is. BCC turns counts.lookup(&key) into a call
 * with the table first, and perf_submit(ctx, data, size) into one of (ctx, table, flags, data,
 * size); what goes over a ring buffer instead is called with (table, data, size).
 */
static int argument_of_method(const char *method, const char *helper, int reg)
{
	bool submits = !strncmp(method, "perf_submit", 11);

	if (submits && strstr(helper, "ringbuf"))
		return reg;
	if (submits && strstr(helper, "perf_event_output"))
		return reg == BPF_REG_1 ? 1 : reg >= BPF_REG_4 ? reg - 2 : 0;
	if (!strcmp(method, "get_stackid"))
		return reg == BPF_REG_1 ? 1 : reg == BPF_REG_3 ? 2 : 0;
	return reg - 1;
}

/* What is called, as the source has it: *called "counts.lookup"; returns the number of the argument
   that a register is, 0 if that cannot be told. */
static int find_call(const struct about *about, const char *helper, int reg, char **called)
{
	char *method = NULL;
	int number = 0;

	*called = NULL;
	if (!about->statement)
		return 0;
	if (expr_has_word(about->statement, helper)) {
		*called = copy(helper);
		return reg;
	}
	if (about->called_table)
		method = expr_method(about->statement, about->called_table);
	if (method) {
		*called = words("%s.%s", about->called_table, method);
		number = argument_of_method(method, helper, reg);
	}
	free(method);
	return number;
}

static bool is_name(const char *text)
{
	for (; *text; text++) {
		if (text[0] == '-' && text[1] == '>')
			text++;
		else if (!isalnum((unsigned char)*text) && *text != '_' && *text != '.')
			return false;
	}
	return true;
}

/* How much there is room for in a buffer, if that is a variable or a member. */
static char *capacity_of(const struct about *about, const char *buffer)
{
	const struct trace_value *value = &about->trace->registers[about->number - 1];
	bool is_address = *buffer == '&', is_member = strchr(buffer, '.') || strstr(buffer, "->");

	if (!is_name(buffer + is_address))
		return NULL;
	if (!is_address && !is_member && value->kind != TRACE_FRAME)
		return NULL;
	return words("sizeof(%s)", buffer + is_address);
}

static void find_arguments(struct words *w, const struct about *about)
{
	char *helper, *called, *text;
	struct log_text name = verifier_trace_called(about->trace->code);
	int number;

	if (!name.at)
		return;
	helper = w->at[WORD_HELPER] = strndup(name.at, name.length);
	if (!helper)
		return;
	number = find_call(about, helper, about->number, &called);
	w->at[WORD_CALL] = words("%s()", called ? called : helper);
	if (called && number > 0) {
		text = w->at[WORD_ARGUMENT] = expr_argument(about->statement, called, number);
		if (text && is_name(text))
			w->at[WORD_NAME] = copy(text);
		if (text && *text == '&' && is_name(text + 1))
			w->at[WORD_VARIABLE] = copy(text + 1);
	}
	w->at[WORD_IF_METHOD] = present(called && strchr(called, '.'));
	free(called);
	if (about->number < BPF_REG_2)
		return;
	number = find_call(about, helper, about->number - 1, &called);
	if (called && number > 0)
		w->at[WORD_BUFFER] = expr_argument(about->statement, called, number);
	free(called);
	if (w->at[WORD_BUFFER])
		w->at[WORD_CAPACITY] = capacity_of(about, w->at[WORD_BUFFER]);
}

/* ---- The value ---------------------------------------------------------------------------------
 */

/* The source line of what it came from; false if that is not known. */
static bool place_of_origin(const struct about *about, struct place *place)
{
	switch (about->value->kind) {
	case TRACE_CALL:
	case TRACE_LOAD:
	case TRACE_CONSTANT:
		return verifier_place(about->program, about->code, about->value->insn, place);
	default:
		return false;
	}
}

/* What was called where it came from, as the source has it. */
static char *origin_call(const struct about *about, const char *statement)
{
	const struct trace_value *value = about->value;
	const char *table = table_of_fd(about->program->hp, value->table);
	char *helper = strndup(value->name.at, value->name.length), *method = NULL, *called = NULL;

	if (helper && statement && table)
		method = expr_method(statement, table);
	if (method)
		called = words("%s.%s", table, method);
	else if (helper)
		called = copy(helper);
	free(method);
	free(helper);
	return called;
}

/* The variable that what it came from was put into, if the statement is about that. */
static char *find_variable(const struct about *about)
{
	struct place place;
	char *statement = NULL, *called = NULL, *name = NULL;

	if (!about->value || !about->statement || !place_of_origin(about, &place))
		return NULL;
	/* What is loaded there may be assigned to something, too. */
	if (about->value->kind == TRACE_LOAD && place.line == about->place->line)
		return NULL;
	statement = get_statement(about->program->hp, &place);
	if (statement && about->value->kind == TRACE_CALL && about->value->name.at) {
		called = origin_call(about, statement);
		name = called ? expr_assigned(statement, called) : NULL;
	} else if (statement && about->value->kind == TRACE_LOAD) {
		name = expr_assigned(statement, NULL);
	}
	if (name && !(is_name(name) && expr_has_word(about->statement, name))) {
		free(name);
		name = NULL;
	}
	free(called);
	free(statement);
	return name;
}

/* What memcpy() at that place is to copy from or to. */
static char *copied(const struct about *about, bool from)
{
	static const char *const names[] = {"__builtin_memcpy", "memcpy", "__builtin_memmove",
					    "memmove"};
	size_t column = about->place->column;

	for (size_t i = 0;
	     column && column <= strlen(about->statement) && i < sizeof(names) / sizeof(*names);
	     i++)
		if (!strncmp(about->statement + column - 1, names[i], strlen(names[i])))
			return expr_argument(about->statement + column - 1, names[i], from ? 2 : 1);
	return NULL;
}

static void find_expressions(struct words *w, const struct about *about)
{
	uint8_t class = about->insn ? BPF_CLASS(about->insn->code) : BPF_LD;
	unsigned column = about->place->column;

	if (!about->statement || (class != BPF_LDX && class != BPF_ST && class != BPF_STX))
		return;
	w->at[WORD_ARRAY] = expr_array(about->statement, column);
	w->at[WORD_INDEX] = expr_index(about->statement, column);
	if (w->at[WORD_INDEX])
		w->at[WORD_OPERAND] =
			words(is_name(w->at[WORD_INDEX]) ? "%s" : "(%s)", w->at[WORD_INDEX]);
	w->at[WORD_POINTER] = find_variable(about);
	w->at[WORD_ADDRESS] = copied(about, class == BPF_LDX);
	if (!w->at[WORD_ADDRESS])
		w->at[WORD_ADDRESS] = expr_address(about->statement, column);
	if (w->at[WORD_POINTER])
		return;
	w->at[WORD_POINTER] = copied(about, class == BPF_LDX);
	if (!w->at[WORD_POINTER])
		w->at[WORD_POINTER] = expr_pointer(about->statement, column);
}

static void find_value(struct words *w, const struct about *about)
{
	if (w->at[WORD_CALL])
		w->at[WORD_VALUE] = copy(w->at[WORD_ARGUMENT]);
	else if (w->at[WORD_POINTER])
		w->at[WORD_VALUE] = copy(w->at[WORD_POINTER]);
	else if (about->value && about->value->kind == TRACE_CONTEXT)
		w->at[WORD_VALUE] = strdup("the context");
	else
		w->at[WORD_VALUE] = find_variable(about);
}

/* What was reserved and not given back: "Unreleased reference id=2 alloc_insn=5". */
static void find_record(struct words *w, const struct about *about)
{
	char *insn = message_number(about->message, "alloc_insn="), *statement = NULL, *called;
	const struct hotprobe *hp = about->program->hp;

	if (insn && verifier_place(about->program, about->code, (uint32_t)strtoul(insn, NULL, 10),
				   &w->origin))
		statement = get_statement(hp, &w->origin);
	for (size_t i = 0; statement && i < hp->table_count; i++) {
		called = words("%s.ringbuf_reserve", hp->tables[i].name);
		if (called && strstr(statement, called)) {
			w->at[WORD_RECORD] = expr_assigned(statement, called);
			w->at[WORD_TABLE] = copy(hp->tables[i].name);
			w->known = words("%s() gave it out here", called);
		}
		free(called);
		if (w->at[WORD_TABLE])
			break;
	}
	free(statement);
	free(insn);
}

static bool begins(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

/* Do functions of that kind get pointers of the process in their context? */
static bool gets_user_pointers(const struct hotprobe_program *program)
{
	static const char *const names[] = {"syscall__", "kprobe__sys_", "tracepoint__syscalls__",
					    "kprobe____x64_sys_", "kprobe____arm64_sys_"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (begins(program->name, names[i]))
			return true;
	return program->plan.view == VIEW_SYSCALL_ENTER ||
	       begins(image_str(&program->hp->image, program->image->context),
		      "struct tracepoint__syscalls__");
}

static const char *pass_of(const struct hotprobe_program *program)
{
	switch (program->plan.type) {
	case BPF_PROG_TYPE_XDP:
		return "XDP_PASS";
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return "TC_ACT_OK";
	default:
		return "0";
	}
}

static bool handles_packets(const struct hotprobe_program *program)
{
	switch (program->plan.type) {
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_SK_SKB:
		return true;
	default:
		return false;
	}
}

static void find_circumstances(struct words *w, const struct about *about)
{
	const struct trace_value *value = about->value;
	uint8_t code = about->insn ? about->insn->code : 0;
	bool is_load = value && value->kind == TRACE_LOAD;
	bool is_task = value && value->kind == TRACE_CALL && value->name.at &&
		       begins(value->name.at, "bpf_get_current_task");

	w->at[WORD_IF_PACKET] = present(handles_packets(about->program));
	w->at[WORD_IF_OVER] = present(w->at[WORD_OVER]);
	w->at[WORD_IF_NEGATIVE] =
		present(about->has_state && about->state.is_signed && about->state.bounded);
	w->at[WORD_IF_CALL] = present(code == (BPF_JMP | BPF_CALL));
	w->at[WORD_IF_EXIT] = present(code == (BPF_JMP | BPF_EXIT));
	w->at[WORD_IF_VARIES] =
		present((about->has_state && about->state.varies) ||
			strstr(about->message, "var_off=(") || strstr(about->message, "variable"));
	w->at[WORD_IF_NULL] = present(about->has_state && about->state.constant &&
				      !about->state.low && !strcmp(about->state.type, "scalar"));
	w->at[WORD_IF_USER] =
		present(is_load && value->from_context && gets_user_pointers(about->program));
	w->at[WORD_IF_KERNEL] = present(is_task);
	w->at[WORD_TYPE] = copy(hotprobe_program_type(about->program));
	w->at[WORD_PASS] = copy(pass_of(about->program));
	w->at[WORD_LICENCE] = about->program->hp->image.facts
				      ? copy(image_str(&about->program->hp->image,
						       about->program->hp->image.facts->license))
				      : NULL;
	if (!w->at[WORD_TABLE])
		w->at[WORD_TABLE] = copy(about->table);
	if (!about->has_state)
		return;
	if (!w->at[WORD_VALUE_SIZE] && about->state.size > 0)
		w->at[WORD_VALUE_SIZE] = words("%" PRId64, about->state.size);
}

/* ": what counts.lookup() returned here"; malloc'ed. */
static char *origin_words(const struct about *about, const struct place *place)
{
	const struct trace_value *value = about->value;
	bool is_changed = value->changed || value->unscaled.at;
	const char *changed = is_changed ? "it was calculated from " : "";
	char *statement, *called, *text = NULL;

	switch (value->kind) {
	case TRACE_CALL:
		statement = get_statement(about->program->hp, place);
		called = value->name.at ? origin_call(about, statement) : NULL;
		if (called)
			text = words(": %swhat %s() returned here", changed, called);
		free(called);
		free(statement);
		break;
	case TRACE_LOAD:
		if (value->from_context && about->program->image->line == place->line)
			text = words(": %san argument of the function", changed);
		else if (value->from_context)
			text = words(is_changed ? ": it was calculated from the context"
						: ": it was read from the context here");
		else
			text = words(is_changed ? ": it was calculated from memory read here"
						: ": it was read from memory here");
		break;
	case TRACE_CONSTANT:
		text = words(": it was set here");
		break;
	default:
		break;
	}
	return text ? text : strdup("");
}

/* "count is a number between 0 and 255: what f() returned here". */
static void tell(struct words *w, const struct about *about, const char *name)
{
	char *state = verifier_state_words(&about->state, about->table), *origin = NULL;
	struct place place = *about->place;

	if (!state)
		return;
	if (place_of_origin(about, &place))
		origin = origin_words(about, &place);
	w->known = words("%s is %s%s", name, state, origin ? origin : "");
	w->origin = place;
	free(origin);
	free(state);
}

/* Of an index that is a variable, that; else of the register. Where a local variable is in the
   stack tells nothing. */
static void find_known(struct words *w, const struct about *about)
{
	const char *name = w->at[WORD_VALUE] ? w->at[WORD_VALUE] : "this value";
	struct about index = *about;

	if (w->known)
		return;
	if (w->at[WORD_INDEX] && about->has_state && about->state.varies) {
		index.value = &about->trace->added[about->number];
		name = w->at[WORD_INDEX];
		if (is_name(name) && index.value->state.at &&
		    verifier_state_read(&index.state, index.value->state))
			tell(w, &index, name);
	} else if (about->has_state && strcmp(about->state.type, "fp") &&
		   strcmp(about->state.type, "ctx")) {
		tell(w, about, name);
	}
}

void verifier_words_find(struct words *w, const struct hotprobe_program *program,
			 const struct bytecode *code, const struct trace *trace,
			 const char *message, const struct place *place)
{
	struct about about = {
		.program = program,
		.code = code,
		.trace = trace,
		.message = message,
		.place = place,
		.statement = get_statement(program->hp, place),
		.insn = trace->reached && trace->insn < code->count ? &code->insns[trace->insn]
								    : NULL,
	};

	*w = (struct words){0};
	about.number = register_of(message, about.insn);
	if (about.number >= 0 && about.number < TRACE_REGISTERS) {
		about.value = &trace->registers[about.number];
		about.has_state = about.value->state.at &&
				  verifier_state_read(&about.state, about.value->state);
	}
	about.called_table = find_called_table(&about);
	about.table = find_table(&about);
	find_in_message(w, &about);
	find_record(w, &about);
	find_arguments(w, &about);
	find_expressions(w, &about);
	find_value(w, &about);
	find_circumstances(w, &about);
	if (about.value && !w->at[WORD_RETURNED])
		find_known(w, &about);
	if (trace->branched)
		w->decided = verifier_place(program, code, trace->branch, &w->decision);
	free(about.statement);
}

void verifier_words_free(struct words *w)
{
	for (int i = 0; i < WORD_COUNT; i++)
		free(w->at[i]);
	free(w->known);
}
