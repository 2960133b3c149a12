/* SPDX-License-Identifier: Apache-2.0 */
/* Reads images. The bytes may be hostile: every offset, count and index is checked here, once. */
#include "image.h"

#include <endian.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

static bool good_string(const struct image *img, uint32_t string)
{
	return string < img->count[IMAGE_STRINGS];
}

/* An index stored plus one, 0 for none. */
static bool good_optional(const struct image *img, enum image_section_kind kind, uint32_t index)
{
	return index <= img->count[kind];
}

static bool good_range(const struct image *img, enum image_section_kind kind, uint32_t first,
		       uint32_t count)
{
	return (uint64_t)first + count <= img->count[kind];
}

/* Records that belong to one owner each. Were they shared, checking them for all who do could take
   as long as the image is large, squared. */
static bool good_share(const struct image *img, enum image_section_kind kind, uint64_t *used,
		       uint32_t first, uint32_t count)
{
	*used += count;
	return good_range(img, kind, first, count) && *used <= img->count[kind];
}

static const char *check_diags(const struct image *img)
{
	for (uint32_t i = 0; i < img->count[IMAGE_DIAGS]; i++) {
		const struct image_diag *d = &img->diags[i];

		if (d->severity > 2)
			return "a diagnostic has an unknown severity";
		if (!good_string(img, d->file) || !good_string(img, d->text) ||
		    !good_string(img, d->hint))
			return "a diagnostic's string is out of range";
	}
	return NULL;
}

static const char *check_tables(const struct image *img)
{
	for (uint32_t i = 0; i < img->count[IMAGE_TABLES]; i++) {
		const struct image_table *t = &img->tables[i];

		if (!good_string(img, t->name) || !good_string(img, t->kind) ||
		    !good_string(img, t->pin) || !good_string(img, t->file))
			return "a table's string is out of range";
		if (!good_optional(img, IMAGE_TABLES, t->inner) || t->inner == i + 1)
			return "a table's inner table is out of range";
		if (!good_optional(img, IMAGE_TYPES, t->key_type) ||
		    !good_optional(img, IMAGE_TYPES, t->value_type) ||
		    !good_optional(img, IMAGE_TYPES, t->event_type))
			return "a table's type is out of range";
	}
	return NULL;
}

/* An instruction of two: a table's index, or a number. */
static const char *check_wide_insn(const struct image *img, const struct bpf_insn *insn,
				   uint32_t left)
{
	if (left < 2 || insn[1].code || insn[1].dst_reg || insn[1].src_reg)
		return "a program has half an instruction";
	if (insn->src_reg == BPF_PSEUDO_MAP_FD && (uint32_t)insn->imm >= img->count[IMAGE_TABLES])
		return "an instruction's table is out of range";
	if (insn->src_reg && insn->src_reg != BPF_PSEUDO_MAP_FD)
		return "an instruction loads what an image cannot hold";
	return NULL;
}

/* Registers and tables are in range; what else is wrong with the code is the verifier's to say. */
static const char *check_insns(const struct image *img, const struct image_program *p)
{
	const struct bpf_insn *insn = img->insns + p->first_insn;

	for (uint32_t i = 0; i < p->insn_count; i++) {
		const char *why;

		if (insn[i].dst_reg > BPF_REG_10 || insn[i].src_reg > BPF_REG_10)
			return "an instruction's register is out of range";
		if (insn[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		why = check_wide_insn(img, &insn[i], p->insn_count - i);
		if (why)
			return why;
		i++;
	}
	return NULL;
}

/* The kernel wants the offsets of line and function info within the program and ascending. */
static const char *check_info(const struct image *img, const struct image_program *p)
{
	const struct bpf_line_info *line = img->line_info + p->first_line_info;
	const struct bpf_func_info *func = img->func_info + p->first_func_info;

	for (uint32_t i = 0; i < p->line_info_count; i++)
		if (line[i].insn_off >= p->insn_count ||
		    (i && line[i].insn_off <= line[i - 1].insn_off))
			return "a program's line info is out of order";
	for (uint32_t i = 0; i < p->func_info_count; i++)
		if (func[i].insn_off >= p->insn_count ||
		    (i && func[i].insn_off <= func[i - 1].insn_off))
			return "a program's function info is out of order";
	return NULL;
}

static const char *check_programs(const struct image *img)
{
	uint64_t insns = 0, func_info = 0, line_info = 0;

	for (uint32_t i = 0; i < img->count[IMAGE_PROGRAMS]; i++) {
		const struct image_program *p = &img->programs[i];
		const char *why;

		if (!good_string(img, p->name) || !good_string(img, p->context) ||
		    !good_string(img, p->file))
			return "a program's string is out of range";
		if (!p->insn_count ||
		    !good_share(img, IMAGE_INSNS, &insns, p->first_insn, p->insn_count))
			return "a program's instructions are out of range";
		if (!good_share(img, IMAGE_FUNC_INFO, &func_info, p->first_func_info,
				p->func_info_count) ||
		    !good_share(img, IMAGE_LINE_INFO, &line_info, p->first_line_info,
				p->line_info_count))
			return "a program's line info is out of range";
		why = check_insns(img, p);
		if (!why)
			why = check_info(img, p);
		if (why)
			return why;
	}
	return NULL;
}

static const char *check_uses(const struct image *img)
{
	for (uint32_t i = 0; i < img->count[IMAGE_USES]; i++) {
		const struct image_use *use = &img->uses[i];

		if (use->kind >= IMAGE_USE_KINDS)
			return "a use of the kernel is of an unknown kind";
		if (!good_string(img, use->name) || !good_string(img, use->member) ||
		    !good_string(img, use->was) || !good_string(img, use->file))
			return "a string of a use of the kernel is out of range";
	}
	return NULL;
}

static const char *check_facts(const struct image *img)
{
	if (img->count[IMAGE_FACTS] != 1 || !img->count[IMAGE_PROGRAMS])
		return "a part is missing";
	if (!good_string(img, img->facts->release) || !good_string(img, img->facts->license) ||
	    !good_string(img, img->facts->kernel_id) || !good_string(img, img->facts->machine))
		return "the kernel's name is out of range";
	for (uint32_t i = 0; i < img->count[IMAGE_TOOLS]; i++)
		if (!good_string(img, img->tools[i].path))
			return "a tool's path is out of range";
	for (uint32_t i = 0; i < img->count[IMAGE_TARGETS]; i++)
		if (!good_string(img, img->targets[i].spec) ||
		    img->targets[i].program >= img->count[IMAGE_PROGRAMS])
			return "a function's target is out of range";
	return check_uses(img);
}

static const char *check_content(const struct image *img)
{
	const char *why;

	if (!img->count[IMAGE_STRINGS] || img->strings[0] ||
	    img->strings[img->count[IMAGE_STRINGS] - 1])
		return "the strings are damaged";
	why = check_diags(img);
	if (!why)
		why = check_tables(img);
	if (!why)
		why = check_programs(img);
	if (!why && (img->flags & IMAGE_F_COMPILED))
		why = check_facts(img);
	return why;
}

/* Where the pointer to that section's records is in img. */
static const void **section_at(struct image *img, uint32_t kind)
{
	const void **pointers[IMAGE_SECTION_KINDS] = {
		[IMAGE_STRINGS] = (const void **)&img->strings,
		[IMAGE_DIAGS] = (const void **)&img->diags,
		[IMAGE_TABLES] = (const void **)&img->tables,
		[IMAGE_PROGRAMS] = (const void **)&img->programs,
		[IMAGE_INSNS] = (const void **)&img->insns,
		[IMAGE_FUNC_INFO] = (const void **)&img->func_info,
		[IMAGE_LINE_INFO] = (const void **)&img->line_info,
		[IMAGE_BTF] = &img->btf,
		[IMAGE_TYPES] = (const void **)&img->types,
		[IMAGE_MEMBERS] = (const void **)&img->members,
		[IMAGE_ENUMERATORS] = (const void **)&img->enumerators,
		[IMAGE_FACTS] = (const void **)&img->facts,
		[IMAGE_TOOLS] = (const void **)&img->tools,
		[IMAGE_TARGETS] = (const void **)&img->targets,
		[IMAGE_USES] = (const void **)&img->uses,
	};

	return pointers[kind];
}

const void *image_section(const struct image *img, enum image_section_kind kind)
{
	struct image copy = *img;

	return *section_at(&copy, kind);
}

static const char *find_sections(struct image *img, const struct image_header *header)
{
	const struct image_section *section = (const void *)(header + 1);
	uint64_t start = sizeof(*header) + (uint64_t)header->section_count * sizeof(*section);

	if (header->section_count >= IMAGE_SECTION_KINDS || start > img->size)
		return "the list of sections is damaged";
	/* A section that is absent has no records, but a place: nothing is counted from NULL. */
	for (uint32_t kind = 1; kind < IMAGE_SECTION_KINDS; kind++)
		*section_at(img, kind) = img->data;
	for (uint32_t i = 0; i < header->section_count; i++) {
		const struct image_section *s = &section[i];

		if (!s->kind || s->kind >= IMAGE_SECTION_KINDS || img->count[s->kind])
			return "a section's kind is unknown or there twice";
		if (s->offset % 8 || s->offset > img->size || s->size > img->size - s->offset)
			return "a section lies outside the image";
		if (s->offset < start)
			return "a section overlaps what is before it";
		if (s->size != (uint64_t)s->count * image_record_size[s->kind])
			return "a section's size does not match its records";
		img->count[s->kind] = s->count;
		*section_at(img, s->kind) = (const char *)img->data + s->offset;
		start = s->offset + s->size;
	}
	return NULL;
}

int image_parse(struct image *img, const void *data, size_t size, const char **why)
{
	const struct image_header *header = data;

	memset(img, 0, sizeof(*img));
	img->data = data;
	img->size = size;
	*why = "it is no image";
	if (size >= sizeof(*header) && header->magic == htobe32(IMAGE_MAGIC)) {
		*why = "its numbers are big-endian, those of an image are little-endian";
		return -ENOTSUP;
	}
	if (size < sizeof(*header) || header->magic != htole32(IMAGE_MAGIC))
		return -EINVAL;
	if (header->version != htole32(IMAGE_VERSION)) {
		*why = le32toh(header->version) > IMAGE_VERSION
			       ? "it is of a newer version of the format, of a newer hotprobe"
			       : "it is of an older version of the format, of an older hotprobe";
		return -ENOTSUP;
	}
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		*why = "it is for little-endian machines";
		return -ENOTSUP;
	}
	if (header->size != size) {
		*why = "it is cut short";
		return -EINVAL;
	}
	img->flags = header->flags;
	*why = find_sections(img, header);
	if (!*why)
		*why = check_content(img);
	return *why ? -EINVAL : image_check_types(img, why);
}
