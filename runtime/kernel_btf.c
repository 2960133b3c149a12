/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VMLINUX_BTF "/sys/kernel/btf/vmlinux"

/* It takes milliseconds and megabytes, so it is read once for all that a load looks up. */
static int load_vmlinux(struct hotprobe *hp)
{
	int err;

	if (hp->kernel_btf)
		return 0;
	hp->kernel_btf = btf__parse_raw(VMLINUX_BTF);
	err = hp->kernel_btf ? 0 : -errno;
	return !err || err == -ENOMEM ? err : -EOPNOTSUPP;
}

int kernel_btf_vmlinux(struct hotprobe *hp, struct btf **btf)
{
	int err = load_vmlinux(hp);

	*btf = hp->kernel_btf;
	return err;
}

void kernel_btf_forget(struct hotprobe *hp)
{
	btf__free(hp->kernel_btf);
	hp->kernel_btf = NULL;
}

/* The function's id among the types from first on; 0 if it is not there. */
static uint32_t find_function(const struct btf *btf, uint32_t first, const char *name)
{
	for (uint32_t id = first; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_is_func(type) && !strcmp(btf__name_by_offset(btf, type->name_off), name))
			return id;
	}
	return 0;
}

/* As far as one register holds it; else size 0. */
static struct signature_value value_of(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *type =
		btf__type_by_id(btf, (uint32_t)btf__resolve_type(btf, type_id));
	bool fits = type && type->size <= sizeof(uint64_t);

	if (type && btf_is_ptr(type))
		return (struct signature_value){.size = sizeof(uint64_t), .is_pointer = true};
	if (fits && btf_is_int(type))
		return (struct signature_value){
			.size = (uint8_t)type->size,
			.is_signed = btf_int_encoding(type) & BTF_INT_SIGNED,
		};
	if (fits && (btf_is_enum(type) || btf_is_enum64(type)))
		return (struct signature_value){.size = (uint8_t)type->size, .is_signed = true};
	return (struct signature_value){0};
}

static void read_signature(const struct btf *btf, struct btf_function *function)
{
	const struct btf_type *type = btf__type_by_id(btf, function->id);
	const struct btf_type *proto = type ? btf__type_by_id(btf, type->type) : NULL;
	struct signature *s = &function->signature;
	const struct btf_param *params;

	*s = (struct signature){.ip_offset = SIGNATURE_NO_IP};
	function->plain = proto && btf_is_func_proto(proto) && btf_vlen(proto) <= UINT8_MAX;
	if (!function->plain)
		return;
	params = btf_params(proto);
	s->count = (uint8_t)btf_vlen(proto);
	for (int i = 0; i < s->count; i++) {
		struct signature_value value = value_of(btf, params[i].type);

		if (i < SIGNATURE_ARGS)
			s->args[i] = value;
		function->plain &= value.size > 0;
	}
	s->result = value_of(btf, proto->type);
}

/* Does this object belong to a module, and not to vmlinux or a program? */
static int is_module(uint32_t object)
{
	struct bpf_btf_info info;
	uint32_t size = sizeof(info);
	char name[64] = "";
	int fd = bpf_btf_get_fd_by_id(object), err;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* it has gone meanwhile */
	info = (struct bpf_btf_info){.name = (uintptr_t)name, .name_len = sizeof(name)};
	err = bpf_obj_get_info_by_fd(fd, &info, &size) ? -errno : 0;
	close(fd);
	return err ? err : info.kernel_btf && strcmp(name, "vmlinux");
}

static int find_in_modules(const struct hotprobe *hp, const char *name, struct btf_function *found)
{
	uint32_t first = btf__type_cnt(hp->kernel_btf), object = 0;

	while (!bpf_btf_get_next_id(object, &object)) {
		struct btf *module;
		int err = is_module(object);

		if (err < 0)
			return err;
		module = err ? btf__load_from_kernel_by_id_split(object, hp->kernel_btf) : NULL;
		if (!module)
			continue;
		found->id = find_function(module, first, name);
		found->object = object;
		read_signature(module, found);
		btf__free(module);
		if (found->id)
			return 0;
	}
	return errno == EPERM ? -EPERM : -ENOENT;
}

int kernel_btf_find(struct hotprobe *hp, const char *prefix, const char *name,
		    struct btf_function *found)
{
	char *full;
	int err = load_vmlinux(hp);

	if (err)
		return err;
	if (asprintf(&full, "%s%s", prefix, name) < 0)
		return -ENOMEM;
	*found = (struct btf_function){.id = find_function(hp->kernel_btf, 1, full)};
	if (found->id)
		read_signature(hp->kernel_btf, found);
	else
		err = find_in_modules(hp, full, found);
	free(full);
	return err;
}
