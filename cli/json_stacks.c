/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --json: the stacks behind stack ids, "stacks":{PATH:[FRAME,...]}, the innermost frame first.
 *
 *     {"address":"0x55d0c0de1234","function":"f","offset":4,"module":"/bin/x"}
 *         without function and offset, or module, where they are not known; of a
 *         BPF_STACK_TRACE_BUILDID, "build_id" and "file_offset" in place of the address
 */
#include <string.h>

#include "json.h"
#include "stacks.h"
#include "value.h"

struct stacks {
	struct output *out;
	struct hotprobe *hp;
	pid_t pid;
	bool any, frames; /* there was one already, of stacks and of frames in this one */
};

static void add_frame(void *ctx, const struct stack_frame *frame)
{
	const struct hotprobe_symbol *symbol = frame->symbol;
	struct stacks *stacks = ctx;
	struct output *out = stacks->out;

	text_string(&out->buffer, stacks->frames ? ",{" : "{");
	stacks->frames = true;
	if (*frame->build_id)
		text_format(&out->buffer, "\"build_id\":\"%s\",\"file_offset\":\"0x%llx\"",
			    frame->build_id, (unsigned long long)frame->address);
	else
		text_format(&out->buffer, "\"address\":\"0x%llx\"",
			    (unsigned long long)frame->address);
	if (symbol && *symbol->name) {
		text_char(&out->buffer, ',');
		json_key(out, "function");
		json_text(out, symbol->name, strlen(symbol->name));
		text_format(&out->buffer, ",\"offset\":%llu", (unsigned long long)symbol->offset);
	}
	if (symbol && *symbol->module) {
		text_char(&out->buffer, ',');
		json_key(out, "module");
		json_text(out, symbol->module, strlen(symbol->module));
	}
	text_char(&out->buffer, '}');
}

static void add_stack(void *ctx, const struct hotprobe_value *leaf, const char *path)
{
	struct stacks *stacks = ctx;
	struct output *out = stacks->out;

	if (!stack_is_id(stacks->hp, leaf))
		return;
	text_string(&out->buffer, stacks->any ? "," : ",\"stacks\":{");
	stacks->any = true;
	json_key(out, path);
	text_char(&out->buffer, '[');
	stacks->frames = false;
	stack_each(stacks->hp, leaf, stacks->pid, false, add_frame, stacks);
	text_char(&out->buffer, ']');
}

void json_stacks(struct output *out, const struct hotprobe_value *key,
		 const struct hotprobe_value *value)
{
	struct stacks stacks = {.out = out, .hp = out->hp};

	if (!out->hp)
		return;
	stacks.pid = stack_process(out->hp, key ? key : value);
	if (key)
		value_each_leaf(key, "key", add_stack, &stacks);
	if (value)
		value_each_leaf(value, "value", add_stack, &stacks);
	if (stacks.any)
		text_char(&out->buffer, '}');
}
