/* SPDX-License-Identifier: Apache-2.0 */
#include "alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static _Thread_local struct {
	bool armed, all_after;
	uint64_t calls, nth;
} plan;

void alloc_fail(uint64_t nth, bool all_after)
{
	plan.calls = 0;
	plan.nth = nth;
	plan.all_after = all_after;
	plan.armed = true;
}

uint64_t alloc_stop(void)
{
	plan.armed = false;
	return plan.calls;
}

#ifdef __SANITIZE_ADDRESS__
bool alloc_can_fail(void)
{
	return false;
}

int64_t alloc_blocks(void)
{
	return 0;
}
#else
/* glibc's own, under the names by which a replacement reaches them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *block);

static _Atomic int64_t blocks;

bool alloc_can_fail(void)
{
	return true;
}

int64_t alloc_blocks(void)
{
	return atomic_load(&blocks);
}

static bool fails(void)
{
	if (!plan.armed)
		return false;
	plan.calls++;
	if (!plan.nth || plan.calls < plan.nth || (plan.calls > plan.nth && !plan.all_after))
		return false;
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	if (block)
		atomic_fetch_add(&blocks, 1);
	return block;
}

void *malloc(size_t size)
{
	return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	void *moved;

	if (fails())
		return NULL;
	moved = __libc_realloc(block, size);
	if (!block)
		return counted(moved);
	if (!size && !moved)
		atomic_fetch_sub(&blocks, 1);
	return moved;
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	*block = memalign(alignment, size);
	return *block ? 0 : ENOMEM;
}

void free(void *block)
{
	if (block)
		atomic_fetch_sub(&blocks, 1);
	__libc_free(block);
}
#endif
