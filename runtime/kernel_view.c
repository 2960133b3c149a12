/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_view.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "btf_text.h"
#include "kernel_btf.h"
#include "kernel_config.h"
#include "tracefs.h"

#define MODULES_DIR "/sys/kernel/btf"
#define TRACEPOINT_TAG "struct tracepoint__"

#define KIND(name) (1u << BTF_KIND_##name)
#define RECORDS (KIND(STRUCT) | KIND(UNION))
#define ENUMS (KIND(ENUM) | KIND(ENUM64))

/* ---- The kernel's BTF -------------------------------------------------------------------------
 */

int kernel_view_open(struct kernel_view *view, struct hotprobe *hp, const char *btf_path,
		     const char *release)
{
	*view = (struct kernel_view){.hp = hp, .btf_path = btf_path, .release = release};
	if (!btf_path)
		return kernel_btf_vmlinux(hp, &view->btf);
	view->btf = btf__parse(btf_path, NULL);
	return view->btf ? 0 : -errno;
}

void kernel_view_close(struct kernel_view *view)
{
	for (size_t i = 0; i < view->module_count; i++)
		btf__free(view->modules[i]);
	free(view->modules);
	if (view->btf_path)
		btf__free(view->btf); /* else it is the handle's */
	free(view->config);
	array_free(&view->found);
}

static int add_module(struct kernel_view *view, const char *name)
{
	struct btf **grown;
	char *path;

	grown = reallocarray(view->modules, view->module_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	view->modules = grown;
	if (asprintf(&path, MODULES_DIR "/%s", name) < 0)
		return -ENOMEM;
	grown[view->module_count] = btf__parse_split(path, view->btf);
	view->module_count += grown[view->module_count] != NULL;
	free(path);
	return 0;
}

/* Of another kernel than the running one they are not known. One that cannot be read is as if it
   were not loaded. */
static int read_modules(struct kernel_view *view)
{
	struct dirent *entry;
	int err = 0;
	DIR *dir;

	if (view->has_modules || view->btf_path)
		return 0;
	view->has_modules = true;
	dir = opendir(MODULES_DIR);
	while (dir && !err && (entry = readdir(dir)))
		if (*entry->d_name != '.' && strcmp(entry->d_name, "vmlinux"))
			err = add_module(view, entry->d_name);
	if (dir)
		closedir(dir);
	return err;
}

static const char *type_name(const struct btf *btf, const struct btf_type *type)
{
	const char *name = btf__name_by_offset(btf, type->name_off);

	return name ? name : "";
}

/* The next type of that name behind id, 0 if there is none. */
static uint32_t find_next(const struct btf *btf, uint32_t id, uint32_t kinds, const char *name)
{
	while (++id < btf__type_cnt(btf)) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (kinds >> btf_kind(type) & 1 && !strcmp(type_name(btf, type), name))
			return id;
	}
	return 0;
}

static const struct btf *part_at(const struct kernel_view *view, size_t part)
{
	return part ? view->modules[part - 1] : view->btf;
}

/* In the kernel itself, else in the modules. */
static int find_first(struct kernel_view *view, uint32_t kinds, const char *name,
		      struct kernel_view_found *found)
{
	uint32_t base = btf__type_cnt(view->btf) - 1;
	int err;

	found->part = 0;
	found->id = find_next(view->btf, 0, kinds, name);
	if (found->id)
		return 0;
	err = read_modules(view);
	while (!err && !found->id && found->part < view->module_count)
		found->id = find_next(view->modules[found->part++], base, kinds, name);
	return err;
}

static int look_up(struct kernel_view *view, uint32_t string, uint32_t kinds, const char *name,
		   struct kernel_view_found *found)
{
	int err;

	for (size_t i = 0; i < view->found.count; i++) {
		*found = view->found.at[i];
		if (found->name == string && found->kinds == kinds)
			return 0;
	}
	*found = (struct kernel_view_found){.name = string, .kinds = kinds};
	err = find_first(view, kinds, name, found);
	if (!err && array_push(&view->found, *found))
		err = -ENOMEM;
	return err;
}

/* ---- Descriptions -----------------------------------------------------------------------------
 */

struct each {
	struct kernel_view *view;
	const struct image_use *use;
	const char *name, *member;
	kernel_view_fn fn;
	void *ctx;
};

/* Writes what a type has to say about the use; false if nothing. */
typedef bool (*describe_fn)(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			    uint32_t *number);

static int give(const struct each *each, const struct btf *btf, uint32_t id, describe_fn describe)
{
	uint32_t number = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool is_there, failed;
	int result = 0;

	if (!out)
		return -ENOMEM;
	is_there = describe(out, btf, id, each, &number);
	failed = ferror(out);
	if (fclose(out) || failed || !text)
		result = -ENOMEM;
	if (!result && is_there)
		result = each->fn(each->ctx, text, number);
	free(text);
	return result;
}

static int each_type(const struct each *each, uint32_t kinds, const char *name,
		     describe_fn describe)
{
	struct kernel_view_found found;
	int result = look_up(each->view, each->use->name, kinds, name, &found);
	const struct btf *btf = part_at(each->view, found.part);

	for (uint32_t id = found.id; !result && id; id = find_next(btf, id, kinds, name))
		result = give(each, btf, id, describe);
	return result;
}

/* "struct sock", "union u", or a typedef. */
static int each_record(const struct each *each, describe_fn describe)
{
	if (!strncmp(each->name, "struct ", 7))
		return each_type(each, KIND(STRUCT), each->name + 7, describe);
	if (!strncmp(each->name, "union ", 6))
		return each_type(each, KIND(UNION), each->name + 6, describe);
	return each_type(each, KIND(TYPEDEF), each->name, describe);
}

static bool describe_member(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			    uint32_t *number)
{
	struct btf_text_member member;

	if (!btf_text_find(btf, id, each->member, &member))
		return false;
	btf_text_place(out, btf, &member);
	*number = member.bit_offset;
	return true;
}

static uint32_t record_size(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, btf_text_resolve(btf, id));

	return type && btf_is_composite(type) ? type->size : 0;
}

static bool describe_size(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			  uint32_t *number)
{
	(void)each;
	*number = record_size(btf, id);
	fprintf(out, "%u bytes", *number);
	return true;
}

static bool describe_layout(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			    uint32_t *number)
{
	(void)each;
	*number = record_size(btf, id);
	btf_text_layout(out, btf, btf_text_resolve(btf, id));
	return true;
}

/* HOTPROBE_FIELD_SIZE is asked as HOTPROBE_HAS_FIELD is: so the size counts. */
static bool describe_having(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			    uint32_t *number)
{
	struct btf_text_member member;

	(void)number;
	if (!btf_text_find(btf, id, each->member, &member))
		return false;
	btf_text_type(out, btf, member.type);
	return true;
}

static bool describe_there(FILE *out, const struct btf *btf, uint32_t id, const struct each *each,
			   uint32_t *number)
{
	(void)btf, (void)id, (void)each, (void)number;
	fputs("there", out);
	return true;
}

/* The parameters of a raw tracepoint begin behind one that is not the program's. */
static bool describe_prototype(FILE *out, const struct btf *btf, uint32_t id,
			       const struct each *each, uint32_t *number)
{
	bool is_raw = btf_is_typedef(btf__type_by_id(btf, id));
	uint32_t proto = btf_text_resolve(btf, id);
	const struct btf_type *type = btf__type_by_id(btf, proto);

	if (type && (btf_is_func(type) || btf_is_ptr(type)))
		proto = type->type;
	type = btf__type_by_id(btf, proto);
	if (!type || !btf_is_func_proto(type))
		return false;
	*number = btf_vlen(type) - (is_raw && btf_vlen(type));
	btf_text_prototype(out, btf, proto, is_raw, each->use->number);
	return true;
}

/* ---- What is no type --------------------------------------------------------------------------
 */

static int64_t value_at(const struct btf_type *type, uint32_t index)
{
	if (btf_kind(type) == BTF_KIND_ENUM64)
		return (int64_t)btf_enum64_value(&btf_enum64(type)[index]);
	return btf_enum(type)[index].val;
}

static uint32_t enumerator_name(const struct btf_type *type, uint32_t index)
{
	return btf_kind(type) == BTF_KIND_ENUM64 ? btf_enum64(type)[index].name_off
						 : btf_enum(type)[index].name_off;
}

static int give_enumerator(const struct each *each, const struct btf *btf,
			   const struct btf_type *type)
{
	char text[32];

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, enumerator_name(type, i));

		if (!name || strcmp(name, each->name))
			continue;
		snprintf(text, sizeof(text), "%lld", (long long)value_at(type, i));
		if (each->use->kind == IMAGE_USE_HAS_ENUMERATOR)
			return each->fn(each->ctx, "there", 0);
		return each->fn(each->ctx, text, 0);
	}
	return 0;
}

static int each_enumerator(const struct each *each)
{
	const struct btf *btf = each->view->btf;
	int result = 0;

	for (uint32_t id = 1; !result && id < btf__type_cnt(btf); id++)
		if (ENUMS >> btf_kind(btf__type_by_id(btf, id)) & 1)
			result = give_enumerator(each, btf, btf__type_by_id(btf, id));
	return result;
}

/* "data_loc_name" is the record's __data_loc char[] name. */
static const char *format_name(const char *member)
{
	if (!strncmp(member, "data_loc_", 9))
		return member + 9;
	return strncmp(member, "rel_loc_", 8) ? member : member + 8;
}

static int give_format(const struct each *each, const char *format)
{
	const char *wanted = format_name(each->member), *line;
	size_t length = strlen(wanted);

	/* "field:char comm[16];	offset:8;	size:16;	signed:0;" */
	for (line = format; (line = strstr(line, "field:")); line++) {
		const char *end = line + strcspn(line, ";\n"), *name;
		unsigned offset, size, is_signed = 0;
		char text[96];

		if (*end != ';' ||
		    sscanf(end, "; offset:%u; size:%u; signed:%u", &offset, &size, &is_signed) < 2)
			continue;
		name = end[-1] == ']' ? memrchr(line, '[', (size_t)(end - line)) : end;
		if (!name || (size_t)(name - line) <= length ||
		    memcmp(name - length, wanted, length) ||
		    !strchr(" *:", name[-(long)length - 1]))
			continue;
		snprintf(text, sizeof(text), "%c%u at byte %u", is_signed ? 's' : 'u', size * 8,
			 offset);
		return each->fn(each->ctx, text, each->use->number);
	}
	return 0;
}

/* "sched__sched_switch": either of two names may have underscores at the joint, so all are tried.
 */
static int each_field(const struct each *each, const char *event)
{
	const char *joint = event;
	int err = -ENOENT;
	char *format;

	while (err && (joint = strstr(joint, "__"))) {
		char *category = strndup(event, (size_t)(joint - event));

		if (!category)
			return -ENOMEM;
		err = tracefs_read_format(each->view->hp, category, joint + 2, &format);
		free(category);
		joint++;
	}
	if (err)
		return 0;
	err = give_format(each, format);
	free(format);
	return err;
}

static int each_config(const struct each *each)
{
	struct kernel_view *view = each->view;
	size_t size = strlen(each->name);
	const char *line;

	if (!view->has_config)
		view->config = kernel_config_read(view->btf_path, view->release);
	view->has_config = true;
	if (!view->config)
		return 0;
	if (size > 7 && !strcmp(each->name + size - 7, "_MODULE"))
		size -= 7;
	for (line = view->config; line; line = strchr(line, '\n')) {
		char value[256];

		line += *line == '\n';
		if (strncmp(line, each->name, size) || line[size] != '=')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + size + 1, "\n"),
			 line + size + 1);
		return each->fn(each->ctx, value, 0);
	}
	return each->fn(each->ctx, "not set", 0);
}

int kernel_view_each(struct kernel_view *view, const char *strings, const struct image_use *use,
		     kernel_view_fn fn, void *ctx)
{
	const struct each each = {view, use, strings + use->name, strings + use->member, fn, ctx};

	switch (use->kind) {
	case IMAGE_USE_MEMBER:
		if (!strncmp(each.name, TRACEPOINT_TAG, strlen(TRACEPOINT_TAG)))
			return each_field(&each, each.name + strlen(TRACEPOINT_TAG));
		return each_record(&each, describe_member);
	case IMAGE_USE_SIZE:
		return each_record(&each, describe_size);
	case IMAGE_USE_LAYOUT:
		return each_record(&each, describe_layout);
	case IMAGE_USE_ENUMERATOR:
	case IMAGE_USE_HAS_ENUMERATOR:
		return each_enumerator(&each);
	case IMAGE_USE_HAS_MEMBER:
		return each_type(&each, RECORDS, each.name, describe_having);
	case IMAGE_USE_HAS_TYPE:
		return each_type(&each, RECORDS | ENUMS, each.name, describe_there);
	case IMAGE_USE_FUNCTION:
		return each_type(&each, KIND(FUNC) | KIND(TYPEDEF), each.name, describe_prototype);
	case IMAGE_USE_CONFIG:
		return each_config(&each);
	case IMAGE_USE_RELEASE:
		return fn(ctx, view->release, 0);
	}
	return 0;
}

bool kernel_view_has_enum(const struct kernel_view *view, const char *tag)
{
	return find_next(view->btf, 0, ENUMS, tag);
}

uint32_t kernel_view_offset(const struct kernel_view *view, const char *type, const char *member)
{
	struct btf_text_member found;

	for (uint32_t id = 0; (id = find_next(view->btf, id, KIND(STRUCT), type));)
		if (btf_text_find(view->btf, id, member, &found) && found.bit_offset % 8 == 0)
			return found.bit_offset / 8;
	return IMAGE_NONE;
}
