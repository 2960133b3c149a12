/* SPDX-License-Identifier: Apache-2.0 */
/* Collects the records of an image and lays them out as one byte string. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

static size_t align8(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

uint32_t image_add(struct image_writer *w, enum image_section_kind kind, const void *records,
		   size_t size, size_t count)
{
	size_t start = w->section[kind].size, bytes, need, capacity;
	char *data;

	if (w->failed || !count)
		return (uint32_t)(start / size);
	if (__builtin_mul_overflow(size, count, &bytes) ||
	    __builtin_add_overflow(start, bytes, &need) || need > INT32_MAX) {
		w->failed = -ENOMEM;
		return 0;
	}
	if (need > w->section[kind].capacity) {
		capacity = need < 256 ? 256 : need * 2;
		data = realloc(w->section[kind].data, capacity);
		if (!data) {
			w->failed = -ENOMEM;
			return 0;
		}
		w->section[kind].data = data;
		w->section[kind].capacity = capacity;
	}
	memcpy(w->section[kind].data + start, records, bytes);
	w->section[kind].size = need;
	return (uint32_t)(start / size);
}

uint32_t image_add_string(struct image_writer *w, const char *string)
{
	const char *data, *end, *at;
	size_t size;

	if (!w->section[IMAGE_STRINGS].size)
		image_add(w, IMAGE_STRINGS, "", 1, 1);
	if (!string || !*string || w->failed)
		return 0;
	size = strlen(string) + 1;
	data = w->section[IMAGE_STRINGS].data;
	end = data + w->section[IMAGE_STRINGS].size;
	/* The tail of a longer string will do, too. */
	at = memmem(data, (size_t)(end - data), string, size);
	if (at)
		return (uint32_t)(at - data);
	return image_add(w, IMAGE_STRINGS, string, 1, size);
}

void image_add_diag(struct image_writer *w, int severity, const char *file, unsigned line,
		    unsigned column, const char *text, const char *hint)
{
	struct image_diag diag = {
		.severity = (uint32_t)severity,
		.file = image_add_string(w, file),
		.line = line,
		.column = column,
		.text = image_add_string(w, text),
		.hint = image_add_string(w, hint),
	};

	image_add(w, IMAGE_DIAGS, &diag, sizeof(diag), 1);
}

int image_write(const struct image_writer *w, void **data, size_t *size)
{
	struct image_header header = {
		.magic = IMAGE_MAGIC,
		.version = IMAGE_VERSION,
		.flags = w->flags,
	};
	struct image_section section;
	size_t total, at;
	uint32_t kind;
	char *out;

	if (w->failed)
		return w->failed;
	for (kind = 1; kind < IMAGE_SECTION_KINDS; kind++)
		if (w->section[kind].size)
			header.section_count++;
	total = sizeof(header) + header.section_count * sizeof(section);
	for (kind = 1; kind < IMAGE_SECTION_KINDS; kind++)
		total += align8(w->section[kind].size);
	header.size = total;
	out = calloc(1, total);
	if (!out)
		return -ENOMEM;
	memcpy(out, &header, sizeof(header));
	at = sizeof(header) + header.section_count * sizeof(section);
	header.section_count = 0;
	for (kind = 1; kind < IMAGE_SECTION_KINDS; kind++) {
		if (!w->section[kind].size)
			continue;
		section = (struct image_section){
			.kind = kind,
			.count = (uint32_t)(w->section[kind].size / image_record_size[kind]),
			.offset = at,
			.size = w->section[kind].size,
		};
		memcpy(out + sizeof(header) + header.section_count++ * sizeof(section), &section,
		       sizeof(section));
		memcpy(out + at, w->section[kind].data, section.size);
		at += align8(section.size);
	}
	*data = out;
	*size = total;
	return 0;
}

void image_writer_free(struct image_writer *w)
{
	uint32_t kind;

	for (kind = 0; kind < IMAGE_SECTION_KINDS; kind++)
		free(w->section[kind].data);
	memset(w, 0, sizeof(*w));
}
