/* SPDX-License-Identifier: Apache-2.0 */
/* Reads BTF: one pass that checks the records and indexes the names. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headers_btf.h"
#include "headers_words.h"
#include "text.h"

enum {
	/* Longest chain of typedefs, qualifiers and arrays, deepest nesting of structs, and how
	   many members a search looks at: beyond these BTF goes round in circles. */
	MAX_CHAIN = 64,
	MAX_DEPTH = 32,
	MAX_VISITS = 1 << 14,
};

/* ---- The file ------------------------------------------------------------------------------ */

struct bytes {
	const char *data;
	size_t size;
};

static int read_all(int fd, size_t size, struct bytes *bytes)
{
	char *data = cc_alloc(size);
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	*bytes = (struct bytes){data, done};
	return 0;
}

static int take_bytes(int fd, struct bytes *bytes)
{
	struct stat st;
	void *map;

	*bytes = (struct bytes){0};
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size <= 0)
		return 0;
	/* Linux can map its own BTF since 6.16. */
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return read_all(fd, (size_t)st.st_size, bytes);
	*bytes = (struct bytes){map, (size_t)st.st_size};
	return 0;
}

/* size bytes at offset, or nothing if they are not all there. */
static struct bytes part_of(struct bytes all, uint64_t offset, uint64_t size)
{
	if (offset > all.size || size > all.size - offset)
		return (struct bytes){0};
	return (struct bytes){all.data + offset, (size_t)size};
}

static bool elf_section(struct bytes all, const Elf64_Ehdr *elf, unsigned index, Elf64_Shdr *header)
{
	struct bytes b = part_of(all, elf->e_shoff, (uint64_t)(index + 1) * sizeof(*header));

	if (!b.data)
		return false;
	memcpy(header, b.data + (size_t)index * sizeof(*header), sizeof(*header));
	return true;
}

/* The .BTF section of an ELF file. */
static int find_section(struct bytes *bytes, const char **why)
{
	Elf64_Shdr names, section;
	struct bytes strings, name;
	Elf64_Ehdr elf;

	if (bytes->size < sizeof(elf) || bytes->data[EI_CLASS] != ELFCLASS64) {
		*why = "it is an ELF file, but not a 64-bit one";
		return -EINVAL;
	}
	memcpy(&elf, bytes->data, sizeof(elf));
	if (elf.e_shentsize != sizeof(section) ||
	    !elf_section(*bytes, &elf, elf.e_shstrndx, &names))
		goto damaged;
	strings = part_of(*bytes, names.sh_offset, names.sh_size);
	for (unsigned i = 0; i < elf.e_shnum; i++) {
		if (!elf_section(*bytes, &elf, i, &section))
			goto damaged;
		name = part_of(strings, section.sh_name, sizeof(".BTF"));
		if (name.data && !memcmp(name.data, ".BTF", sizeof(".BTF"))) {
			*bytes = part_of(*bytes, section.sh_offset, section.sh_size);
			return 0;
		}
	}
	*why = "it is an ELF file without a .BTF section";
	return -EINVAL;
damaged:
	*why = "its ELF section table is damaged";
	return -EINVAL;
}

/* Split BTF goes on where the base's strings end, so it may have none, and has no empty one. */
static bool strings_are_sound(struct bytes strings, bool split)
{
	if (!strings.size)
		return split;
	return !strings.data[strings.size - 1] && (split || !strings.data[0]);
}

static int find_btf(struct bytes all, bool split, struct btf_part *part, const char **why)
{
	struct bytes types, strings;
	struct btf_header header;

	*why = "it is no BTF";
	if (all.size < sizeof(header))
		return -EINVAL;
	memcpy(&header, all.data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION ||
	    header.hdr_len < sizeof(header))
		return -EINVAL;
	types = part_of(all, (uint64_t)header.hdr_len + header.type_off, header.type_len);
	strings = part_of(all, (uint64_t)header.hdr_len + header.str_off, header.str_len);
	*why = "its sections are damaged";
	if (!types.data || !strings.data || !strings_are_sound(strings, split) ||
	    (uintptr_t)types.data % 4)
		return -EINVAL;
	*part = (struct btf_part){
		.types = types.data,
		.types_size = (uint32_t)types.size,
		.strings = strings.data,
		.strings_size = (uint32_t)strings.size,
	};
	return 0;
}

/* ---- The index ----------------------------------------------------------------------------- */

/* Bytes of a record, its header included; 0 for a kind that is unknown. */
static uint64_t record_size(const struct btf_type *type)
{
	uint64_t vlen = btf_vlen(type);

	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return sizeof(*type);
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(*type) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*type) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return sizeof(*type) + vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*type) + vlen * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*type) + vlen * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return sizeof(*type) + vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_ENUM64:
		return sizeof(*type) + vlen * sizeof(struct btf_enum64);
	}
	return 0;
}

/* Finds where each type of the part begins. */
static int index_part(struct headers_btf *btf, struct btf_part *part)
{
	/* No record is smaller than its header, so this has room for all of them. */
	size_t room = btf->count + part->types_size / sizeof(struct btf_type);
	uint32_t at = 0, id = btf->count;

	btf->offsets = cc_realloc(btf->offsets, (room + 1) * sizeof(*btf->offsets));
	while (at < part->types_size) {
		const struct btf_type *type = (const void *)(part->types + at);
		uint64_t left = part->types_size - at, size;

		if (left < sizeof(*type))
			return -EINVAL;
		size = record_size(type);
		if (!size || size > left)
			return -EINVAL;
		btf->offsets[id++] = at;
		at += (uint32_t)size;
	}
	part->first = btf->count;
	part->count = id - btf->count;
	return 0;
}

static void names_grow(struct btf_names *names)
{
	struct btf_names old = *names;

	names->slot_count = old.slot_count ? 2 * old.slot_count : 256;
	names->slots = cc_alloc(names->slot_count * sizeof(*names->slots));
	for (size_t i = 0; i < old.slot_count; i++) {
		size_t to = old.slots[i].hash;

		if (!old.slots[i].id)
			continue;
		while (names->slots[to &= names->slot_count - 1].id)
			to++;
		names->slots[to] = old.slots[i];
	}
}

static uint32_t names_find(const struct headers_btf *btf, const struct btf_names *names,
			   const char *name, size_t size, uint32_t hash, size_t *slot)
{
	*slot = hash;
	if (!names->slot_count)
		return 0;
	for (; names->slots[ *slot &= names->slot_count - 1].id; ++*slot) {
		uint32_t id = names->slots[*slot].id;
		const char *other;

		if (names->slots[*slot].hash != hash)
			continue;
		other = btf_name(btf, id);
		if (!strncmp(other, name, size) && !other[size])
			return id;
	}
	return 0;
}

static void names_add(struct headers_btf *btf, struct btf_names *names, uint32_t id)
{
	const char *name = btf_name(btf, id);
	size_t size = strlen(name), slot;
	uint32_t hash, first;

	if (!size)
		return;
	if (3 * names->count >= 2 * names->slot_count)
		names_grow(names);
	hash = words_hash(name, size);
	first = names_find(btf, names, name, size, hash, &slot);
	if (first) {
		btf->same[id] = btf->same[first];
		btf->same[first] = id;
		return;
	}
	names->slots[slot].hash = hash;
	names->slots[slot].id = id;
	names->count++;
}

static void index_names(struct headers_btf *btf, const struct btf_part *part)
{
	for (uint32_t id = part->first; id < part->first + part->count; id++) {
		switch (btf_kind(btf_at(btf, id))) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			names_add(btf, &btf->tags, id);
			break;
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			names_add(btf, &btf->tags, id);
			btf->has_signs |= BTF_INFO_KFLAG(btf_at(btf, id)->info);
			btf->enums = cc_grow(btf->enums, btf->enum_count, sizeof(*btf->enums));
			btf->enums[btf->enum_count++] = id;
			break;
		case BTF_KIND_TYPEDEF:
			names_add(btf, &btf->typedefs, id);
			break;
		}
	}
}

int btf_add_fd(struct headers_btf *btf, int fd, const char **why)
{
	struct bytes bytes;
	int err = take_bytes(fd, &bytes);

	*why = NULL;
	return err ? err : btf_add(btf, bytes.data, bytes.size, why);
}

int btf_add(struct headers_btf *btf, const void *data, size_t size, const char **why)
{
	struct bytes bytes = {data, size};
	struct btf_part part;
	uint32_t *same;
	int err;

	*why = NULL;
	if (bytes.size >= SELFMAG && !memcmp(bytes.data, ELFMAG, SELFMAG)) {
		err = find_section(&bytes, why);
		if (err)
			return err;
	}
	err = find_btf(bytes, btf->part_count, &part, why);
	if (err)
		return err;
	if (!btf->count)
		btf->count = 1; /* void */
	if (index_part(btf, &part)) {
		*why = "its type section is damaged, or of a newer kind";
		return -EINVAL;
	}
	same = cc_alloc((btf->count + (size_t)part.count) * sizeof(*same));
	if (btf->same)
		memcpy(same, btf->same, btf->count * sizeof(*same));
	btf->same = same;
	btf->parts = cc_grow(btf->parts, btf->part_count, sizeof(*btf->parts));
	btf->parts[btf->part_count++] = part;
	btf->count += part.count;
	index_names(btf, &part);
	return 0;
}

int btf_add_file(struct headers_btf *btf, const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	*why = NULL;
	if (fd < 0)
		return -errno;
	err = btf_add_fd(btf, fd, why);
	close(fd);
	return err;
}

/* ---- Access -------------------------------------------------------------------------------- */

static const struct btf_part *part_at(const struct headers_btf *btf, uint32_t id)
{
	size_t i = btf->part_count;

	while (i-- > 1)
		if (id >= btf->parts[i].first)
			break;
	return &btf->parts[i];
}

const struct btf_type *btf_at(const struct headers_btf *btf, uint32_t id)
{
	static const struct btf_type none;

	if (!id || id >= btf->count)
		return &none;
	if (id < btf->parts[0].count + 1)
		return (const void *)(btf->parts[0].types + btf->offsets[id]);
	return (const void *)(part_at(btf, id)->types + btf->offsets[id]);
}

/* A string as the type id refers to it. */
static const char *string_at(const struct headers_btf *btf, uint32_t id, uint32_t offset)
{
	const struct btf_part *part = part_at(btf, id), *base = btf->parts;

	if (offset < base->strings_size)
		return base->strings + offset;
	offset -= base->strings_size;
	return part != base && offset < part->strings_size ? part->strings + offset : "";
}

/* Split BTF counts its own types from the kernel's last one on. */
static uint32_t id_at(const struct headers_btf *btf, uint32_t from, uint32_t id)
{
	const struct btf_part *part = part_at(btf, from), *base = btf->parts;

	if (id <= base->count)
		return id;
	id -= base->count + 1;
	return part != base && id < part->count ? part->first + id : 0;
}

const char *btf_name(const struct headers_btf *btf, uint32_t id)
{
	return string_at(btf, id, btf_at(btf, id)->name_off);
}

uint32_t btf_ref(const struct headers_btf *btf, uint32_t id)
{
	const struct btf_type *type = btf_at(btf, id);

	switch (btf_kind(type)) {
	case BTF_KIND_ARRAY:
		return id_at(btf, id, ((const struct btf_array *)(type + 1))->type);
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_TYPE_TAG:
		return id_at(btf, id, type->type);
	}
	return 0;
}

const struct btf_array *btf_array_at(const struct headers_btf *btf, uint32_t id)
{
	return (const struct btf_array *)(btf_at(btf, id) + 1);
}

/* Before kind_flag, a bit-field's size and part of its offset were in its integer type. */
static void old_bit_field(const struct headers_btf *btf, struct btf_field *field)
{
	uint32_t id = btf_resolve(btf, field->type), encoding;
	const struct btf_type *type = btf_at(btf, id);

	if (btf_kind(type) != BTF_KIND_INT)
		return;
	encoding = *(const uint32_t *)(type + 1);
	if (BTF_INT_BITS(encoding) == 8 * (uint64_t)type->size)
		return;
	field->bit_size = BTF_INT_BITS(encoding);
	field->bit_offset += BTF_INT_OFFSET(encoding);
}

struct btf_field btf_field_at(const struct headers_btf *btf, uint32_t id, uint32_t index)
{
	const struct btf_type *type = btf_at(btf, id);
	const struct btf_member *member = (const struct btf_member *)(type + 1) + index;
	struct btf_field field = {
		.name = string_at(btf, id, member->name_off),
		.type = id_at(btf, id, member->type),
	};

	if (BTF_INFO_KFLAG(type->info)) {
		field.bit_offset = BTF_MEMBER_BIT_OFFSET(member->offset);
		field.bit_size = BTF_MEMBER_BITFIELD_SIZE(member->offset);
	} else {
		field.bit_offset = member->offset;
		old_bit_field(btf, &field);
	}
	return field;
}

const char *btf_enumerator(const struct headers_btf *btf, uint32_t id, uint32_t index,
			   int64_t *value)
{
	const struct btf_type *type = btf_at(btf, id);
	bool is_signed = BTF_INFO_KFLAG(type->info);

	if (btf_kind(type) == BTF_KIND_ENUM64) {
		const struct btf_enum64 *e = (const struct btf_enum64 *)(type + 1) + index;

		*value = (int64_t)((uint64_t)e->val_hi32 << 32 | e->val_lo32);
		return string_at(btf, id, e->name_off);
	} else {
		const struct btf_enum *e = (const struct btf_enum *)(type + 1) + index;

		*value = is_signed || !btf->has_signs ? e->val : (int64_t)(uint32_t)e->val;
		return string_at(btf, id, e->name_off);
	}
}

uint32_t btf_resolve(const struct headers_btf *btf, uint32_t id)
{
	for (int i = 0; i < MAX_CHAIN; i++) {
		switch (btf_kind(btf_at(btf, id))) {
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
			id = btf_ref(btf, id);
			break;
		default:
			return id;
		}
	}
	return 0;
}

uint64_t btf_size(const struct headers_btf *btf, uint32_t id)
{
	uint64_t count = 1;

	for (int i = 0; i < MAX_CHAIN; i++) {
		const struct btf_type *type;

		id = btf_resolve(btf, id);
		type = btf_at(btf, id);
		switch (btf_kind(type)) {
		case BTF_KIND_INT:
		case BTF_KIND_FLOAT:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			return count * type->size;
		case BTF_KIND_PTR:
			return count * sizeof(void *);
		case BTF_KIND_ARRAY:
			if (__builtin_mul_overflow(count, btf_array_at(btf, id)->nelems, &count) ||
			    count > UINT32_MAX)
				return 0;
			id = btf_ref(btf, id);
			break;
		default:
			return 0;
		}
	}
	return 0;
}

/* ---- Search -------------------------------------------------------------------------------- */

uint32_t btf_find_tag(const struct headers_btf *btf, const char *name, size_t size)
{
	size_t slot;

	return names_find(btf, &btf->tags, name, size, words_hash(name, size), &slot);
}

uint32_t btf_find_typedef(const struct headers_btf *btf, const char *name, size_t size)
{
	size_t slot;

	return names_find(btf, &btf->typedefs, name, size, words_hash(name, size), &slot);
}

struct search {
	const char *name;
	size_t size;
	bool deep;
	unsigned depth, visits;
};

static bool find_field(const struct headers_btf *btf, uint32_t id, struct search *search,
		       struct btf_field *found)
{
	uint32_t vlen = btf_vlen(btf_at(btf, id));
	struct btf_field field;
	uint64_t bit_offset;
	bool is_found = false;

	if (!btf_is_composite(btf_at(btf, id)) || search->depth == MAX_DEPTH ||
	    search->visits > MAX_VISITS)
		return false;
	search->visits += vlen + 1;
	for (uint32_t i = 0; i < vlen; i++) {
		field = btf_field_at(btf, id, i);
		if (!strncmp(field.name, search->name, search->size) && !field.name[search->size]) {
			*found = field;
			return true;
		}
	}
	search->depth++;
	for (uint32_t i = 0; i < vlen && !is_found; i++) {
		field = btf_field_at(btf, id, i);
		if (*field.name && !search->deep)
			continue;
		bit_offset = field.bit_offset;
		is_found = find_field(btf, btf_resolve(btf, field.type), search, found);
		if (is_found)
			found->bit_offset += bit_offset;
	}
	search->depth--;
	return is_found;
}

bool btf_find_field(const struct headers_btf *btf, uint32_t id, const char *name, size_t size,
		    bool deep, struct btf_field *field)
{
	struct search search = {.name = name, .size = size, .deep = deep};

	return size && find_field(btf, btf_resolve(btf, id), &search, field);
}
