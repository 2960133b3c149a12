/* SPDX-License-Identifier: Apache-2.0 */
/* Skeletons for iterators: a line for each object, with what the kind gives. */
#include <stdio.h>
#include <string.h>

#include "skeleton.h"

enum {
	COLUMNS_MAX = 6,
};

/* Every kind has it, and it is no object. */
static bool is_meta(const struct hotprobe_arg *field)
{
	return !strcmp(field->name, "meta");
}

static bool is_task(const struct hotprobe_arg *field)
{
	return field->kind == HOTPROBE_POINTER && !strcmp(field->tag, "task_struct");
}

static bool is_shown(const struct hotprobe_arg *field)
{
	return !is_meta(field) && (field->kind == HOTPROBE_POINTER ||
				   (field->kind == HOTPROBE_INT && field->size <= 8));
}

/* The end of the objects comes with none, and so may what is beside it. */
static const struct hotprobe_arg *main_object(const struct hotprobe_target_info *info)
{
	for (size_t i = 0; i < info->field_count; i++)
		if (!is_meta(&info->fields[i]) && info->fields[i].kind == HOTPROBE_POINTER)
			return &info->fields[i];
	return NULL;
}

struct columns {
	char format[256], title[256], values[1024];
	size_t count;
};

static void add(struct columns *c, const char *conversion, const char *title, const char *value)
{
	size_t at = strlen(c->format), named = strlen(c->title), used = strlen(c->values);

	if (c->count == COLUMNS_MAX)
		return;
	snprintf(c->format + at, sizeof(c->format) - at, "%s%s", at ? " " : "", conversion);
	snprintf(c->title + named, sizeof(c->title) - named, "%s%s", named ? " " : "", title);
	snprintf(c->values + used, sizeof(c->values) - used, "\tvalues[%zu] = %s;\n", c->count,
		 value);
	c->count++;
}

static void add_field(struct columns *c, const struct hotprobe_arg *field)
{
	char value[128], title[128];

	if (is_task(field)) {
		snprintf(value, sizeof(value), "%s->tgid", field->name);
		add(c, "%d", "pid", value);
		snprintf(value, sizeof(value), "%s->pid", field->name);
		add(c, "%d", "tid", value);
		snprintf(value, sizeof(value), "(u64)%s->comm", field->name);
		add(c, "%s", "comm", value);
		return;
	}
	snprintf(title, sizeof(title), "%s", field->name);
	if (field->kind == HOTPROBE_POINTER) {
		snprintf(value, sizeof(value), "(u64)%s", field->name);
		add(c, "0x%llx", title, value);
	} else {
		snprintf(value, sizeof(value), "ctx->%s", field->name);
		add(c, field->is_signed ? "%lld" : "%llu", title, value);
	}
}

/* An iterator over the elements of a map needs one. */
static void put_head(struct skeleton *s, size_t kind)
{
	const char *placeholder = strstr(s->rest, ":map=TABLE");
	struct text *text = &s->text;

	if (!placeholder && !s->rest[kind]) {
		text_format(text, "BPF_ITER(%s)\n", s->rest);
		return;
	}
	if (placeholder) {
		text_string(text, strncmp(s->rest, "bpf_map_elem", 12)
					  ? "BPF_TABLE(\"sockhash\", u32, u64, TABLE, 1024);\n\n"
					  : "BPF_HASH(TABLE, u64, u64);\n\n");
	}
	put_annotated(s, s->rest);
	text_string(text, ")\n");
}

void skeleton_iterator(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;
	const struct hotprobe_arg *object = main_object(info);
	size_t kind = strcspn(s->rest, ":");
	struct text *text = &s->text;
	struct columns columns = {.count = 0};

	for (size_t i = 0; i < info->field_count; i++)
		if (is_shown(&info->fields[i]))
			add_field(&columns, &info->fields[i]);
	put_comment(s, "A line for each object.", "");
	put_head(s, kind);
	text_string(text, "{\n\tstruct seq_file *seq = ctx->meta->seq;\n");
	for (size_t i = 0; i < info->field_count; i++)
		if (is_shown(&info->fields[i]) && info->fields[i].kind == HOTPROBE_POINTER)
			text_format(text, "\t%s = ctx->%s;\n", info->fields[i].declaration,
				    info->fields[i].name);
	text_format(text,
		    "\tchar title[] = \"%s\\n\";\n"
		    "\tchar format[] = \"%s\\n\";\n"
		    "\tu64 values[%zu] = {};\n"
		    "\n",
		    columns.title, columns.format, columns.count ? columns.count : 1);
	if (object)
		text_format(text, "\tif (!%s)\n\t\treturn 0; /* that was the last */\n",
			    object->name);
	text_string(text, "\tif (ctx->meta->seq_num == 0)\n"
			  "\t\tbpf_seq_printf(seq, title, sizeof(title), NULL, 0);\n");
	text_string(text, columns.values);
	text_string(text, "\tbpf_seq_printf(seq, format, sizeof(format), values, sizeof(values));\n"
			  "\treturn 0;\n"
			  "}\n");
}
