/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks that programs recorded: BPF_STACK_TRACE. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

int hotprobe_stack(const struct hotprobe_table *table, int64_t id, uint64_t *addresses, size_t max)
{
	const struct image_table *image = table->image;
	uint32_t key = (uint32_t)id;
	uint64_t *stack;
	size_t count = 0;
	int err = 0;

	if (image->map_type != BPF_MAP_TYPE_STACK_TRACE || image->value_size % sizeof(*stack) ||
	    image->map_flags & BPF_F_STACK_BUILD_ID)
		return fail(table->hp, -EINVAL, "table %s holds no stacks of addresses",
			    table->name);
	if (id < 0)
		return fail(table->hp, (int)id, "the stack was not recorded: %s",
			    strerror((int)-id));
	stack = calloc(1, image->value_size);
	if (!stack)
		return fail(table->hp, -ENOMEM, "out of memory");
	if (id > UINT32_MAX || bpf_map_lookup_elem(table->fd, &key, stack))
		err = fail(table->hp, -ENOENT, "table %s has no stack %lld", table->name,
			   (long long)id);
	/* What the stack does not fill is zero. */
	while (!err && count < image->value_size / sizeof(*stack) && stack[count])
		count++;
	memcpy(addresses, stack, (count < max ? count : max) * sizeof(*stack));
	free(stack);
	return err ? err : (int)count;
}
