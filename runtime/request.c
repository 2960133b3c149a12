/* SPDX-License-Identifier: Apache-2.0 */
/* Both directions of a request: the library appends records, the compiler process walks them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* A payload's closing NUL and the padding that follows it are not counted in its size. */
static size_t stored_size(size_t payload)
{
	return (payload + 1 + 3) & ~(size_t)3;
}

static int leading_strings(uint32_t kind)
{
	switch (kind) {
	case REQUEST_SOURCE:
	case REQUEST_FILE:
		return 1;
	case REQUEST_TRACEPOINT:
		return 2;
	default:
		return 0;
	}
}

static char *request_grow(struct request *r, size_t size)
{
	size_t need = r->size + size, capacity = r->capacity ? r->capacity : 4096;
	char *data;

	if (r->failed)
		return NULL;
	if (need > r->capacity) {
		while (capacity < need)
			capacity *= 2;
		data = realloc(r->data, capacity);
		if (!data) {
			r->failed = -ENOMEM;
			return NULL;
		}
		r->data = data;
		r->capacity = capacity;
	}
	data = r->data + r->size;
	r->size = need;
	return data;
}

void request_add(struct request *r, enum request_kind kind, const char *first, const char *second,
		 const void *last, size_t last_size)
{
	size_t first_size = first ? strlen(first) + 1 : 0;
	size_t second_size = second ? strlen(second) + 1 : 0;
	size_t payload = first_size + second_size + last_size;
	struct request_record record = {.kind = kind, .size = (uint32_t)payload};
	size_t stored = stored_size(payload);
	char *at;

	if (payload > UINT32_MAX - 8) {
		r->failed = -ENOMEM;
		return;
	}
	at = request_grow(r, sizeof(record) + stored);
	if (!at)
		return;
	memcpy(at, &record, sizeof(record));
	at += sizeof(record);
	memset(at + payload, 0, stored - payload);
	if (first_size)
		memcpy(at, first, first_size);
	if (second_size)
		memcpy(at + first_size, second, second_size);
	if (last_size)
		memcpy(at + first_size + second_size, last, last_size);
}

const struct request_record *request_next(const void *data, size_t size, size_t *position,
					  const char *strings[2], const char **last,
					  size_t *last_size)
{
	const struct request_record *record;
	const char *text, *end, *nul;
	size_t left;
	int i, count;

	strings[0] = strings[1] = NULL;
	if (*position > size || size - *position < sizeof(*record))
		return NULL;
	record = (const void *)((const char *)data + *position);
	left = size - *position - sizeof(*record);
	if (record->kind < REQUEST_SOURCE || record->kind >= REQUEST_END)
		return NULL;
	if (record->size >= left || stored_size(record->size) > left)
		return NULL;
	text = (const char *)(record + 1);
	end = text + record->size;
	if (*end)
		return NULL;
	count = leading_strings(record->kind);
	for (i = 0; i < count; i++) {
		nul = memchr(text, 0, (size_t)(end - text));
		if (!nul)
			return NULL;
		strings[i] = text;
		text = nul + 1;
	}
	*last = text;
	*last_size = (size_t)(end - text);
	*position += sizeof(*record) + stored_size(record->size);
	return record;
}
