/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the functions that libbcc reaches the kernel through; see capture.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bcc/bcc_syms.h>
#include <bcc/libbpf.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "btf_fix.h"
#include "capture.h"
#include "text.h"

#define EXPORT __attribute__((visibility("default")))

/* libbcc calls plain functions, so what they record has no other place. */
static struct {
	struct capture_map *maps;
	size_t map_count;
	struct btf *btf;
	struct capture_program program;
	bool has_probe_read_kernel;
} capture;

void capture_start(bool has_probe_read_kernel)
{
	memset(&capture, 0, sizeof(capture));
	capture.has_probe_read_kernel = has_probe_read_kernel;
}

size_t capture_map_count(void)
{
	return capture.map_count;
}

const struct capture_map *capture_map_at(size_t index)
{
	return &capture.maps[index];
}

static bool is_template(size_t index)
{
	size_t i;

	for (i = 0; i < capture.map_count; i++)
		if (capture.maps[i].inner == index + 1)
			return true;
	return false;
}

/* libbcc makes them from the last to the first, those for inner maps before the others. */
void capture_order_maps(void)
{
	uint32_t position = 0;
	size_t i;

	for (i = capture.map_count; i-- > 0;)
		if (is_template(i))
			capture.maps[i].position = position++;
	for (i = capture.map_count; i-- > 0;)
		if (!is_template(i))
			capture.maps[i].position = position++;
}

int capture_map_index(int32_t imm)
{
	if (imm < CAPTURE_MAP_FD || (size_t)(imm - CAPTURE_MAP_FD) >= capture.map_count)
		return -1;
	return imm - CAPTURE_MAP_FD;
}

struct btf *capture_btf(void)
{
	return capture.btf;
}

struct capture_program capture_take_program(void)
{
	struct capture_program program = capture.program;

	memset(&capture.program, 0, sizeof(capture.program));
	return program;
}

/* ---- Maps ---- */

EXPORT int bcc_create_map_xattr(struct bcc_create_map_attr *attr, bool allow_rlimit)
{
	struct capture_map *map;

	(void)allow_rlimit;
	capture.maps = cc_grow(capture.maps, capture.map_count, sizeof(*capture.maps));
	map = &capture.maps[capture.map_count];
	*map = (struct capture_map){
		.name = cc_strdup(attr->name),
		.type = attr->map_type,
		.key_size = attr->key_size,
		.value_size = attr->value_size,
		.max_entries = attr->max_entries,
		.flags = attr->map_flags,
		.btf_key_id = attr->btf_key_type_id,
		.btf_value_id = attr->btf_value_type_id,
		.inner = (uint32_t)(capture_map_index((int32_t)attr->inner_map_fd) + 1),
	};
	return CAPTURE_MAP_FD + (int)capture.map_count++;
}

/* No pinned map exists as far as libbcc can tell: so it makes the map and pins it. */
EXPORT int bpf_obj_get(const char *path)
{
	(void)path;
	errno = ENOENT;
	return -1;
}

EXPORT int bpf_map_get_fd_by_id(__u32 id)
{
	(void)id;
	errno = ENOENT;
	return -1;
}

EXPORT int bpf_obj_pin(int fd, const char *path)
{
	int index = capture_map_index(fd);

	if (index < 0) {
		errno = EBADF;
		return -1;
	}
	capture.maps[index].pin = cc_strdup(path);
	return 0;
}

EXPORT int bcc_make_parent_dir(const char *path)
{
	(void)path;
	return 0;
}

EXPORT int bcc_check_bpffs_path(const char *path)
{
	(void)path;
	return 0;
}

/* ---- BTF and programs ---- */

EXPORT int btf__load_into_kernel(struct btf *btf)
{
	btf_fix(btf);
	capture.btf = btf;
	return 0;
}

static void *copy_records(const void *records, size_t count, size_t from_size, size_t to_size)
{
	char *copy = cc_alloc(count * to_size);
	size_t i, size = from_size < to_size ? from_size : to_size;

	for (i = 0; i < count; i++)
		memcpy(copy + i * to_size, (const char *)records + i * from_size, size);
	return copy;
}

EXPORT int bcc_prog_load_xattr(enum bpf_prog_type type, const char *name, const char *license,
			       const struct bpf_insn *insns, struct bpf_prog_load_opts *opts,
			       int size, char *log_buf, unsigned log_size, bool allow_rlimit)
{
	struct capture_program *program = &capture.program;

	(void)type;
	(void)name;
	(void)license;
	(void)insns;
	(void)size;
	(void)log_buf;
	(void)log_size;
	(void)allow_rlimit;
	program->func_info_count = opts->func_info_cnt;
	program->func_info = copy_records(opts->func_info, opts->func_info_cnt,
					  opts->func_info_rec_size, sizeof(*program->func_info));
	program->line_info_count = opts->line_info_cnt;
	program->line_info = copy_records(opts->line_info, opts->line_info_cnt,
					  opts->line_info_rec_size, sizeof(*program->line_info));
	return CAPTURE_MAP_FD - 1;
}

/* ---- Kernel symbols: libbcc asks for two, and would read all of kallsyms for them ---- */

EXPORT void *bcc_symcache_new(int pid, struct bcc_symbol_option *option)
{
	(void)pid;
	(void)option;
	return &capture;
}

EXPORT void bcc_free_symcache(void *symcache, int pid)
{
	(void)symcache;
	(void)pid;
}

EXPORT int bcc_symcache_resolve_name(void *resolver, const char *module, const char *name,
				     uint64_t *address)
{
	(void)resolver;
	(void)module;
	if (!capture.has_probe_read_kernel ||
	    (strcmp(name, "bpf_probe_read_kernel") && strcmp(name, "bpf_probe_read_user")))
		return -1;
	*address = 1;
	return 0;
}
