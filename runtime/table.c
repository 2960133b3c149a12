/* SPDX-License-Identifier: Apache-2.0 */
/* Tables from C: thin over the map system calls. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel.h"
#include "table.h"

size_t hotprobe_table_count(const struct hotprobe *hp)
{
	return hp->table_count;
}

struct hotprobe_table *hotprobe_table_at(const struct hotprobe *hp, size_t index)
{
	return index < hp->table_count ? &hp->tables[index] : NULL;
}

struct hotprobe_table *hotprobe_find_table(const struct hotprobe *hp, const char *name)
{
	for (size_t i = 0; i < hp->table_count; i++)
		if (!strcmp(hp->tables[i].name, name))
			return &hp->tables[i];
	return NULL;
}

const char *hotprobe_table_name(const struct hotprobe_table *table)
{
	return table->name;
}

const char *hotprobe_table_kind(const struct hotprobe_table *table)
{
	return image_str(&table->hp->image, table->image->kind);
}

/* An index stored plus one. */
static const struct hotprobe_type *type_of(const struct hotprobe *hp, uint32_t optional)
{
	return optional ? &hp->types[optional - 1] : NULL;
}

const struct hotprobe_type *hotprobe_table_key_type(const struct hotprobe_table *table)
{
	return type_of(table->hp, table->image->key_type);
}

const struct hotprobe_type *hotprobe_table_value_type(const struct hotprobe_table *table)
{
	return type_of(table->hp, table->image->value_type);
}

const struct hotprobe_type *hotprobe_event_type(const struct hotprobe *hp, const char *table)
{
	const struct hotprobe_table *t = hotprobe_find_table(hp, table);

	return t ? type_of(hp, t->image->event_type) : NULL;
}

bool hotprobe_table_is_log2(const struct hotprobe_table *table)
{
	return table->image->flags & IMAGE_TABLE_LOG2;
}

size_t hotprobe_table_key_size(const struct hotprobe_table *table)
{
	return table->image->key_size;
}

bool table_takes_perf_events(const struct hotprobe_table *table)
{
	return table->image->map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
	       !strcmp(hotprobe_table_kind(table), "perf_output");
}

bool hotprobe_table_uses_ring(const struct hotprobe_table *table)
{
	return table->uses_ring || table->image->map_type == BPF_MAP_TYPE_RINGBUF;
}

static bool is_per_cpu(uint32_t map_type)
{
	return map_type == BPF_MAP_TYPE_PERCPU_HASH || map_type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       map_type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

size_t hotprobe_table_value_size(const struct hotprobe_table *table)
{
	size_t size = table->image->value_size;

	if (is_per_cpu(table->map_type))
		return ((size + 7) & ~(size_t)7) * kernel_possible_cpus();
	return size;
}

size_t hotprobe_table_cpu_count(const struct hotprobe_table *table)
{
	return is_per_cpu(table->map_type) ? (size_t)kernel_possible_cpus() : 1;
}

void *hotprobe_table_cpu_value(const struct hotprobe_table *table, const void *value, size_t cpu)
{
	size_t size = (table->image->value_size + (size_t)7) & ~(size_t)7;

	return cpu < hotprobe_table_cpu_count(table) ? (char *)value + cpu * size : NULL;
}

int hotprobe_table_fits(const struct hotprobe_table *table, size_t key_size, size_t value_size)
{
	const struct image_table *image = table->image;

	if (key_size == image->key_size && value_size == image->value_size)
		return 0;
	return fail(table->hp, -EINVAL,
		    "table %s has keys of %u bytes and values of %u, and not of %zu and %zu",
		    table->name, image->key_size, image->value_size, key_size, value_size);
}

size_t hotprobe_table_max_entries(const struct hotprobe_table *table)
{
	return table->max_entries;
}

int hotprobe_table_fd(const struct hotprobe_table *table)
{
	return table->fd;
}

int table_result(const struct hotprobe_table *table, int err, const char *what)
{
	if (err >= 0)
		return 0;
	err = -errno;
	if (err == -ENOENT)
		return err; /* an answer rather than an error, and the end of every walk */
	if (err == -TABLE_ENOTSUPP)
		err = -EOPNOTSUPP;
	return fail(table->hp, err, "cannot %s table %s, a %s: %s", what, table->name,
		    hotprobe_table_kind(table), strerror(-err));
}

int table_check_loaded(const struct hotprobe_table *table)
{
	if (table->fd >= 0)
		return 0;
	return fail(table->hp, -EBUSY, "table %s exists only after hotprobe_load()", table->name);
}

int hotprobe_table_lookup(const struct hotprobe_table *table, const void *key, void *value)
{
	int err = table_check_loaded(table);

	return err ? err
		   : table_result(table, bpf_map_lookup_elem(table->fd, key, value), "look up in");
}

int hotprobe_table_update(const struct hotprobe_table *table, const void *key, const void *value,
			  uint64_t flags)
{
	int err = table_check_loaded(table);

	return err ? err
		   : table_result(table, bpf_map_update_elem(table->fd, key, value, flags),
				  "update");
}

int hotprobe_table_delete(const struct hotprobe_table *table, const void *key)
{
	int err = table_check_loaded(table);

	return err ? err : table_result(table, bpf_map_delete_elem(table->fd, key), "delete from");
}

int hotprobe_table_next(const struct hotprobe_table *table, const void *key, void *next)
{
	int err = table_check_loaded(table);

	return err ? err : table_result(table, bpf_map_get_next_key(table->fd, key, next), "walk");
}
