/* SPDX-License-Identifier: Apache-2.0 */
/* Strings that grow, and memory that is either there or ends the process. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static void *checked(void *data)
{
	if (!data) {
		dprintf(2, "hotprobe-cc: out of memory\n");
		_exit(CC_EXIT_MEMORY);
	}
	return data;
}

void *cc_alloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *cc_realloc(void *data, size_t size)
{
	return checked(realloc(data, size ? size : 1));
}

char *cc_strndup(const char *string, size_t size)
{
	char *copy = cc_alloc(size + 1);

	memcpy(copy, string, size);
	return copy;
}

char *cc_strdup(const char *string)
{
	return cc_strndup(string, strlen(string));
}

void *cc_grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return cc_realloc(array, (count ? count * 2 : 1) * size);
}

static void text_reserve(struct text *t, size_t size)
{
	if (t->size + size + 1 <= t->capacity)
		return;
	t->capacity = (t->size + size + 1) * 2;
	t->data = cc_realloc(t->data, t->capacity);
}

void text_add(struct text *t, const char *data, size_t size)
{
	text_reserve(t, size);
	memcpy(t->data + t->size, data, size);
	t->size += size;
	t->data[t->size] = 0;
}

void text_puts(struct text *t, const char *string)
{
	text_add(t, string, strlen(string));
}

static void text_vprintf(struct text *t, const char *format, va_list args)
{
	va_list again;
	int size;

	va_copy(again, args);
	size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (size < 0)
		return;
	text_reserve(t, (size_t)size);
	vsnprintf(t->data + t->size, (size_t)size + 1, format, args);
	t->size += (size_t)size;
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(t, format, args);
	va_end(args);
}

char *cc_printf(const char *format, ...)
{
	struct text t = {0};
	va_list args;

	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	return t.data ? t.data : cc_strdup("");
}
