/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_memory.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

/* In front of what the caller gets, which ends where the memory ends. */
struct block {
	alignas(max_align_t) struct block *next, *previous;
};

static struct block all = {&all, &all};
static bool kept;

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
void __wrap_free(void *data);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void __real_free(void *data);

static void *link_block(struct block *block)
{
	if (!block)
		return NULL;
	block->next = all.next;
	block->previous = &all;
	block->next->previous = block->previous->next = block;
	return block + 1;
}

static struct block *unlink_block(void *data)
{
	struct block *block = data ? (struct block *)data - 1 : NULL;

	if (block) {
		block->next->previous = block->previous;
		block->previous->next = block->next;
	}
	return block;
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (!kept)
		return __real_calloc(count, size);
	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(struct block), &bytes))
		return NULL;
	return link_block(__real_calloc(1, bytes));
}

void *__wrap_realloc(void *data, size_t size)
{
	if (!kept)
		return __real_realloc(data, size);
	return link_block(__real_realloc(unlink_block(data), size + sizeof(struct block)));
}

void __wrap_free(void *data)
{
	__real_free(kept ? unlink_block(data) : data);
}

void worker_memory_begin(void)
{
	kept = true;
}

void worker_memory_end(void)
{
	while (all.next != &all)
		__real_free(unlink_block(all.next + 1));
	kept = false;
}
