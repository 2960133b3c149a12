/* SPDX-License-Identifier: Apache-2.0 */
/* Finds stack ids by their names, and turns them into functions. */
#include "stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

enum { MAX_FRAMES = 1024 };

static bool holds_stacks(const struct hotprobe_table *table)
{
	return !strcmp(hotprobe_table_kind(table), "stacktrace");
}

bool stack_table_exists(const struct hotprobe *hp)
{
	for (size_t i = 0; i < hotprobe_table_count(hp); i++)
		if (holds_stacks(hotprobe_table_at(hp, i)))
			return true;
	return false;
}

bool stack_is_id(struct hotprobe *hp, const struct hotprobe_value *member)
{
	if (member->kind != HOTPROBE_INT || member->size < 4 || member->bit_size)
		return false;
	if (!strcasestr(member->name, "stack") && !strcasestr(member->name, "stkid"))
		return false;
	return stack_table_exists(hp);
}

pid_t stack_process(struct hotprobe *hp, const struct hotprobe_value *whole)
{
	static const char *const names[] = {"tgid", "pid"};
	struct hotprobe_value member;

	for (size_t n = 0; whole && n < sizeof(names) / sizeof(*names); n++)
		for (size_t i = 0; value_is_aggregate(whole) && !hotprobe_member(whole, i, &member);
		     i++)
			if (member.kind == HOTPROBE_INT && !strcmp(member.name, names[n]))
				/* Some keep all of bpf_get_current_pid_tgid(). */
				return (pid_t)(member.u >> 32 && member.size == 8 ? member.u >> 32
										  : member.u);
	return hotprobe_command_pid(hp);
}

/* ---- Ids ----------------------------------------------------------------------------------- */

/* Negative ids are errnos of get_stackid(). */
static int64_t id_of(const struct hotprobe_value *id)
{
	return id->size == 4 ? (int32_t)id->u : (int64_t)id->u;
}

const char *stack_missed(const struct hotprobe_value *id)
{
	/* EFAULT: there was none, as of the kernel while user code ran. */
	return id_of(id) < 0 && id_of(id) != -EFAULT ? strerror((int)-id_of(id)) : NULL;
}

/* The calls of a stack: addresses or, of a BPF_STACK_TRACE_BUILDID, places in files. */
struct calls {
	uint64_t addresses[MAX_FRAMES];
	struct hotprobe_frame *places; /* NULL: they are addresses */
	int count;
};

static int read_table(const struct hotprobe_table *table, int64_t id, struct calls *calls)
{
	int count = hotprobe_stack(table, id, calls->addresses, MAX_FRAMES);

	if (count != -EINVAL || id < 0)
		return count;
	calls->places = calloc(MAX_FRAMES, sizeof(*calls->places));
	count = calls->places ? hotprobe_stack_frames(table, id, calls->places, MAX_FRAMES)
			      : -ENOMEM;
	if (count < 0) {
		free(calls->places);
		calls->places = NULL;
	}
	return count;
}

/* Reads from the first table that has the stack; where there are several, one whose name shares
   "user" or "kern" with the member comes first. */
static void read_stack(struct hotprobe *hp, const struct hotprobe_value *id, struct calls *calls)
{
	const char *side = strcasestr(id->name, "user")	  ? "user"
			   : strcasestr(id->name, "kern") ? "kern"
							  : "";
	int count = -1;

	calls->places = NULL;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < hotprobe_table_count(hp) && count < 0; i++) {
			const struct hotprobe_table *table = hotprobe_table_at(hp, i);

			if (holds_stacks(table) &&
			    (pass || strcasestr(hotprobe_table_name(table), side)))
				count = read_table(table, id_of(id), calls);
		}
	calls->count = count < 0 ? 0 : count > MAX_FRAMES ? MAX_FRAMES : count;
}

static int find_symbol(struct hotprobe *hp, pid_t pid, const struct stack_frame *frame,
		       uint64_t inside, struct hotprobe_symbol *symbol)
{
	if (*frame->build_id)
		return hotprobe_symbol_build_id(hp, frame->build_id, inside, symbol);
	if (frame->kernel)
		return hotprobe_symbol_kernel(hp, inside, symbol);
	return pid ? hotprobe_symbol_user(hp, pid, inside, symbol) : -ESRCH;
}

static void give_frame(struct hotprobe *hp, pid_t pid, const struct calls *calls, size_t index,
		       stack_frame_fn fn, void *ctx)
{
	struct hotprobe_symbol symbol;
	struct stack_frame frame = {.build_id = ""};

	if (calls->places) {
		frame.address = calls->places[index].offset;
		frame.build_id = calls->places[index].build_id;
	} else {
		frame.address = calls->addresses[index];
	}
	frame.kernel = frame.address >> 63;
	/* All but the innermost are where a call returns to: maybe the next function. */
	if (!find_symbol(hp, pid, &frame, frame.address - (index ? 1 : 0), &symbol))
		frame.symbol = &symbol;
	fn(ctx, &frame);
}

size_t stack_each(struct hotprobe *hp, const struct hotprobe_value *id, pid_t pid, bool outermost,
		  stack_frame_fn fn, void *ctx)
{
	struct calls calls;
	size_t count;

	read_stack(hp, id, &calls);
	count = (size_t)calls.count;
	for (size_t i = 0; i < count; i++)
		give_frame(hp, pid, &calls, outermost ? count - 1 - i : i, fn, ctx);
	free(calls.places);
	return count;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void stack_frame_name(struct text *text, const struct stack_frame *frame)
{
	const struct hotprobe_symbol *symbol = frame->symbol;

	if (symbol && *symbol->name) {
		text_escaped(text, symbol->name, strlen(symbol->name), 0);
	} else if (symbol && *symbol->module) {
		const char *name = base_name(symbol->module);

		text_char(text, '[');
		text_escaped(text, name, strlen(name), 0);
		text_char(text, ']');
	} else {
		text_format(text, "0x%llx", (unsigned long long)frame->address);
	}
}

struct one_line {
	struct text *text;
	bool any;
};

static void add_name(void *ctx, const struct stack_frame *frame)
{
	struct one_line *line = ctx;

	if (line->any)
		text_char(line->text, ';');
	line->any = true;
	stack_frame_name(line->text, frame);
}

void stack_text(struct text *text, struct hotprobe *hp, const struct hotprobe_value *id, pid_t pid)
{
	struct one_line line = {.text = text};

	stack_each(hp, id, pid, false, add_name, &line);
}

static void frame_line(void *ctx, const struct stack_frame *frame)
{
	const struct hotprobe_symbol *symbol = frame->symbol;
	struct text *text = ctx;

	text_string(text, "    ");
	stack_frame_name(text, frame);
	if (symbol && *symbol->name)
		text_format(text, "+0x%llx", (unsigned long long)symbol->offset);
	else if (symbol && *symbol->module)
		text_format(text, " 0x%llx", (unsigned long long)symbol->address);
	if (symbol && *symbol->name && !frame->kernel && *symbol->module) {
		const char *module = base_name(symbol->module);

		text_string(text, " [");
		text_escaped(text, module, strlen(module), 0);
		text_char(text, ']');
	}
	text_char(text, '\n');
}

void stack_lines(struct text *text, struct hotprobe *hp, const struct hotprobe_value *value,
		 pid_t pid)
{
	struct hotprobe_value member;
	const char *missed;

	if (value_is_aggregate(value)) {
		for (size_t i = 0; !hotprobe_member(value, i, &member); i++)
			stack_lines(text, hp, &member, pid);
		return;
	}
	if (!stack_is_id(hp, value) || stack_each(hp, value, pid, false, frame_line, text))
		return;
	missed = stack_missed(value);
	if (missed)
		text_format(text, "    [no %s: %s]\n", value->name, missed);
}
