/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an image: the reader must refuse what is damaged, and everything that it accepts
 * must be usable without a further check: values of every type are read out of bytes, every line
 * of line info is looked up. What was read and is written again reads the same.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"

enum {
	TYPES_READ = 64,
	BYTES_READ = 4096, /* the largest type that is read out of bytes */
	MEMBERS_READ = 16, /* of each struct or array */
};

/* ---- The seed: every kind of record ---- */

static void add_types(struct image_writer *w)
{
	const struct image_type types[] = {
		{.kind = IMAGE_TYPE_VOID},
		{.kind = IMAGE_TYPE_INT, .size = 4, .encoding = IMAGE_INT_SIGNED},
		{.kind = IMAGE_TYPE_INT, .size = 1, .encoding = IMAGE_INT_CHAR},
		{.kind = IMAGE_TYPE_ARRAY, .size = 16, .ref = 2, .count = 16},
		{.kind = IMAGE_TYPE_POINTER, .size = 8, .ref = 6},
		{.kind = IMAGE_TYPE_ENUM, .size = 4, .count = 2},
		{.kind = IMAGE_TYPE_STRUCT,
		 .size = 32,
		 .count = 4,
		 .name = image_add_string(w, "event_t")},
		{.kind = IMAGE_TYPE_TYPEDEF, .size = 32, .ref = 6},
		{.kind = IMAGE_TYPE_FLOAT, .size = 8},
		{.kind = IMAGE_TYPE_UNION, .size = 8, .first = 4, .count = 1},
		{.kind = IMAGE_TYPE_INT, .size = 16},
		{.kind = IMAGE_TYPE_INT, .size = 1, .encoding = IMAGE_INT_BOOL},
	};
	const struct image_member members[] = {
		{.type = 1, .name = image_add_string(w, "a")},
		{.type = 3, .name = image_add_string(w, "b"), .bit_offset = 32},
		{.type = 5, .bit_offset = 160, .bit_size = 3},
		{.type = 4, .name = image_add_string(w, "c"), .bit_offset = 192},
		{.type = 8},
	};
	const struct image_enumerator enumerators[] = {{.name = image_add_string(w, "NONE")},
						       {.value = (uint64_t)-1}};

	image_add(w, IMAGE_TYPES, types, sizeof(*types), sizeof(types) / sizeof(*types));
	image_add(w, IMAGE_MEMBERS, members, sizeof(*members), sizeof(members) / sizeof(*members));
	image_add(w, IMAGE_ENUMERATORS, enumerators, sizeof(*enumerators), 2);
}

/* BTF as far as its strings: what line info refers to. */
static void add_btf(struct image_writer *w)
{
	static const char strings[] = "\0text.c\0	return 0;";
	const struct btf_header header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(header),
		.str_len = sizeof(strings),
	};

	image_add(w, IMAGE_BTF, &header, 1, sizeof(header));
	image_add(w, IMAGE_BTF, strings, 1, sizeof(strings));
}

static void add_program(struct image_writer *w)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct bpf_func_info func_info = {.insn_off = 0, .type_id = 1};
	const struct bpf_line_info lines[] = {
		{.insn_off = 0, .file_name_off = 1, .line_off = 8, .line_col = 2 << 10 | 9},
		{.insn_off = 2, .file_name_off = 1, .line_off = 8, .line_col = 3 << 10},
	};
	const struct image_program program = {
		.name = image_add_string(w, "kprobe__f"),
		.context = image_add_string(w, "struct pt_regs"),
		.insn_count = 4,
		.func_info_count = 1,
		.line_info_count = 2,
		.line = 3,
	};
	const struct image_target target = {.spec = image_add_string(w, "uprobe:c:f")};

	image_add(w, IMAGE_INSNS, insns, sizeof(*insns), 4);
	image_add(w, IMAGE_FUNC_INFO, &func_info, sizeof(func_info), 1);
	image_add(w, IMAGE_LINE_INFO, lines, sizeof(*lines), 2);
	image_add(w, IMAGE_PROGRAMS, &program, sizeof(program), 1);
	image_add(w, IMAGE_TARGETS, &target, sizeof(target), 1);
}

static void fill(struct image_writer *w)
{
	const struct image_table table = {
		.name = image_add_string(w, "counts"),
		.kind = image_add_string(w, "hash"),
		.file = image_add_string(w, "text.c"),
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 32,
		.max_entries = 8,
		.key_type = 2,
		.value_type = 8,
		.line = 2,
	};
	const struct image_facts facts = {.license = image_add_string(w, "GPL")};
	const struct image_use use = {
		.kind = IMAGE_USE_MEMBER,
		.name = image_add_string(w, "struct sock"),
		.member = image_add_string(w, "__sk_common.skc_daddr"),
	};
	const struct image_tool tool = {.path = image_add_string(w, "/usr/bin/cc")};

	add_types(w);
	image_add(w, IMAGE_TABLES, &table, sizeof(table), 1);
	add_program(w);
	add_btf(w);
	image_add(w, IMAGE_FACTS, &facts, sizeof(facts), 1);
	image_add(w, IMAGE_TOOLS, &tool, sizeof(tool), 1);
	image_add(w, IMAGE_USES, &use, sizeof(use), 1);
	image_add_diag(w, 1, "text.c", 3, 5, "unused variable", "remove it");
}

size_t fuzz_seed(unsigned n, uint8_t *data)
{
	struct image_writer w = {.flags = n ? 0 : IMAGE_F_COMPILED};
	size_t size;
	void *image;

	if (n > 1)
		return 0;
	if (n)
		image_add_diag(&w, 2, "text.c", 3, 5, "it does not compile", "");
	else
		fill(&w);
	if (image_write(&w, &image, &size) || size > FUZZ_SIZE_MAX)
		abort();
	memcpy(data, image, size);
	free(image);
	image_writer_free(&w);
	return size;
}

/* ---- What was accepted is used ---- */

static void read_members(const struct hotprobe_value *value, int depth)
{
	struct hotprobe_value member;

	for (size_t i = 0; depth < 8 && i < MEMBERS_READ && !hotprobe_member(value, i, &member);
	     i++)
		read_members(&member, depth + 1);
}

static void read_type(const struct hotprobe_type *type)
{
	size_t size = hotprobe_type_size(type);
	struct hotprobe_value value;
	char text[256];
	char *bytes;

	REQUIRE(strlen(hotprobe_type_name(type)) < FUZZ_SIZE_MAX);
	hotprobe_type_kind(type);
	if (size > BYTES_READ)
		return;
	bytes = malloc(size);
	if (!bytes)
		abort();
	memset(bytes, 0xa5, size);
	REQUIRE(!hotprobe_read(type, bytes, size, &value));
	REQUIRE(!size || hotprobe_read(type, bytes, size - 1, &value));
	hotprobe_read(type, bytes, size, &value);
	read_members(&value, 0);
	hotprobe_field(type, bytes, size, "a.b[1].c", &value);
	hotprobe_format(type, bytes, size, text, sizeof(text));
	free(bytes);
}

static void read_types(const struct image *img)
{
	uint32_t count = img->count[IMAGE_TYPES];
	struct hotprobe_type *types = calloc(count + 1, sizeof(*types));

	if (!types)
		abort();
	for (uint32_t i = 0; i < count; i++)
		types[i] = (struct hotprobe_type){.image = img, .index = i};
	for (uint32_t i = 0; i < count && i < TYPES_READ; i++)
		read_type(&types[i]);
	free(types);
}

static void read_lines(const struct image *img)
{
	uint32_t indent;

	for (uint32_t i = 0; i < img->count[IMAGE_LINE_INFO] && i < 64; i++) {
		const char *file = image_btf_string(img, img->line_info[i].file_name_off);

		if (file)
			image_line_text(img, file,
					BPF_LINE_INFO_LINE_NUM(img->line_info[i].line_col),
					&indent);
	}
}

/* ---- Written again ---- */

/* The bytes of a section. */
static const void *section(const void *data, uint32_t kind, uint64_t *size)
{
	const struct image_header *header = data;
	const struct image_section *s = (const void *)(header + 1);

	*size = 0;
	for (uint32_t i = 0; i < header->section_count; i++)
		if (s[i].kind == kind) {
			*size = s[i].size;
			return (const char *)data + s[i].offset;
		}
	return NULL;
}

static void write_again(const struct image *img)
{
	struct image_writer w = {.flags = img->flags};
	uint64_t size, size_again;
	struct image again;
	const char *why;
	size_t total;
	void *data;

	for (uint32_t kind = 1; kind < IMAGE_SECTION_KINDS; kind++)
		if (img->count[kind])
			image_add(&w, kind, section(img->data, kind, &size),
				  image_record_size[kind], img->count[kind]);
	REQUIRE(!image_write(&w, &data, &total));
	image_writer_free(&w);
	REQUIRE(!image_parse(&again, data, total, &why));
	REQUIRE(again.flags == img->flags);
	for (uint32_t kind = 1; kind < IMAGE_SECTION_KINDS; kind++) {
		const void *was = section(img->data, kind, &size);
		const void *is = section(data, kind, &size_again);

		REQUIRE(again.count[kind] == img->count[kind] && size == size_again);
		REQUIRE(!size || !memcmp(was, is, size));
	}
	free(data);
}

/* ---- One execution ---- */

/* A wrong size would be all that most inputs are refused for. */
static void mend_size(struct image_header *header, size_t size)
{
	if (size >= sizeof(*header) && header->magic == IMAGE_MAGIC)
		header->size = size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *copy = fuzz_copy(data, size); /* malloc: aligned to 8 */
	const char *why = NULL;
	struct image img;
	int err = image_parse(&img, copy, size, &why);

	if (err) {
		REQUIRE(why);
		mend_size(copy, size);
		err = image_parse(&img, copy, size, &why);
	}
	if (!err) {
		REQUIRE(!why);
		read_types(&img);
		read_lines(&img);
		write_again(&img);
	}
	free(copy);
	return 0;
}
