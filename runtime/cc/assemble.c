/* SPDX-License-Identifier: Apache-2.0 */
/* Puts together what libbcc made and what the parse knows. */
#include <bcc/bcc_common.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <string.h>

#include "assemble.h"
#include "capture.h"
#include "check.h"
#include "lines.h"
#include "rename.h"
#include "text.h"
#include "vfs.h"

/* BCC's words for map types, for tables that were not made with its macros. */
static const char *const map_words[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_STACK_TRACE] = "stacktrace",
	[BPF_MAP_TYPE_CGROUP_ARRAY] = "cgroup_array",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
	[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array_of_maps",
	[BPF_MAP_TYPE_HASH_OF_MAPS] = "hash_of_maps",
	[BPF_MAP_TYPE_DEVMAP] = "devmap",
	[BPF_MAP_TYPE_SOCKMAP] = "sockmap",
	[BPF_MAP_TYPE_CPUMAP] = "cpumap",
	[BPF_MAP_TYPE_XSKMAP] = "xskmap",
	[BPF_MAP_TYPE_SOCKHASH] = "sockhash",
	[BPF_MAP_TYPE_CGROUP_STORAGE] = "cgroup_storage",
	[BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = "percpu_cgroup_storage",
	[BPF_MAP_TYPE_QUEUE] = "queue",
	[BPF_MAP_TYPE_STACK] = "stack",
	[BPF_MAP_TYPE_SK_STORAGE] = "sk_storage",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
	[BPF_MAP_TYPE_INODE_STORAGE] = "inode_storage",
	[BPF_MAP_TYPE_TASK_STORAGE] = "task_storage",
};

static const char *kind_of(const struct capture_map *map, const struct parse_table *parsed)
{
	if (parsed && parsed->kind)
		return parsed->kind;
	if (map->type < sizeof(map_words) / sizeof(*map_words) && map_words[map->type])
		return map_words[map->type];
	return "";
}

static void add_table(struct image_writer *w, const struct capture_map *map,
		      const struct parse_table *parsed)
{
	const char *kind = kind_of(map, parsed);
	struct image_table table = {
		.name = image_add_string(w, map->name),
		.kind = image_add_string(w, kind),
		.map_type = map->type,
		.key_size = map->key_size,
		.value_size = map->value_size,
		.max_entries = map->max_entries,
		.map_flags = map->flags,
		.inner = map->inner ? capture_map_at(map->inner - 1)->position + 1 : 0,
		.btf_key_id = map->btf_key_id,
		.btf_value_id = map->btf_value_id,
		.pin = image_add_string(w, map->pin),
	};

	/* One buffer for each CPU of the machine it is loaded on. */
	if (!strcmp(kind, "perf_output"))
		table.max_entries = 0;
	if (parsed) {
		table.key_type = parsed->key_type;
		table.value_type = parsed->value_type;
		table.event_type = parsed->event_type;
		table.file = image_add_string(w, parsed->file);
		table.line = parsed->line;
		table.flags = parsed->log2 ? IMAGE_TABLE_LOG2 : 0;
	}
	image_add(w, IMAGE_TABLES, &table, sizeof(table), 1);
}

/* ---- Programs ---- */

/* Map loads get the table's index in place of the descriptor that libbcc was given. */
static int number_maps(struct bpf_insn *insns, size_t count)
{
	size_t i;
	int index;

	for (i = 0; i + 1 < count; i++) {
		if (insns[i].code != (BPF_LD | BPF_DW | BPF_IMM))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_MAP_FD) {
			index = capture_map_index(insns[i].imm);
			if (index < 0)
				return -1;
			insns[i].imm = (int32_t)capture_map_at((size_t)index)->position;
		}
		i++;
	}
	return 0;
}

/* The text of a line of the source, in the program's BTF. */
static uint32_t line_string(struct btf *btf, const struct source *source, unsigned line)
{
	size_t size;
	const char *text = source_line(source, line, &size);
	char *copy;
	int offset;

	while (size && strchr(" \t", *text)) {
		text++;
		size--;
	}
	copy = cc_strndup(text, size);
	offset = btf__add_str(btf, copy);
	return offset > 0 ? (uint32_t)offset : 0;
}

/* libbcc works in the kernel directory, and LLVM puts that in front of a relative name. */
static bool is_source(const char *file, const struct source *source)
{
	size_t size = strlen(VFS_KERNEL "/");

	return file && (!strcmp(file, source->name) || (!strncmp(file, VFS_KERNEL "/", size) &&
							!strcmp(file + size, source->name)));
}

/* Gives the line its number, name and text in the user's file; false if it has none. */
static bool fix_line(struct bpf_line_info *info, const struct source *source,
		     const struct parsed *parsed)
{
	unsigned line = BPF_LINE_INFO_LINE_NUM(info->line_col);
	unsigned column = BPF_LINE_INFO_LINE_COL(info->line_col);
	struct btf *btf = capture_btf();
	const char *file;
	size_t length;
	int name;

	if (!line)
		return false;
	file = btf__name_by_offset(btf, info->file_name_off);
	/* What is inlined from libbcc's headers belongs to the line that calls it. */
	if (!is_source(file, source))
		return file && strncmp(file, "/virtual/", 9);
	if (lines_resolve(parsed, line) != line)
		column = 0;
	line = lines_resolve(parsed, line);
	source_line(source, line, &length);
	/* Rewritten text may be longer than what it stands for. */
	if (column > length)
		column = 0;
	name = btf__add_str(btf, source->name);
	if (name > 0)
		info->file_name_off = (uint32_t)name;
	info->line_off = line_string(btf, source, line);
	info->line_col = line << 10 | column;
	return true;
}

static void fix_lines(struct capture_program *program, const struct source *source,
		      const struct parsed *parsed)
{
	struct bpf_line_info *info = program->line_info, last = {0};
	size_t i, kept = 0;

	for (i = 0; i < program->line_info_count; i++) {
		/* The kernel wants one for the first instruction, whatever it says. */
		if (!fix_line(&info[i], source, parsed) && i)
			continue;
		if (kept && info[i].line_off == last.line_off && info[i].line_col == last.line_col)
			continue;
		last = info[i];
		info[kept++] = info[i];
	}
	program->line_info_count = kept;
}

static bool starts_with(const char *string, const char *prefix)
{
	return !strncmp(string, prefix, strlen(prefix));
}

static void add_targets(const struct parse_function *function, uint32_t program,
			struct image_writer *w)
{
	size_t i;

	for (i = 0; function && i < function->target_count; i++) {
		struct image_target target = {
			.program = program,
			.spec = image_add_string(w, function->targets[i]),
		};

		image_add(w, IMAGE_TARGETS, &target, sizeof(target), 1);
	}
}

static int add_program(void *module, size_t id, const struct source *source,
		       const struct parsed *parsed, bool direct_syscalls, struct image_writer *w,
		       struct diag_list *diags)
{
	const char *compiled = bpf_function_name(module, id), *name = rename_undo(compiled);
	const struct parse_function *function = parse_find_function(parsed, name);
	size_t size = bpf_function_size_id(module, id);
	struct capture_program captured;
	struct image_program program = {.name = image_add_string(w, name)};
	struct bpf_insn *insns = cc_alloc(size);

	memcpy(insns, bpf_function_start_id(module, id), size);
	if (number_maps(insns, size / sizeof(*insns)))
		return -1;
	bcc_func_load(module, BPF_PROG_TYPE_KPROBE, compiled, insns, (int)size, "", 0, 0, NULL, 0,
		      NULL, -1);
	captured = capture_take_program();
	fix_lines(&captured, source, parsed);
	check_program(function, name, insns, size / sizeof(*insns), captured.line_info,
		      captured.line_info_count, source, diags);
	program.insn_count = (uint32_t)(size / sizeof(*insns));
	program.first_insn =
		image_add(w, IMAGE_INSNS, insns, sizeof(*insns), size / sizeof(*insns));
	program.func_info_count = (uint32_t)captured.func_info_count;
	program.first_func_info = image_add(w, IMAGE_FUNC_INFO, captured.func_info,
					    sizeof(*captured.func_info), captured.func_info_count);
	program.line_info_count = (uint32_t)captured.line_info_count;
	program.first_line_info = image_add(w, IMAGE_LINE_INFO, captured.line_info,
					    sizeof(*captured.line_info), captured.line_info_count);
	if (function) {
		program.context = image_add_string(w, function->context);
		program.file = image_add_string(w, source->name);
		program.line = function->line;
		program.column = function->column;
		program.parameters = (uint32_t)function->parameters;
	}
	if (!direct_syscalls &&
	    (starts_with(compiled, "syscall__") || starts_with(compiled, "kprobe____x64_sys_")))
		program.flags |= IMAGE_PROGRAM_INDIRECT_SYSCALL;
	add_targets(function, image_add(w, IMAGE_PROGRAMS, &program, sizeof(program), 1), w);
	return 0;
}

static void add_btf(struct image_writer *w)
{
	const void *data;
	uint32_t size;

	if (!capture_btf())
		return;
	data = btf__raw_data(capture_btf(), &size);
	if (data)
		image_add(w, IMAGE_BTF, data, 1, size);
}

static void add_tables(struct image_writer *w, struct parsed *parsed)
{
	const struct capture_map *map;
	size_t position, i;

	for (position = 0; position < capture_map_count(); position++)
		for (i = 0; i < capture_map_count(); i++) {
			map = capture_map_at(i);
			if (map->position == position)
				add_table(w, map, parse_find_table(parsed, map->name));
		}
}

/* In the order of the source; libbcc has them by name. */
static size_t *program_order(void *module, const struct parsed *parsed, size_t count)
{
	size_t *order = cc_alloc(count * sizeof(*order)), found = 0, i, id;
	bool *taken = cc_alloc(count * sizeof(*taken));

	for (i = 0; i < parsed->function_count; i++)
		for (id = 0; id < count; id++)
			if (!taken[id] && !strcmp(rename_undo(bpf_function_name(module, id)),
						  parsed->functions[i].name)) {
				taken[id] = true;
				order[found++] = id;
			}
	for (id = 0; id < count; id++)
		if (!taken[id])
			order[found++] = id;
	return order;
}

int assemble(void *module, const struct source *source, struct parsed *parsed, bool direct_syscalls,
	     struct image_writer *w, struct diag_list *diags)
{
	size_t i, count = bpf_num_functions(module), *order;

	if (!count) {
		diag_error(diags, source->name, 0, 0,
			   "Define one that is not static, such as "
			   "int syscall__openat(struct pt_regs *ctx) { return 0; }",
			   "no function to attach in %s", source->name);
		return -1;
	}
	capture_order_maps();
	add_tables(w, parsed);
	order = program_order(module, parsed, count);
	for (i = 0; i < count; i++) {
		if (add_program(module, order[i], source, parsed, direct_syscalls, w, diags)) {
			diag_error(diags, source->name, 0, 0, "",
				   "%s uses a table that is not of this source",
				   rename_undo(bpf_function_name(module, order[i])));
			return -1;
		}
	}
	if (diags->error_count)
		return -1;
	add_btf(w);
	w->flags |= IMAGE_F_COMPILED | (direct_syscalls ? IMAGE_F_DIRECT_SYSCALLS : 0);
	return 0;
}
