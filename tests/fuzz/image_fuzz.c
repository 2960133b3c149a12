/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an image: the reader must refuse what is damaged, and everything that it accepts
 * must be usable without a further check: values of every type are read out of bytes, and every
 * line of line info is looked up.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void read_all(const struct hotprobe_value *value, int depth)
{
	struct hotprobe_value member;

	for (size_t i = 0; depth < 8 && i < 16 && !hotprobe_member(value, i, &member); i++)
		read_all(&member, depth + 1);
}

static void read_types(const struct image *img)
{
	static char bytes[1 << 16];
	uint32_t count = img->count[IMAGE_TYPES];
	struct hotprobe_type *types = calloc(count + 1, sizeof(*types));
	struct hotprobe_value value;

	for (uint32_t i = 0; types && i < count; i++)
		types[i] = (struct hotprobe_type){.image = img, .index = i};
	for (uint32_t i = 0; types && i < count && i < 64; i++) {
		size_t size = hotprobe_type_size(&types[i]);

		/* Exactly as large as the type: one byte beyond is a finding. */
		char *exact = size <= sizeof(bytes) ? malloc(size) : NULL;

		if (!exact)
			continue;
		memset(exact, 0xa5, size);
		if (!hotprobe_read(&types[i], exact, size, &value))
			read_all(&value, 0);
		hotprobe_field(&types[i], exact, size, "a.b[1].c", &value);
		free(exact);
	}
	free(types);
}

static void read_lines(const struct image *img)
{
	uint32_t indent;

	for (uint32_t i = 0; i < img->count[IMAGE_LINE_INFO] && i < 64; i++) {
		const char *file = image_btf_string(img, img->line_info[i].file_name_off);

		if (file)
			image_line_text(img, file, img->line_info[i].line_col >> 10, &indent);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = malloc(size ? size : 1); /* malloc: aligned to 8, and guarded by ASan */
	const char *why;
	struct image img;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (!image_parse(&img, copy, size, &why)) {
		read_types(&img);
		read_lines(&img);
	}
	free(copy);
	return 0;
}
