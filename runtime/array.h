/* SPDX-License-Identifier: Apache-2.0 */
/* A growable array of any type: ARRAY(int) a = {0}; if (array_push(&a, 3)) return -ENOMEM; */
#ifndef HOTPROBE_ARRAY_H
#define HOTPROBE_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

#define ARRAY(type)                                                                                \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t count, capacity;                                                            \
	}

/* Room for one more element: 0, or -1 if memory is out. */
static inline int array_grow(void **at, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 8;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*at, more, size);
	if (!grown)
		return -1;
	*at = grown;
	*capacity = more;
	return 0;
}

#define array_push(a, ...)                                                                         \
	(array_grow((void **)&(a)->at, (a)->count, &(a)->capacity, sizeof(*(a)->at))               \
		 ? -1                                                                              \
		 : ((a)->at[(a)->count++] = __VA_ARGS__, 0))

#define array_free(a) (free((a)->at), (a)->at = NULL, (a)->count = (a)->capacity = 0)

#endif
