/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libbcc would have handed to the kernel. The executable defines the functions through which
 * libbcc makes maps, loads BTF and programs, pins, and looks up kernel symbols; they record
 * their arguments and answer that all went well, so a compile needs no privilege.
 */
#ifndef HOTPROBE_CC_CAPTURE_H
#define HOTPROBE_CC_CAPTURE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

/* Descriptors handed out are numbers from here on, which no real descriptor of this process
   reaches. */
enum { CAPTURE_MAP_FD = 1 << 20 };

struct capture_map {
	char *name;
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint32_t btf_key_id;
	uint32_t btf_value_id;
	uint32_t inner;	   /* index + 1 */
	char *pin;	   /* NULL if it is not pinned */
	uint32_t position; /* in the image, see capture_order_maps() */
};

struct capture_program {
	struct bpf_func_info *func_info;
	size_t func_info_count;
	struct bpf_line_info *line_info;
	size_t line_info_count;
};

/* Forgets what was recorded. has_probe_read_kernel: whether the kernel has bpf_probe_read_kernel
 * and its like (5.5). */
void capture_start(bool has_probe_read_kernel);

size_t capture_map_count(void);
const struct capture_map *capture_map_at(size_t index);
/* Sets the positions: templates of inner maps first, then in the order of the source. */
void capture_order_maps(void);
/* Index of the map that a map load's imm stands for, -1 if it is none. */
int capture_map_index(int32_t imm);

/* The program's BTF; NULL if there was none. */
struct btf *capture_btf(void);

/* The arrays that the last call of bcc_func_load() brought; the caller's from now on. */
struct capture_program capture_take_program(void);

#endif
