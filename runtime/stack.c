/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks that programs recorded: BPF_STACK_TRACE and BPF_STACK_TRACE_BUILDID. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "table.h"

/* As BPF has it, a stack's frames one after the other; what it does not fill is zero. */
struct stack {
	void *frames;
	size_t room; /* frames */
};

/* An extern table is of the kind and flags of the map that stands for it. */
static int check_kind(const struct hotprobe_table *table, bool by_build_id)
{
	bool is_stack = table->map_type == BPF_MAP_TYPE_STACK_TRACE;

	if (is_stack && by_build_id == !!(table->map_flags & BPF_F_STACK_BUILD_ID))
		return table_check_loaded(table);
	if (is_stack)
		return fail(table->hp, -EINVAL, "the stacks of table %s are of %s", table->name,
			    by_build_id ? "addresses: read them with hotprobe_stack()"
					: "places in files: read them with "
					  "hotprobe_stack_frames()");
	return fail(table->hp, -EINVAL, "table %s holds no stacks", table->name);
}

static int read_stack(const struct hotprobe_table *table, int64_t id, size_t frame_size,
		      struct stack *stack)
{
	uint32_t key = (uint32_t)id;

	if (id < 0)
		return fail(table->hp, (int)id, "the stack was not recorded: %s",
			    strerror((int)-id));
	stack->room = table->image->value_size / frame_size;
	stack->frames = calloc(1, table->image->value_size);
	if (!stack->frames)
		return fail(table->hp, -ENOMEM, "out of memory");
	if (id <= UINT32_MAX && !bpf_map_lookup_elem(table->fd, &key, stack->frames))
		return 0;
	free(stack->frames);
	return fail(table->hp, -ENOENT, "table %s has no stack %lld", table->name, (long long)id);
}

int hotprobe_stack(const struct hotprobe_table *table, int64_t id, uint64_t *addresses, size_t max)
{
	int err = check_kind(table, false);
	const uint64_t *frames;
	struct stack stack;
	size_t count = 0;

	if (!err)
		err = read_stack(table, id, sizeof(*frames), &stack);
	if (err)
		return err;
	frames = stack.frames;
	while (count < stack.room && frames[count])
		count++;
	memcpy(addresses, frames, (count < max ? count : max) * sizeof(*frames));
	free(stack.frames);
	return (int)count;
}

static void set_frame(struct hotprobe_frame *frame, const struct bpf_stack_build_id *from)
{
	*frame = (struct hotprobe_frame){.offset = from->offset};
	if (from->status != BPF_STACK_BUILD_ID_VALID)
		return;
	for (size_t i = 0; i < sizeof(from->build_id); i++)
		snprintf(frame->build_id + 2 * i, 3, "%02x", from->build_id[i]);
}

int hotprobe_stack_frames(const struct hotprobe_table *table, int64_t id,
			  struct hotprobe_frame *frames, size_t max)
{
	int err = check_kind(table, true);
	const struct bpf_stack_build_id *from;
	struct stack stack;
	size_t count = 0;

	if (!err)
		err = read_stack(table, id, sizeof(*from), &stack);
	if (err)
		return err;
	for (from = stack.frames; count < stack.room && from[count].status; count++)
		if (count < max)
			set_frame(&frames[count], &from[count]);
	free(stack.frames);
	return (int)count;
}
