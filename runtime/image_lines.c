/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the source, as the line info of an image has them. */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>

#include "image.h"

const char *image_btf_string(const struct image *img, uint32_t offset)
{
	const struct btf_header *header = img->btf;
	const char *strings;
	uint64_t start;

	if (img->count[IMAGE_BTF] < sizeof(*header))
		return NULL;
	start = (uint64_t)header->hdr_len + header->str_off;
	if (start + header->str_len > img->count[IMAGE_BTF] || offset >= header->str_len)
		return NULL;
	strings = (const char *)img->btf + start;
	return memchr(strings + offset, 0, header->str_len - offset) ? strings + offset : NULL;
}

const char *image_line_text(const struct image *img, const char *file, uint32_t line,
			    uint32_t *indent)
{
	const char *text = NULL;

	*indent = 0;
	for (uint32_t i = 0; i < img->count[IMAGE_LINE_INFO]; i++) {
		const struct bpf_line_info *info = &img->line_info[i];
		uint32_t column = BPF_LINE_INFO_LINE_COL(info->line_col);
		const char *name;

		if (BPF_LINE_INFO_LINE_NUM(info->line_col) != line)
			continue;
		name = image_btf_string(img, info->file_name_off);
		if (!name || strcmp(name, file))
			continue;
		if (column && (!text || column - 1 < *indent))
			*indent = column - 1;
		text = image_btf_string(img, info->line_off);
	}
	return text;
}
