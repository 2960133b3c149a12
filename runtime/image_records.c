/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of images have in common. */
#include <linux/bpf.h>

#include "image.h"

const size_t image_record_size[IMAGE_SECTION_KINDS] = {
	[IMAGE_STRINGS] = 1,
	[IMAGE_DIAGS] = sizeof(struct image_diag),
	[IMAGE_TABLES] = sizeof(struct image_table),
	[IMAGE_PROGRAMS] = sizeof(struct image_program),
	[IMAGE_INSNS] = sizeof(struct bpf_insn),
	[IMAGE_FUNC_INFO] = sizeof(struct bpf_func_info),
	[IMAGE_LINE_INFO] = sizeof(struct bpf_line_info),
	[IMAGE_BTF] = 1,
	[IMAGE_TYPES] = sizeof(struct image_type),
	[IMAGE_MEMBERS] = sizeof(struct image_member),
	[IMAGE_ENUMERATORS] = sizeof(struct image_enumerator),
	[IMAGE_FACTS] = sizeof(struct image_facts),
	[IMAGE_TOOLS] = sizeof(struct image_tool),
	[IMAGE_TARGETS] = sizeof(struct image_target),
	[IMAGE_USES] = sizeof(struct image_use),
};
